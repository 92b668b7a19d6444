package org.uring4j;

import org.uring4j.internal.uapi.IoUringConstants;

/**
 * The flags of a completion queue entry ({@code IORING_CQE_F_*}, {@code linux/io_uring.h}).
 *
 * <p>They use the whole 32 bits: never keep them in less than an {@code int}.
 */
public final class Cqe {
    /** The upper 16 bits of the flags are the id of the provided buffer used. Since Linux 5.7. */
    public static final int F_BUFFER = IoUringConstants.IORING_CQE_F_BUFFER;

    /** More completions of this request follow; its memory is still the kernel's. Since 5.13. */
    public static final int F_MORE = IoUringConstants.IORING_CQE_F_MORE;

    /** After a receive: there was more to read in the socket. Since Linux 5.19. */
    public static final int F_SOCK_NONEMPTY = IoUringConstants.IORING_CQE_F_SOCK_NONEMPTY;

    /**
     * A zero-copy send's notification: the kernel is done with its memory. The result is not a byte
     * count. Since Linux 6.0.
     */
    public static final int F_NOTIF = IoUringConstants.IORING_CQE_F_NOTIF;

    /** The provided buffer was used in part and the rest will be used on. Since Linux 6.12. */
    public static final int F_BUF_MORE = IoUringConstants.IORING_CQE_F_BUF_MORE;

    /** A filler entry, which {@link CompletionQueue#drain} never shows. Since Linux 6.18. */
    public static final int F_SKIP = IoUringConstants.IORING_CQE_F_SKIP;

    /** A 32-byte entry of a ring with mixed entries. Since Linux 6.18. */
    public static final int F_32 = IoUringConstants.IORING_CQE_F_32;

    private Cqe() {}

    /** Whether more completions of the request follow ({@link #F_MORE}). */
    public static boolean hasMore(int flags) {
        return (flags & F_MORE) != 0;
    }

    /** Whether this is a zero-copy send's notification ({@link #F_NOTIF}). */
    public static boolean isNotification(int flags) {
        return (flags & F_NOTIF) != 0;
    }

    /** Whether a provided buffer was used ({@link #F_BUFFER}). */
    public static boolean hasBuffer(int flags) {
        return (flags & F_BUFFER) != 0;
    }

    /** The id of the provided buffer used, 0 to 65535; defined if {@link #hasBuffer}. */
    public static int bufferId(int flags) {
        return flags >>> IoUringConstants.IORING_CQE_BUFFER_SHIFT;
    }

    /** Whether the buffer will be used on ({@link #F_BUF_MORE}). */
    public static boolean hasMoreOfBuffer(int flags) {
        return (flags & F_BUF_MORE) != 0;
    }

    /** Whether the socket had more to read ({@link #F_SOCK_NONEMPTY}). */
    public static boolean socketNonEmpty(int flags) {
        return (flags & F_SOCK_NONEMPTY) != 0;
    }

    /** The flags by name, as {@code F_BUFFER(7)|F_MORE}, for messages. */
    public static String describe(int flags) {
        StringBuilder text = new StringBuilder();
        append(text, flags, F_BUFFER, "F_BUFFER(" + bufferId(flags) + ")");
        append(text, flags, F_MORE, "F_MORE");
        append(text, flags, F_SOCK_NONEMPTY, "F_SOCK_NONEMPTY");
        append(text, flags, F_NOTIF, "F_NOTIF");
        append(text, flags, F_BUF_MORE, "F_BUF_MORE");
        append(text, flags, F_SKIP, "F_SKIP");
        append(text, flags, F_32, "F_32");
        int known = F_BUFFER | F_MORE | F_SOCK_NONEMPTY | F_NOTIF | F_BUF_MORE | F_SKIP | F_32;
        int rest = flags & ~known & (hasBuffer(flags) ? 0xffff : -1);
        if (rest != 0) {
            append(text, 1, 1, "0x" + Integer.toHexString(rest));
        }
        return text.isEmpty() ? "0" : text.toString();
    }

    private static void append(StringBuilder text, int flags, int bit, String name) {
        if ((flags & bit) != 0) {
            text.append(text.isEmpty() ? "" : "|").append(name);
        }
    }
}
