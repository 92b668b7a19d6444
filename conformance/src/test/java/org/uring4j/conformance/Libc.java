package org.uring4j.conformance;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** What tests need of the C library, because neither a ring nor the JDK has it. */
final class Libc {
    private Libc() {}

    /** Whether it has a function. */
    static boolean has(String name) {
        return Linker.nativeLinker().defaultLookup().find(name).isPresent();
    }

    /** Calls a function of ints that answers an int, -1 for an error. */
    static int call(String name, int... arguments) {
        ValueLayout[] layouts = new ValueLayout[arguments.length];
        Object[] values = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] = ValueLayout.JAVA_INT;
            values[i] = arguments[i];
        }
        int result = invoke(name, FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts), values);
        if (result < 0) {
            throw new AssertionError(name + ": " + result);
        }
        return result;
    }

    /** As {@link #call}, of ints, longs and pointers. */
    static int callAny(String name, Object... arguments) {
        ValueLayout[] layouts = new ValueLayout[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] =
                    switch (arguments[i]) {
                        case Integer _ -> ValueLayout.JAVA_INT;
                        case Long _ -> ValueLayout.JAVA_LONG;
                        default -> ValueLayout.ADDRESS;
                    };
        }
        int result = invoke(name, FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts), arguments);
        if (result < 0) {
            throw new AssertionError(name + ": " + result);
        }
        return result;
    }

    static void bind(int fd, MemorySegment address) {
        FunctionDescriptor type =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT);
        int result = invoke("bind", type, fd, address, (int) address.byteSize());
        if (result < 0) {
            throw new AssertionError("bind: " + result);
        }
    }

    /**
     * Starts a program of which the JDK knows nothing, so that it does not wait for its end.
     *
     * @return the process's id
     */
    static int spawn(String... command) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argv = arena.allocate(ValueLayout.ADDRESS, command.length + 1);
            for (int i = 0; i < command.length; i++) {
                argv.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command[i]));
            }
            MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment noEnvironment = arena.allocate(ValueLayout.ADDRESS);
            FunctionDescriptor type =
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS);
            int error =
                    invoke(
                            "posix_spawn",
                            type,
                            pid,
                            argv.getAtIndex(ValueLayout.ADDRESS, 0),
                            MemorySegment.NULL,
                            MemorySegment.NULL,
                            argv,
                            noEnvironment);
            if (error != 0) {
                throw new AssertionError("posix_spawn " + command[0] + ": " + error);
            }
            return pid.get(ValueLayout.JAVA_INT, 0);
        }
    }

    // The types are those of the C library's manual.
    @SuppressWarnings("restricted")
    private static int invoke(String name, FunctionDescriptor type, Object... arguments) {
        Linker linker = Linker.nativeLinker();
        MethodHandle function =
                linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new AssertionError(name, e);
        }
    }
}
