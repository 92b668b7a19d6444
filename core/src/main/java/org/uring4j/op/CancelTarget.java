package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_ALL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_ANY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_FD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_FD_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_OP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_USERDATA;

import org.uring4j.internal.uapi.InterfaceTable;

/**
 * Which requests to cancel. Immutable; may be kept and used again.
 *
 * <pre>{@code
 * CancelTarget.fd(fd).and(CancelTarget.opcode("IORING_OP_RECV")).all()
 * }</pre>
 */
public final class CancelTarget {
    final long userData;
    final int fd;
    final int opcode;

    /** What the request is found by, as the kernel's flags. */
    private final int criteria;

    private final boolean all;

    private CancelTarget(long userData, int fd, int opcode, int criteria, boolean all) {
        this.userData = userData;
        this.fd = fd;
        this.opcode = opcode;
        this.criteria = criteria;
        this.all = all;
    }

    /** A request with this user data. */
    public static CancelTarget userData(long userData) {
        return new CancelTarget(userData, -1, 0, IORING_ASYNC_CANCEL_USERDATA, false);
    }

    /** A request for this file, by whatever descriptor. Since Linux 5.19. */
    public static CancelTarget fd(int fd) {
        return new CancelTarget(0, fd, 0, IORING_ASYNC_CANCEL_FD, false);
    }

    /**
     * A request for this registered file. Since Linux 6.0.
     *
     * @param index into the ring's registered files, from 0
     */
    public static CancelTarget fixedFd(int index) {
        int criteria = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_FD_FIXED;
        return new CancelTarget(0, index, 0, criteria, false);
    }

    /**
     * A request of this op. Since Linux 6.6.
     *
     * @param name the kernel's, as {@code "IORING_OP_RECV"}
     */
    public static CancelTarget opcode(String name) {
        InterfaceTable.Entry op =
                InterfaceTable.OPS.stream()
                        .filter(entry -> entry.name().equals(name))
                        .findFirst()
                        .orElseThrow(
                                () -> new IllegalArgumentException("no such op: name=" + name));
        return new CancelTarget(0, -1, (int) op.value(), IORING_ASYNC_CANCEL_OP, false);
    }

    /** Every request ({@code CANCEL_ANY}), with or without {@link #all}. Since Linux 5.19. */
    public static CancelTarget any() {
        return new CancelTarget(0, -1, 0, IORING_ASYNC_CANCEL_ANY, false);
    }

    /**
     * A request that both are true of. With user data in it since Linux 6.6.
     *
     * @throws IllegalArgumentException when both are of one kind, or one is {@link #any}
     */
    public CancelTarget and(CancelTarget other) {
        int both = criteria | other.criteria;
        if ((criteria & other.criteria) != 0 || (both & IORING_ASYNC_CANCEL_ANY) != 0) {
            throw new IllegalArgumentException(
                    "a request has one user data, descriptor and op, and any() is alone: "
                            + this
                            + " and "
                            + other);
        }
        return new CancelTarget(
                userData | other.userData,
                has(IORING_ASYNC_CANCEL_FD) ? fd : other.fd,
                opcode | other.opcode,
                both,
                all || other.all);
    }

    /** Not only the first such request but all ({@code CANCEL_ALL}). Since Linux 5.19. */
    public CancelTarget all() {
        return new CancelTarget(userData, fd, opcode, criteria, true);
    }

    /** The request's flags. User data alone needs none, which kernels before 6.6 rely on. */
    int flags() {
        int flags = criteria == IORING_ASYNC_CANCEL_USERDATA ? 0 : criteria;
        return all ? flags | IORING_ASYNC_CANCEL_ALL : flags;
    }

    private boolean has(int criterion) {
        return (criteria & criterion) != 0;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("CancelTarget[");
        text.append(has(IORING_ASYNC_CANCEL_ANY) ? "any " : "");
        text.append(has(IORING_ASYNC_CANCEL_USERDATA) ? "userData=" + userData + " " : "");
        text.append(has(IORING_ASYNC_CANCEL_FD_FIXED) ? "fixed" : "");
        text.append(has(IORING_ASYNC_CANCEL_FD) ? "fd=" + fd + " " : "");
        text.append(has(IORING_ASYNC_CANCEL_OP) ? "opcode=" + opcode + " " : "");
        return text.append("all=").append(all).append(']').toString();
    }
}
