package org.uring4j.internal.sys;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this library runs on. */
public final class Platform {
    private static final String OS = System.getProperty("os.name", "unknown");
    private static final String ARCH = System.getProperty("os.arch", "unknown");

    private Platform() {}

    /** True on x86-64, false on aarch64: the two differ in a handful of constants. */
    public static boolean isX86() {
        return ARCH.equals("amd64") || ARCH.equals("x86_64");
    }

    /** How many bytes a page of memory has: 4096, and on aarch64 possibly 16 or 64 KiB. */
    public static long pageSize() {
        return PageSize.BYTES;
    }

    /**
     * Refuses to go on where the library cannot work.
     *
     * @throws UnsupportedOperationException on anything but 64-bit little-endian Linux, or when
     *     native access is denied; the message says what to do
     */
    public static void require() {
        boolean supported =
                OS.equals("Linux")
                        && (isX86() || ARCH.equals("aarch64"))
                        && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        if (!supported) {
            throw new UnsupportedOperationException(
                    "uring4j runs on 64-bit little-endian Linux (x86-64, aarch64); this is "
                            + OS
                            + " on "
                            + ARCH);
        }
        Syscalls.NativeAccess.require();
    }

    /** Read from what the kernel told the process when it started. */
    private static final class PageSize {
        /** The key of {@code AT_PAGESZ}, {@code getauxval(3)}. */
        private static final long KEY = 6;

        private static final long LARGEST = 65536;

        static final long BYTES = read();

        private static long read() {
            try {
                LongBuffer pairs =
                        ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
                                .order(ByteOrder.nativeOrder())
                                .asLongBuffer();
                while (pairs.remaining() >= 2) {
                    long key = pairs.get();
                    long value = pairs.get();
                    if (key == KEY) {
                        return value;
                    }
                }
            } catch (IOException e) {
                // Not mounted, or not for us.
            }
            return isX86() ? 4096 : LARGEST;
        }
    }
}
