package org.uring4j.resource;

import java.net.NetworkInterface;
import java.net.SocketException;

/** Where a {@link ZeroCopyReceive} gets its data from. */
public sealed interface ZcrxSource {
    /**
     * A receive queue of a network card, which writes into the area; it has to be able to split
     * headers from data, and its driver to lend out queues. Only what arrives on that queue comes
     * without a copy; the rest of a connection is copied by the kernel.
     *
     * <p>Steer connections there: {@code ethtool -X} keeps others off it, {@code ethtool -N} sends
     * some to it. Needs {@code CAP_NET_ADMIN}. Since Linux 6.15.
     *
     * @param interfaceIndex the interface, by its number
     * @param queue the receive queue, from 0
     */
    record NetDevice(int interfaceIndex, int queue) implements ZcrxSource {
        /** Checks the numbers. */
        public NetDevice {
            if (interfaceIndex < 1 || queue < 0) {
                throw new IllegalArgumentException(
                        "an interface's number is 1 or more, a queue's 0 or more: interfaceIndex="
                                + interfaceIndex
                                + " queue="
                                + queue);
            }
        }
    }

    /**
     * The queue of a ring in another process, by a descriptor that came from {@link ZcrxExport#fd}.
     * In the same process {@link ZeroCopyReceive#register(org.uring4j.Ring, ZcrxExport)} is what is
     * wanted. Since Linux 6.19.
     *
     * <p>Both processes have to have the area and the refill ring: {@link ZcrxMemory#shared}, with
     * the same file, sizes, refill entries and statistics. Only one of them at a time may give
     * buffers back.
     *
     * @param fd the descriptor; may be closed once registered
     */
    record Imported(int fd) implements ZcrxSource {
        /** Checks the number. */
        public Imported {
            if (fd < 0) {
                throw new IllegalArgumentException("no descriptor: fd=" + fd);
            }
        }
    }

    /**
     * No network card: the kernel copies all data into the area. To try programs without a card
     * that can do better. Needs {@code CAP_NET_ADMIN}. Since Linux 7.1.
     */
    record Deviceless() implements ZcrxSource {}

    /**
     * A receive queue of a network card, see {@link NetDevice}.
     *
     * @param interfaceName as {@code eth0}
     * @param queue the receive queue, from 0
     * @throws IllegalArgumentException when there is no such interface
     */
    static ZcrxSource netDevice(String interfaceName, int queue) {
        NetworkInterface found;
        try {
            found = NetworkInterface.getByName(interfaceName);
        } catch (SocketException e) {
            throw new IllegalArgumentException("interface=" + interfaceName, e);
        }
        if (found == null) {
            throw new IllegalArgumentException(
                    "there is no such network interface ('ip link' lists them): interface="
                            + interfaceName);
        }
        return new NetDevice(found.getIndex(), queue);
    }

    /** Another process's queue, see {@link Imported}. */
    static ZcrxSource imported(int fd) {
        return new Imported(fd);
    }

    /** No network card, see {@link Deviceless}. */
    static ZcrxSource deviceless() {
        return new Deviceless();
    }
}
