package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.op.SockAddr;
import org.uring4j.resource.LeasesOut;
import org.uring4j.resource.ZcrxEvent;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which ways to receive there are, and which of them is a stream's. */
final class Intakes {
    /** What this kernel, card or process has not, rather than too little of. */
    private static final Set<Errno> MISSING =
            EnumSet.of(Errno.EINVAL, Errno.EPERM, Errno.EOPNOTSUPP, Errno.ERANGE, Errno.ENODEV);

    /** A stream's, and why it is no better one. */
    record Choice(Intake intake, @Nullable String reason) {}

    private final Ring ring;
    private final ReceivePoolConfig config;
    private final long eventData;
    private final @Nullable ZeroCopyIntake zeroCopy;
    private final @Nullable Intake usual;
    private final @Nullable String reason;

    /** The number of the interface that has an address, 0 for none. */
    private final Map<InetAddress, Integer> interfaces = new HashMap<>();

    /**
     * Those that the kernel has.
     *
     * @param group of buffers that the kernel chooses from
     * @param eventData the user data of what a queue for zero-copy receive tells
     */
    Intakes(Ring ring, int group, long eventData, ReceivePoolConfig config) {
        this.ring = ring;
        this.config = config;
        this.eventData = eventData;
        List<String> reasons = new ArrayList<>();
        if (config.path != null) {
            reasons.add("path(" + config.path + ") was asked for");
        }
        zeroCopy = zeroCopy(reasons);
        boolean complete = false;
        try {
            usual = config.path == ReceivePath.ZERO_COPY ? null : usual(group, reasons);
            complete = true;
        } finally {
            if (!complete && zeroCopy != null) {
                zeroCopy.close();
            }
        }
        reason = reasons.isEmpty() ? null : String.join("; ", reasons);
    }

    private @Nullable ZeroCopyIntake zeroCopy(List<String> reasons) {
        boolean asked = config.path == ReceivePath.ZERO_COPY;
        if (config.path != null && !asked) {
            return null;
        }
        ReceivePoolConfig.Queue queue = config.queue;
        if (queue == null) {
            if (asked) {
                throw new IllegalArgumentException(
                        "path(ZERO_COPY) needs ReceivePoolConfig.zeroCopy(source, config)");
            }
            reasons.add("ZERO_COPY: no queue was given: ReceivePoolConfig.zeroCopy");
            return null;
        }
        try {
            return new ZeroCopyIntake(
                    ring,
                    ZeroCopyReceive.register(ring, queue.source(), telling(queue.config())),
                    config);
        } catch (UringException e) {
            if (asked || !MISSING.contains(e.errno())) {
                throw e;
            }
            reasons.add("ZERO_COPY: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            if (asked) {
                throw e;
            }
            reasons.add("ZERO_COPY: " + e.getMessage());
        }
        return null;
    }

    /** Has the kernel tell that a card finds no buffer, unless the program hears of events. */
    private ZeroCopyReceiveConfig telling(ZeroCopyReceiveConfig queue) {
        return queue.events().isEmpty() && Kernel.current().has("ZCRX_FEATURE_EVENT")
                ? queue.events(eventData, EnumSet.of(ZcrxEvent.ALLOC_FAIL))
                : queue;
    }

    /** A queue tells something. */
    void onEvent(int result) {
        if (zeroCopy != null) {
            zeroCopy.onEvent(result);
        }
    }

    private Intake usual(int group, List<String> reasons) {
        if (config.path != null) {
            return intake(config.path, group);
        }
        for (ReceivePath path : List.of(ReceivePath.INCREMENTAL, ReceivePath.MULTISHOT)) {
            try {
                return intake(path, group);
            } catch (UringException e) {
                if (e.errno() != Errno.EINVAL) {
                    throw e;
                }
                reasons.add(path + ": " + e.getMessage());
            }
        }
        return intake(ReceivePath.PLAIN, group);
    }

    private Intake intake(ReceivePath path, int group) {
        if (path == ReceivePath.PLAIN) {
            return new PlainIntake(ring, config);
        }
        KernelVersion running = Kernel.current().version();
        if (running.compareTo(KernelVersion.parse("6.0")) < 0) {
            throw new UringException(
                    "IORING_OP_RECV",
                    Errno.EINVAL,
                    "multishot receive needs Linux 6.0, this is " + running);
        }
        return new ProvidedIntake(ring, group, path, config);
    }

    /** The best that is there. */
    Choice best() {
        Intake intake = zeroCopy != null ? zeroCopy : usual;
        if (intake == null) {
            throw new AssertionError("there is no way to receive");
        }
        return new Choice(intake, reason);
    }

    /** The best for a socket. */
    Choice choose(int fd, boolean direct) {
        if (zeroCopy == null || usual == null || direct || config.queue == null) {
            return best();
        }
        if (!(config.queue.source() instanceof ZcrxSource.NetDevice device)) {
            return best();
        }
        try (Arena arena = Arena.ofConfined()) {
            if (!(SockAddr.ofSocket(arena, fd).address() instanceof InetSocketAddress local)) {
                return new Choice(usual, "ZERO_COPY: the socket is none of TCP");
            }
            int number = interfaces.computeIfAbsent(local.getAddress(), Intakes::numberOf);
            return number == device.interfaceIndex()
                    ? best()
                    : new Choice(
                            usual,
                            "ZERO_COPY: the connection is not on the queue's interface: address="
                                    + local.getAddress().getHostAddress()
                                    + " interfaceIndex="
                                    + number
                                    + " queue="
                                    + device);
        }
    }

    private static int numberOf(InetAddress address) {
        try {
            NetworkInterface found = NetworkInterface.getByInetAddress(address);
            return found == null ? 0 : found.getIndex();
        } catch (SocketException e) {
            return 0;
        }
    }

    Optional<ZeroCopyReceive> queue() {
        return zeroCopy == null ? Optional.empty() : Optional.of(zeroCopy.queue);
    }

    private List<Intake> all() {
        List<Intake> all = new ArrayList<>();
        if (zeroCopy != null) {
            all.add(zeroCopy);
        }
        if (usual != null) {
            all.add(usual);
        }
        return all;
    }

    void wakeBy(Waker waker) {
        all().forEach(intake -> intake.wakeBy(waker));
    }

    void feed() {
        if (zeroCopy != null) {
            zeroCopy.feed();
        }
        if (usual != null) {
            usual.feed();
        }
    }

    LeasesOut leasesOut() {
        int count = 0;
        Duration oldest = Duration.ZERO;
        List<Throwable> taken = new ArrayList<>();
        for (Intake intake : all()) {
            LeasesOut out = intake.leasesOut();
            count += out.count();
            oldest = oldest.compareTo(out.oldest()) > 0 ? oldest : out.oldest();
            taken.addAll(out.taken());
        }
        return new LeasesOut(count, oldest, taken);
    }

    /** Closes all; fails as the first that does. */
    void close() {
        RuntimeException failure = null;
        for (Intake intake : all()) {
            try {
                intake.close();
            } catch (IllegalStateException | UringException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
