package org.uring4j;

import org.jspecify.annotations.Nullable;

/**
 * The kernel refused something. Carries what was asked ({@link #operation}), the {@link Errno} and,
 * in the message, the likely cause and what to do about it.
 */
public class UringException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String operation;
    private final Errno errno;

    /**
     * An exception for a failed operation.
     *
     * @param operation what was asked, by the kernel's name: {@code IORING_OP_SEND_ZC}, {@code
     *     io_uring_setup}
     * @param errno the error
     * @param cause the likely cause and what to do, or null when the errno says it all
     */
    public UringException(String operation, Errno errno, @Nullable String cause) {
        super(message(operation, errno, cause));
        this.operation = operation;
        this.errno = errno;
    }

    /**
     * An exception for the failed result of a completion.
     *
     * @param operation the request's op, by the kernel's name, as {@code IORING_OP_SEND_ZC}
     * @param result the completion's result: a negated errno
     * @return the exception, with the kernel the op needs where the running one is older
     * @throws IllegalArgumentException when the result is no error
     */
    public static UringException of(String operation, int result) {
        if (result >= 0) {
            throw new IllegalArgumentException("not an error: result=" + result);
        }
        Errno errno = Errno.of(result);
        String cause =
                errno == Errno.UNKNOWN ? "result=" + result : Causes.ofRequest(operation, errno);
        return new UringException(operation, errno, cause);
    }

    /** What was asked, by the kernel's name. */
    public final String operation() {
        return operation;
    }

    /** The error. */
    public final Errno errno() {
        return errno;
    }

    private static String message(String operation, Errno errno, @Nullable String cause) {
        String text = operation + ": " + errno + " (" + errno.text() + ")";
        return cause == null ? text : text + "; " + cause;
    }
}
