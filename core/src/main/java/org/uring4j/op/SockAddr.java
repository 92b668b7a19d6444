package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.AF_INET;
import static org.uring4j.internal.uapi.LibcConstants.AF_INET6;
import static org.uring4j.internal.uapi.LibcConstants.AF_UNIX;
import static org.uring4j.internal.uapi.LibcConstants.UNIX_PATH_MAX;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import org.uring4j.Errno;
import org.uring4j.UringException;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.SockaddrIn;
import org.uring4j.internal.uapi.SockaddrIn6;
import org.uring4j.internal.uapi.SockaddrStorage;
import org.uring4j.internal.uapi.SockaddrUn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A socket address in native memory, as the kernel reads and writes it.
 *
 * <pre>
 *    0        2                                  length      128      132
 *   +--------+----------------------------------+- - - - - -+--------+
 *   | family | port and address, or path        |           | length |
 *   +--------+----------------------------------+- - - - - -+--------+
 * </pre>
 *
 * <p>It can be set and used again and again; its memory is its arena's. Requests that bind, connect
 * or send read it, those that accept or receive write it: leave it alone until they complete.
 *
 * <p>Source: {@code ip(7)}, {@code ipv6(7)}, {@code unix(7)}.
 */
public final class SockAddr {
    /** How many bytes the longest address takes ({@code struct sockaddr_storage}). */
    public static final int MAX_LENGTH = SockaddrStorage.SIZEOF;

    private static final ValueLayout.OfShort PORT =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** What the kernel wants in front of every address. */
    private static final int FAMILY_SIZE = 2;

    private final MemorySegment memory;

    private SockAddr(MemorySegment memory) {
        this.memory = memory;
    }

    /** Room for an address, as yet empty. */
    public static SockAddr allocate(Arena arena) {
        return new SockAddr(arena.allocate(MAX_LENGTH + 4, 8));
    }

    /** Room for an address, with this one in it; see {@link #set}. */
    public static SockAddr of(Arena arena, SocketAddress address) {
        return allocate(arena).set(address);
    }

    /**
     * The address a socket has by now, asked for by a system call of its own ({@code
     * getsockname(2)}).
     *
     * @param fd the socket, no registered file
     * @throws UringException {@code EBADF}, {@code ENOTSOCK}
     */
    public static SockAddr ofSocket(Arena arena, int fd) {
        SockAddr address = allocate(arena);
        address.length(MAX_LENGTH);
        long at = address.memory.address();
        int result = Syscalls.getsockname(fd, at, at + MAX_LENGTH);
        if (result < 0) {
            throw new UringException("getsockname", Errno.of(result), "fd=" + fd);
        }
        return address;
    }

