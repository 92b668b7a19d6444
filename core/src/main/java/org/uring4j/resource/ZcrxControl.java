package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_CTRL;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_CTRL_ADD_AREA;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_CTRL_ARM_EVENT;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_CTRL_EXPORT;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_CTRL_FLUSH_RQ;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringZcrxAreaReg;
import org.uring4j.internal.uapi.ZcrxCtrl;

import java.lang.foreign.Arena;
import java.util.function.LongConsumer;
import java.util.function.LongToIntFunction;

/** What the kernel can be asked of a registered queue ({@code IORING_REGISTER_ZCRX_CTRL}). */
final class ZcrxControl {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int id;

    /** Until the kernel has said that it knows no such thing. */
    private boolean canFlush = true;

    ZcrxControl(Ring ring, int id) {
        this.ring = ring;
        this.id = id;
    }

    boolean canFlush() {
        return canFlush;
    }

    /** Has the kernel empty the refill ring; whether it can. */
    boolean flush() {
        if (canFlush) {
            int result = call(ZCRX_CTRL_FLUSH_RQ, arg -> {}, arg -> 0);
            if (Errno.EINVAL.is(result)) {
                canFlush = false;
            } else if (result < 0) {
                throw ZcrxCauses.ofControl(result, "ZCRX_CTRL_FLUSH_RQ", "6.19");
            }
        }
        return canFlush;
    }

    /** A descriptor of the queue. */
    int export() {
        int result =
                call(
                        ZCRX_CTRL_EXPORT,
                        arg -> {},
                        arg -> Memory.getInt(arg + ZcrxCtrl.ZC_EXPORT_ZCRX_FD));
        return required(result, "ZCRX_CTRL_EXPORT", "6.19");
    }

    void arm(ZcrxEvent event) {
        int result =
                call(
                        ZCRX_CTRL_ARM_EVENT,
                        arg -> Memory.putInt(arg + ZcrxCtrl.ZC_ARM_EVENT_EVENT_TYPE, event.code),
                        arg -> 0);
        required(result, "ZCRX_CTRL_ARM_EVENT " + event, "7.2");
    }

    /** Adds an area; its id. */
    int addArea(ZcrxArea area, ZcrxMemory kind) {
        try (Arena arena = Arena.ofConfined()) {
            long describing = ZcrxRegistration.describe(area, kind, arena);
            int result =
                    call(
                            ZCRX_CTRL_ADD_AREA,
                            arg -> Memory.putLong(arg + ZcrxCtrl.ZC_AREA_AREA_PTR, describing),
                            arg -> 0);
            required(result, "ZCRX_CTRL_ADD_AREA " + kind, "7.3");
            return ZcrxQueue.areaOf(Memory.getLong(describing + IoUringZcrxAreaReg.RQ_AREA_TOKEN));
        }
    }

    private int call(int op, LongConsumer write, LongToIntFunction read) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(ZcrxCtrl.SIZEOF, 8).address();
            Memory.putInt(arg + ZcrxCtrl.ZCRX_ID, id);
            Memory.putInt(arg + ZcrxCtrl.OP, op);
            write.accept(arg);
            int result = ACCESS.register(ring, IORING_REGISTER_ZCRX_CTRL, arg, 0);
            return result < 0 ? result : read.applyAsInt(arg);
        }
    }

    private static int required(int result, String what, String since) {
        if (result < 0) {
            throw ZcrxCauses.ofControl(result, what, since);
        }
        return result;
    }
}
