package org.uring4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * One direction of moving bytes in bulk: who is at the other end, and who is compared.
 *
 * @param title what is done, as {@code bulk send}
 * @param counterpart starts the program at the other end of everybody's connections, which says
 *     {@code port=} when it is ready
 * @param contestants who is compared, ours first; each follows {@link BulkPeer}'s rules
 */
record BulkHalf(String title, List<String> counterpart, List<Contestant> contestants) {
    /**
     * Somebody who is compared.
     *
     * @param name as in the table
     * @param command the command line, of the counterpart's port
     * @param warmUp for how many seconds of each size it works before the first round
     * @param beside the name of ours that does the same; its own for the first and what stands
     *     alone
     * @param bar the least ratio, of its time by ours, that is good enough; 0 when there is none
     */
    record Contestant(
            String name,
            Function<String, List<String>> command,
            int warmUp,
            String beside,
            double bar) {}

    private static final String SELF_TUNING = "uring4j, self-tuning";
    private static final String BEST = "uring4j";
    private static final String GATHERING = "uring4j, gathering";
    private static final String MULTISHOT = "uring4j, multishot";

    /** C needs no warm-up to speak of. */
    private static final int C = 1;

    /** Pinned to a core together with its compiler, a ring needs less than Netty does. */
    private static final int RING = 4;

    private static final int NETTY = 10;
    private static final double BAR = 0.97;
    private static final double NETTY_BAR = 1.25;

    /** From how many bytes on a receiver that gathers is told of them. */
    private static final int GATHER = 256 << 10;

    /** The same, comparing ours with those only whose name has a text. */
    BulkHalf only(String text) {
        List<Contestant> some = new ArrayList<>(contestants);
        some.removeIf(each -> !each.name().contains(text));
        some.remove(contestants.getFirst());
        some.addFirst(contestants.getFirst());
        return new BulkHalf(title, counterpart, List.copyOf(some));
    }

    /** The number of who has a name, 0 when it does not take part. */
    int contestantNamed(String name) {
        for (int i = 0; i < contestants.size(); i++) {
            if (contestants.get(i).name().equals(name)) {
                return i;
            }
        }
        return 0;
    }

    /** Sending. */
    static BulkHalf send() {
        return new BulkHalf(
                "bulk send",
                Programs.c("bulk_counterpart", "take"),
                List.of(
                        new Contestant(SELF_TUNING, sender("auto"), RING, SELF_TUNING, 0),
                        new Contestant(
                                "uring4j, never tries", sender("never"), RING, SELF_TUNING, BAR),
                        new Contestant("C, plain send", cSender("plain"), C, SELF_TUNING, BAR),
                        new Contestant(
                                "C, gathered send", cSender("gathered"), C, SELF_TUNING, BAR),
                        new Contestant(
                                "C, forced zero-copy", cSender("zero-copy"), C, SELF_TUNING, 0),
                        new Contestant(
                                "Netty io_uring", nettySender("never"), NETTY, SELF_TUNING, 0),
                        new Contestant(
                                "Netty, forced zero-copy",
                                nettySender("always"),
                                NETTY,
                                SELF_TUNING,
                                0)));
    }

    /** Receiving; all into as many buffers of the same size, and nobody looks at what came. */
    static BulkHalf receive() {
        return new BulkHalf(
                "bulk receive",
                Programs.c("bulk_counterpart", "give"),
                List.of(
                        new Contestant(BEST, receiver("best", 0), RING, BEST, 0),
                        new Contestant("C", cReceiver("incremental", 0), C, BEST, BAR),
                        new Contestant("Netty io_uring", nettyReceiver(0), NETTY, BEST, NETTY_BAR),
                        new Contestant(GATHERING, receiver("best", GATHER), RING, GATHERING, 0),
                        new Contestant(
                                "C, gathering",
                                cReceiver("incremental", GATHER),
                                C,
                                GATHERING,
                                BAR),
                        new Contestant(
                                "Netty, gathering",
                                nettyReceiver(GATHER),
                                NETTY,
                                GATHERING,
                                NETTY_BAR),
                        new Contestant(MULTISHOT, receiver("multishot", 0), RING, MULTISHOT, 0),
                        new Contestant(
                                "C, multishot", cReceiver("multishot", 0), C, MULTISHOT, BAR),
                        new Contestant("C, bundles", cReceiver("bundles", 0), C, BEST, 0)));
    }

    private static Function<String, List<String>> receiver(String path, int gather) {
        return port -> Programs.java(BulkReceiver.class, port, path, "" + gather);
    }

    private static Function<String, List<String>> cReceiver(String mode, int gather) {
        return port ->
                Programs.c("bulk_receive", "--port", port, "--mode", mode, "--gather", "" + gather);
    }

    private static Function<String, List<String>> nettyReceiver(int gather) {
        return port -> Programs.java(NettyBulkReceiver.class, port, "" + gather);
    }

    private static Function<String, List<String>> sender(String zeroCopy) {
        return port -> Programs.java(BulkSender.class, port, zeroCopy);
    }

    private static Function<String, List<String>> cSender(String mode) {
        return port -> Programs.c("bulk_send", "--port", port, "--mode", mode);
    }

    private static Function<String, List<String>> nettySender(String zeroCopy) {
        return port -> Programs.java(NettyBulkSender.class, port, zeroCopy);
    }
}