    /**
     * Sets the address.
     *
     * @param address an {@link InetSocketAddress}, resolved, or a {@link UnixDomainSocketAddress};
     *     the empty unix address asks {@link Sockets#bind} for an abstract name of the kernel's
     *     choice
     * @throws IllegalArgumentException when it is of another kind, not resolved or too long
     */
    public SockAddr set(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            setInet(inet);
        } else if (address instanceof UnixDomainSocketAddress unix) {
            byte[] path = unix.getPath().toString().getBytes(StandardCharsets.UTF_8);
            if (path.length >= UNIX_PATH_MAX) {
                throw new IllegalArgumentException(
                        "the path of a unix socket is too long: bytes="
                                + path.length
                                + " max="
                                + (UNIX_PATH_MAX - 1));
            }
            setUnix(path, 0, path.length == 0 ? 0 : 1);
        } else {
            throw new IllegalArgumentException(
                    "an address of the internet or a unix path is needed: class="
                            + address.getClass().getName());
        }
        return this;
    }

    /**
     * Sets a unix address in the abstract name space, which java.net has no class for.
     *
     * @param name the name without the zero byte before it, 1 to 107 bytes of any value
     */
    public SockAddr setAbstract(byte[] name) {
        if (name.length == 0 || name.length >= UNIX_PATH_MAX) {
            throw new IllegalArgumentException(
                    "an abstract name has 1 to " + (UNIX_PATH_MAX - 1) + " bytes: " + name.length);
        }
        setUnix(name, 1, 0);
        return this;
    }

    /**
     * Sets an address of any family.
     *
     * @param sockaddr the address as the kernel has it, from its family on: 2 to 128 bytes, copied
     */
    public SockAddr setRaw(MemorySegment sockaddr) {
        if (sockaddr.byteSize() < FAMILY_SIZE || sockaddr.byteSize() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "an address has 2 to 128 bytes: bytes=" + sockaddr.byteSize());
        }
        MemorySegment.copy(sockaddr, 0, memory, 0, sockaddr.byteSize());
        length((int) sockaddr.byteSize());
        return this;
    }

    private void setInet(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        if (host == null) {
            throw new IllegalArgumentException("the host name is not resolved: " + address);
        }
        memory.fill((byte) 0);
        memory.set(PORT, SockaddrIn.SIN_PORT, (short) address.getPort());
        byte[] bytes = host.getAddress();
        if (host instanceof Inet6Address inet6) {
            family(AF_INET6);
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, SockaddrIn6.SIN6_ADDR, bytes.length);
            memory.set(JAVA_INT_UNALIGNED, SockaddrIn6.SIN6_SCOPE_ID, inet6.getScopeId());
            length(SockaddrIn6.SIZEOF);
        } else {
            family(AF_INET);
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, SockaddrIn.SIN_ADDR, bytes.length);
            length(SockaddrIn.SIZEOF);
        }
    }

    private void setUnix(byte[] name, int before, int after) {
        memory.fill((byte) 0);
        family(AF_UNIX);
        int at = SockaddrUn.SUN_PATH + before;
        MemorySegment.copy(name, 0, memory, JAVA_BYTE, at, name.length);
        length(at + name.length + after);
    }

    private void family(int family) {
        memory.set(JAVA_SHORT_UNALIGNED, 0, (short) family);
    }

    /** How many bytes the address has; 0 when there is none. */
    public int length() {
        int length = memory.get(JAVA_INT_UNALIGNED, MAX_LENGTH);
        return length < 0 || length > MAX_LENGTH ? MAX_LENGTH : length;
    }

    /** Says how long the address is, or how much room there is for one to come. */
    void length(int length) {
        memory.set(JAVA_INT_UNALIGNED, MAX_LENGTH, length);
    }

    /** The address family, as {@link Sockets#AF_INET}; {@code AF_UNSPEC} when there is none. */
    public int family() {
        return length() < FAMILY_SIZE ? 0 : memory.get(JAVA_SHORT_UNALIGNED, 0) & 0xffff;
    }

    /** The bytes of the address: a view, {@link #length} bytes long. */
    public MemorySegment raw() {
        return memory.asSlice(0, length());
    }

    /**
     * The address as java.net has it; the empty unix address when a unix socket has no name.
     *
     * @throws UnsupportedOperationException when java.net has no class for it: read {@link #raw}
     */
    public SocketAddress address() {
        return read(raw());
    }

    /** All of the memory: room for an address, then its length. */
    MemorySegment memory() {
        return memory;
    }

    /**
     * Reads an address out of memory, as {@link MsgHdr#name}.
     *
     * @param sockaddr the address, from its family on; nothing beyond its size is read
     * @return the address; the empty unix address when a unix socket has no name
     * @throws UnsupportedOperationException when java.net has no class for it
     * @throws IllegalArgumentException when it is cut short
     */
    public static SocketAddress read(MemorySegment sockaddr) {
        int size = (int) Math.min(sockaddr.byteSize(), MAX_LENGTH);
        int family = size < FAMILY_SIZE ? 0 : sockaddr.get(JAVA_SHORT_UNALIGNED, 0) & 0xffff;
        return switch (family) {
            case AF_INET -> {
                need(size, SockaddrIn.SIZEOF, family);
                byte[] host = sockaddr.asSlice(SockaddrIn.SIN_ADDR, 4).toArray(JAVA_BYTE);
                yield inet(host, 0, sockaddr);
            }
            case AF_INET6 -> {
                need(size, SockaddrIn6.SIZEOF, family);
                byte[] host = sockaddr.asSlice(SockaddrIn6.SIN6_ADDR, 16).toArray(JAVA_BYTE);
                yield inet(
                        host,
                        sockaddr.get(JAVA_INT_UNALIGNED, SockaddrIn6.SIN6_SCOPE_ID),
                        sockaddr);
            }
            case AF_UNIX -> unix(sockaddr.asSlice(0, Math.min(size, SockaddrUn.SIZEOF)));
            default ->
                    throw new UnsupportedOperationException(
                            "java.net has no class for this address: family="
                                    + family
                                    + " length="
                                    + size);
        };
    }

    private static SocketAddress inet(byte[] host, int scope, MemorySegment sockaddr) {
        int port = sockaddr.get(PORT, SockaddrIn.SIN_PORT) & 0xffff;
        try {
            // Not InetAddress, which turns an IPv4 address mapped into IPv6 into one of IPv4, and
            // that an IPv6 socket would not take back.
            InetAddress address =
                    host.length == 4
                            ? InetAddress.getByAddress(host)
                            : Inet6Address.getByAddress(null, host, scope > 0 ? scope : -1);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("the length of an address is right", e);
        }
    }

    private static SocketAddress unix(MemorySegment sockaddr) {
        byte[] path = sockaddr.asSlice(SockaddrUn.SUN_PATH).toArray(JAVA_BYTE);
        if (path.length > 0 && path[0] == 0) {
            throw new UnsupportedOperationException(
                    "java.net has no class for an abstract unix address: length="
                            + sockaddr.byteSize());
        }
        int end = 0;
        while (end < path.length && path[end] != 0) {
            end++;
        }
        return UnixDomainSocketAddress.of(new String(path, 0, end, StandardCharsets.UTF_8));
    }

    private static void need(int size, int needed, int family) {
        if (size < needed) {
            throw new IllegalArgumentException(
                    "the address is cut short: family="
                            + family
                            + " length="
                            + size
                            + " needed="
                            + needed);
        }
    }
}
