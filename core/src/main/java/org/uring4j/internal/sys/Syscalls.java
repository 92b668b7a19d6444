package org.uring4j.internal.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls, and the only file with restricted methods.
 *
 * <p>Every call answers the kernel's way: a value, or the negated errno. Calls are plain downcalls,
 * never {@code critical}: a thread blocked in a critical call would hold up garbage collection for
 * as long as it waits, and beside the cost of entering the kernel the difference is not measurable.
 */
public final class Syscalls {
    private static final Linker LINKER = linker();

    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout()
                    .byteOffset(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));

    /** {@code long syscall(long number, ...)} with six arguments. */
    private static final MethodHandle SYSCALL =
            downcall(
                    "syscall",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG, JAVA_LONG));

    private static final MethodHandle MMAP =
            downcall(
                    "mmap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                            JAVA_LONG));

    private static final MethodHandle MUNMAP =
            downcall("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle CLOSE =
            downcall("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static final MethodHandle EVENTFD =
            downcall("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    private static final MethodHandle WRITE =
            downcall("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    private static final MethodHandle PRCTL =
            downcall(
                    "prctl",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle GETSOCKNAME =
            downcall(
                    "getsockname", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private Syscalls() {}

    /**
     * A segment over the whole address space. Static final in {@link Memory}, it lets the JIT fold
     * every check away; safety is the business of the API's edge.
     */
    @SuppressWarnings("restricted")
    static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** Room for the errno of calls made by one thread at a time. */
    public static MemorySegment errnoState() {
        return Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
    }

    /** {@code io_uring_setup(2)}: {@code params} is the address of a {@code io_uring_params}. */
    public static int setup(int entries, long params) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            return (int)
                    call(state, LibcConstants.__NR_io_uring_setup, entries, params, 0, 0, 0, 0);
        }
    }

    /** {@code io_uring_enter2(2)}; {@code state} comes from {@link #errnoState}. */
    public static int enter(
            MemorySegment state,
            int fd,
            int toSubmit,
            int minComplete,
            int flags,
            long arg,
            long argSize) {
        return (int)
                call(
                        state,
                        LibcConstants.__NR_io_uring_enter,
                        fd,
                        toSubmit,
                        minComplete,
                        flags,
                        arg,
                        argSize);
    }

    /** {@code io_uring_register(2)}. */
    public static int register(int fd, int opcode, long arg, int nrArgs) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            return (int)
                    call(
                            state,
                            LibcConstants.__NR_io_uring_register,
                            fd,
                            Integer.toUnsignedLong(opcode),
                            arg,
                            nrArgs,
                            0,
                            0);
        }
    }

    /** Maps memory; the address, or the negated errno. */
    public static long mmap(long address, long length, int prot, int flags, int fd, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long result = (long) MMAP.invokeExact(state, address, length, prot, flags, fd, offset);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Unmaps memory. */
    public static int munmap(long address, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) MUNMAP.invokeExact(state, address, length);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** A segment of {@code arena} over memory that {@link #munmap} frees when the arena closes. */
    @SuppressWarnings("restricted")
    public static MemorySegment adopt(long address, long length, Arena arena) {
        return MemorySegment.ofAddress(address)
                .reinterpret(length, arena, segment -> munmap(segment.address(), length));
    }

    /** {@code close(2)}. */
    public static int close(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) CLOSE.invokeExact(state, fd);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code getsockname(2)}. */
    public static int getsockname(int fd, long address, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) GETSOCKNAME.invokeExact(state, fd, address, length);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code prctl(2)}, of an option with one argument. */
    public static int prctl(int option, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code eventfd(2)}. */
    public static int eventfd(int initial, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) EVENTFD.invokeExact(state, initial, flags);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code write(2)}. */
    public static long write(int fd, MemorySegment bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long result = (long) WRITE.invokeExact(state, fd, bytes, bytes.byteSize());
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static long call(
            MemorySegment state, long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
            return result == -1 ? -state.get(JAVA_INT, ERRNO_OFFSET) : result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static Linker linker() {
        Platform.require();
        return Linker.nativeLinker();
    }

    @SuppressWarnings("restricted")
    private static MethodHandle downcall(String name, FunctionDescriptor descriptor) {
        MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
        return LINKER.downcallHandle(symbol, descriptor, ERRNO);
    }

    private static AssertionError unexpected(Throwable t) {
        // A downcall of these shapes throws nothing of its own.
        return new AssertionError("a downcall threw", t);
    }

    /** Apart, so that asking does not initialise the calls themselves. */
    static final class NativeAccess {
        private NativeAccess() {}

        /** Fails with the missing flag where the JVM was told to deny native access. */
        @SuppressWarnings("restricted")
        static void require() {
            try {
                MemorySegment.NULL.reinterpret(1);
            } catch (IllegalCallerException e) {
                Module module = NativeAccess.class.getModule();
                String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
                throw new UnsupportedOperationException(
                        "uring4j needs native access: add --enable-native-access="
                                + name
                                + " to the java command",
                        e);
            }
        }
    }
}
