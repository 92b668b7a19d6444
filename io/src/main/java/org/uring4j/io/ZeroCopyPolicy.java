package org.uring4j.io;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Decides which sends go without copying, and learns it destination by destination.
 *
 * <p>A zero-copy send is the cheaper one where the network interface reads the program's memory,
 * and the dearer one where the kernel copies all the same: over loopback, to most virtual
 * interfaces, while somebody captures packets. Its notifications tell which it was. So the
 * automatic policy tries a few sends, and goes by what it is told:
 *
 * <pre>
 *                 a send was not copied
 *      trying ----------------------------&gt; zero-copy
 *       ^  |                                    |
 *       |  | 8 were copied                      | 8 in a row were copied
 *       |  v                                    v
 *      plain sends, for 64 MiB, then 128, 256, ... at most 4 GiB
 * </pre>
 *
 * <p>What is counted is bytes and not time: a trial costs little beside what was sent between two
 * of them, however fast that was. What is below a size goes by a plain send in any case.
 *
 * <p>One policy may be shared by all senders of a process ({@link #shared} is one for that): it may
 * be used by any thread, and knows so many destinations and no more, those forgotten that were not
 * asked for longest. All connections to a host are one destination, whatever the port.
 */
public final class ZeroCopyPolicy {
    /** From how many bytes on a send may go without copying, unless chosen otherwise. */
    public static final int MINIMUM = 32 << 10;

    /** How many destinations are known at once. */
    public static final int MAX_DESTINATIONS = 1024;

    private static final ZeroCopyPolicy SHARED = auto();

    /** When to send without copying. */
    public enum Mode {
        /** Where the kernel reports that it does not copy. */
        AUTO,
        /** Whatever the kernel reports. */
        ALWAYS,
        /** Never. */
        NEVER
    }

    /** What is known of a destination. */
    public enum Verdict {
        /** Nothing yet: it is being tried. */
        TRYING,
        /** The kernel does not copy. */
        ZERO_COPY,
        /** The kernel copies: plain sends are cheaper. */
        COPIED,
        /** The socket or the kernel cannot send without copying. */
        UNSUPPORTED
    }

    private final Mode mode;
    private final int minimum;
    private final Map<Object, Route> routes = new LinkedHashMap<>(16, 0.75f, true);

    private ZeroCopyPolicy(Mode mode, int minimum) {
        this.mode = mode;
        this.minimum = minimum;
    }

    /** A policy that learns, and as yet knows nothing. */
    public static ZeroCopyPolicy auto() {
        return new ZeroCopyPolicy(Mode.AUTO, MINIMUM);
    }

    /** The process's own policy that learns. */
    public static ZeroCopyPolicy shared() {
        return SHARED;
    }

    /** A policy of sending all without copying that the kernel takes so. */
    public static ZeroCopyPolicy always() {
        return new ZeroCopyPolicy(Mode.ALWAYS, 1);
    }

    /** A policy of plain sends. */
    public static ZeroCopyPolicy never() {
        return new ZeroCopyPolicy(Mode.NEVER, Integer.MAX_VALUE);
    }

    /**
     * A policy of the same mode, which as yet knows nothing.
     *
     * @param bytes from how many on a send may go without copying, 1 or more
     */
    public ZeroCopyPolicy minimum(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a send has 1 byte or more: minimum=" + bytes);
        }
        return new ZeroCopyPolicy(mode, bytes);
    }

    /** When to send without copying. */
    public Mode mode() {
        return mode;
    }

    /** From how many bytes on a send may go without copying. */
    public int minimum() {
        return minimum;
    }

    /** What is known of a destination; asking does not count as use. */
    public Verdict verdict(SocketAddress destination) {
        Object key = key(destination);
        synchronized (routes) {
            // By getOrDefault it would be the last one asked for.
            for (Map.Entry<Object, Route> entry : routes.entrySet()) {
                if (entry.getKey().equals(key)) {
                    return entry.getValue().verdict();
                }
            }
        }
        return Verdict.TRYING;
    }

    /** Forgets all it has learned; senders that are open go on with what they know. */
    public void forget() {
        synchronized (routes) {
            routes.clear();
        }
    }

    /**
     * What is learned about a destination.
     *
     * @param destination null for one that nobody shares
     */
    Route route(@Nullable SocketAddress destination) {
        if (destination == null || mode != Mode.AUTO) {
            return new Route(mode, minimum);
        }
        synchronized (routes) {
            Route route = routes.computeIfAbsent(key(destination), any -> new Route(mode, minimum));
            if (routes.size() > MAX_DESTINATIONS) {
                routes.remove(routes.keySet().iterator().next());
            }
            return route;
        }
    }

    private static Object key(SocketAddress destination) {
        return destination instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress()
                : destination;
    }

    @Override
    public String toString() {
        int known;
        synchronized (routes) {
            known = routes.size();
        }
        return "ZeroCopyPolicy[mode=" + mode + " minimum=" + minimum + " known=" + known + "]";
    }
}
