package org.uring4j.tool;

import org.uring4j.Errno;
import org.uring4j.UringException;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What went wrong, told in one line to whoever typed the command. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failure(String message) {
        super(message);
    }

    Failure(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * A request that failed.
     *
     * @param what what could not be done, for instance {@code cannot read 'file'}
     * @param operation the request's op
     * @param result the negated errno
     */
    static Failure of(String what, String operation, int result) {
        Errno errno = Errno.of(result);
        UringException cause = UringException.of(operation, result);
        // For want of a newer kernel the library's message says more than the errno does.
        String why =
                errno == Errno.EINVAL || errno == Errno.EOPNOTSUPP || errno == Errno.ENOMEM
                        ? cause.getMessage()
                        : errno.text();
        return new Failure(what + ": " + why, cause);
    }

    /** One line for any exception. */
    static String describe(Throwable e) {
        return switch (e) {
            case Failure failure -> oneLine(failure);
            case NoSuchFileException file -> file.getFile() + ": no such file or directory";
            case AccessDeniedException file -> file.getFile() + ": permission denied";
            case FileAlreadyExistsException file -> file.getFile() + ": it exists already";
            case FileSystemException file -> oneLine(file);
            case UringException refused -> oneLine(refused);
            case UnsupportedOperationException unsupported -> oneLine(unsupported);
            case IOException io -> oneLine(io);
            default -> e.getClass().getSimpleName() + ": " + oneLine(e) + " (see --verbose)";
        };
    }

    static String oneLine(Throwable e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().map(String::strip).reduce((a, b) -> a + " " + b).orElse("");
    }
}
