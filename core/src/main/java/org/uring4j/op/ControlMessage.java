package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import org.uring4j.internal.uapi.Cmsghdr;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Control data beside a message: descriptors, credentials, time stamps.
 *
 * <pre>
 *   0        8        12       16                     length   next multiple of 8
 *   +--------+--------+--------+----------------------+- - - -+----
 *   | length | level  | type   | data                 |       | the next one
 *   +--------+--------+--------+----------------------+- - - -+----
 * </pre>
 *
 * <p>Source: {@code cmsg(3)}, {@code unix(7)}.
 *
 * @param level where the type is from, as {@link #SOL_SOCKET}
 * @param type what the data is, as {@link #SCM_RIGHTS}
 * @param data a view of the message's memory, valid as long as that is
 */
public record ControlMessage(int level, int type, MemorySegment data) {
    /** The level of sockets of all kinds. */
    public static final int SOL_SOCKET = LibcConstants.SOL_SOCKET;

    /** Descriptors, which a unix socket hands over: {@link #descriptors}. */
    public static final int SCM_RIGHTS = LibcConstants.SCM_RIGHTS;

    /** Who the sender is, from a unix socket with {@code SO_PASSCRED}: {@code struct ucred}. */
    public static final int SCM_CREDENTIALS = LibcConstants.SCM_CREDENTIALS;

    private static final int ALIGNMENT = Long.BYTES;

    /**
     * How much room one control message takes.
     *
     * @param dataBytes the size of its data, 0 or more
     */
    public static int space(int dataBytes) {
        if (dataBytes < 0 || dataBytes > Integer.MAX_VALUE - Cmsghdr.SIZEOF - ALIGNMENT) {
            throw new IllegalArgumentException("not a size: bytes=" + dataBytes);
        }
        return (int) align(Cmsghdr.SIZEOF + (long) dataBytes);
    }

    /**
     * The descriptors that were handed over. Each is open in this process: close it.
     *
     * @throws IllegalStateException when this is no {@link #SCM_RIGHTS}
     */
    public int[] descriptors() {
        if (level != SOL_SOCKET || type != SCM_RIGHTS) {
            throw new IllegalStateException("no descriptors: level=" + level + " type=" + type);
        }
        long whole = data.byteSize() / Integer.BYTES * Integer.BYTES;
        return data.asSlice(0, whole).toArray(JAVA_INT_UNALIGNED);
    }

    /**
     * Reads control messages out of memory.
     *
     * @throws IllegalArgumentException when they are malformed
     */
    static List<ControlMessage> read(MemorySegment control) {
        List<ControlMessage> messages = new ArrayList<>();
        long size = control.byteSize();
        long at = 0;
        while (size - at >= Cmsghdr.SIZEOF) {
            long length = control.get(JAVA_LONG_UNALIGNED, at + Cmsghdr.CMSG_LEN);
            if (length < Cmsghdr.SIZEOF || length > size - at) {
                throw new IllegalArgumentException(
                        "malformed control data: offset="
                                + at
                                + " length="
                                + length
                                + " bytes="
                                + size);
            }
            messages.add(
                    new ControlMessage(
                            control.get(JAVA_INT_UNALIGNED, at + Cmsghdr.CMSG_LEVEL),
                            control.get(JAVA_INT_UNALIGNED, at + Cmsghdr.CMSG_TYPE),
                            control.asSlice(at + Cmsghdr.SIZEOF, length - Cmsghdr.SIZEOF)));
            at += align(length);
        }
        return messages;
    }

    /**
     * Writes this message into memory.
     *
     * @param control where to, at least {@link #space} bytes
     */
    void write(MemorySegment control) {
        long length = Cmsghdr.SIZEOF + data.byteSize();
        control.set(JAVA_LONG_UNALIGNED, Cmsghdr.CMSG_LEN, length);
        control.set(JAVA_INT_UNALIGNED, Cmsghdr.CMSG_LEVEL, level);
        control.set(JAVA_INT_UNALIGNED, Cmsghdr.CMSG_TYPE, type);
        MemorySegment.copy(data, 0, control, Cmsghdr.SIZEOF, data.byteSize());
        control.asSlice(length, align(length) - length).fill((byte) 0);
    }

    private static long align(long length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
