package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.NVME_URING_CMD_ADMIN;
import static org.uring4j.internal.uapi.LibcConstants.NVME_URING_CMD_ADMIN_VEC;
import static org.uring4j.internal.uapi.LibcConstants.NVME_URING_CMD_IO;
import static org.uring4j.internal.uapi.LibcConstants.NVME_URING_CMD_IO_VEC;

import org.uring4j.BigCompletionHandler;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.NvmeUringCmd;

import java.lang.foreign.MemorySegment;

/**
 * NVMe commands handed to the device as they are, past file systems and block layer ({@code
 * IORING_OP_URING_CMD} or, on a ring of mixed entries, {@code IORING_OP_URING_CMD128}).
 *
 * <pre>{@code
 * Ring ring = Ring.open(RingConfig.of(64).sqeSize(SqeSize.B128).cqeSize(CqeSize.B32));
 * NvmeCommand read = new NvmeCommand().opcode(NvmeCommand.READ).namespace(1);
 * NvmeCommands.io(ring.next128(), fd, read.blocks(0, 8), buffer);
 * }</pre>
 *
 * <p>Requests have 128 bytes ({@link Ring#next128}), completions 32 ({@link RingConfig#sqeSize},
 * {@link RingConfig#cqeSize}). The descriptor is that of a character device: of a namespace, {@code
 * /dev/ng0n1}, for {@code io}; of a controller, {@code /dev/nvme0}, for {@code admin}.
 *
 * <p><b>Result</b> of all: 0; positive, the status the device answered, as the NVM Express Base
 * Specification has it, without its lowest bit; or an errno. The completion's first 8 bytes more
 * ({@link BigCompletionHandler}) are the command's own result. On a ring with {@link
 * RingConfig#ioPoll} completions of {@code io} are polled for, since Linux 6.1.
 *
 * <p><b>Errors</b> of all: {@code EOPNOTSUPP} request or completion is too small; {@code EACCES}
 * the caller may not; {@code EINVAL} the namespace is not the descriptor's; {@code ENOTTY} the
 * descriptor is of the other kind; {@code EFAULT} the memory cannot be used.
 *
 * <p>{@link Commands#fixed} has any of them use a registered buffer (since Linux 6.1; in pieces,
 * since 6.15).
 *
 * <p>Source: {@code linux/nvme_ioctl.h}.
 */
public final class NvmeCommands {
    private NvmeCommands() {}

    /**
     * A command to a namespace ({@code NVME_URING_CMD_IO}, since Linux 5.19).
     *
     * @param sqe from {@link Ring#next128}
     * @param command copied
     * @param data what is read or written, aligned to four bytes; the kernel's until the
     *     completion; {@link MemorySegment#NULL} for none
     */
    public static Sqe io(Sqe sqe, int fd, NvmeCommand command, MemorySegment data) {
        return plain(sqe, fd, NVME_URING_CMD_IO, command, data);
    }

    /**
     * As {@link #io}, with data in several pieces of memory ({@code NVME_URING_CMD_IO_VEC}, since
     * Linux 5.19).
     */
    public static Sqe iov(Sqe sqe, int fd, NvmeCommand command, IoVectors data) {
        return vectored(sqe, fd, NVME_URING_CMD_IO_VEC, command, data);
    }

    /**
     * A command to a controller ({@code NVME_URING_CMD_ADMIN}, since Linux 6.0).
     *
     * @param sqe from {@link Ring#next128}
     * @param command copied
     * @param data as in {@link #io}
     */
    public static Sqe admin(Sqe sqe, int fd, NvmeCommand command, MemorySegment data) {
        return plain(sqe, fd, NVME_URING_CMD_ADMIN, command, data);
    }

    /**
     * As {@link #admin}, with data in several pieces of memory ({@code NVME_URING_CMD_ADMIN_VEC},
     * since Linux 6.0).
     */
    public static Sqe adminv(Sqe sqe, int fd, NvmeCommand command, IoVectors data) {
        return vectored(sqe, fd, NVME_URING_CMD_ADMIN_VEC, command, data);
    }

    private static Sqe plain(Sqe sqe, int fd, int what, NvmeCommand command, MemorySegment data) {
        long address = Encoder.address(data, "the data");
        return encode(sqe, fd, what, command, address, Encoder.length(data, "the data"));
    }

    private static Sqe vectored(Sqe sqe, int fd, int what, NvmeCommand command, IoVectors data) {
        return encode(sqe, fd, what, command, data.address(), data.count());
    }

    private static Sqe encode(
            Sqe sqe, int fd, int what, NvmeCommand command, long data, int length) {
        command.check();
        Commands.encode128(sqe, fd, what);
        long area = Commands.area(sqe);
        command.write(area);
        Memory.putLong(area + NvmeUringCmd.ADDR, data);
        Memory.putInt(area + NvmeUringCmd.DATA_LEN, length);
        return sqe;
    }
}
