package org.uring4j.internal.sys;

import java.nio.ByteOrder;

/** What this library runs on. */
public final class Platform {
    private static final String OS = System.getProperty("os.name", "unknown");
    private static final String ARCH = System.getProperty("os.arch", "unknown");

    private Platform() {}

    /** True on x86-64, false on aarch64: the two differ in a handful of constants. */
    public static boolean isX86() {
        return ARCH.equals("amd64") || ARCH.equals("x86_64");
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
}
