package org.uring4j.resource;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.Waker;
import org.uring4j.internal.Access;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** The leases on what a ring received by an interface queue, area by area. */
final class ZcrxLeases {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final ZcrxQueue queue;
    private final LongConsumer recycle;
    private final List<Leases> areas = new ArrayList<>();
    private @Nullable Waker waker;

    /**
     * None yet.
     *
     * @param recycle gives back the piece at a place, on any thread: the network card could get no
     *     buffer meanwhile, and the ring's thread nothing to wake up from
     */
    ZcrxLeases(Ring ring, ZcrxQueue queue, LongConsumer recycle) {
        this.ring = ring;
        this.queue = queue;
        this.recycle = recycle;
    }

    Lease lease(long place, long offset, int size) {
        int area = ZcrxQueue.areaOf(place);
        while (areas.size() <= area) {
            areas.add(of(areas.size()));
        }
        return areas.get(area).lease(offset, size);
    }

    private Leases of(int area) {
        long first = ZcrxQueue.place(area, 0);
        Leases.Owner owner =
                new Leases.Owner() {
                    @Override
                    public boolean giveBack(long offset, int size) {
                        recycle.accept(first + offset);
                        return true;
                    }

                    @Override
                    public boolean anyThread() {
                        return true;
                    }
                };
        Leases leases = new Leases(ring, queue.memory(area), owner);
        if (waker != null) {
            leases.wakeBy(waker);
        }
        return leases;
    }

    void wakeBy(Waker waker) {
        this.waker = waker;
        areas.forEach(leases -> leases.wakeBy(waker));
    }

    void awaitReturn() {
        areas.forEach(Leases::awaitReturn);
    }

    void awaitNoMore() {
        areas.forEach(Leases::awaitNoMore);
    }

    LeasesOut report() {
        int count = 0;
        Duration oldest = Duration.ZERO;
        List<Throwable> taken = new ArrayList<>();
        for (Leases leases : areas) {
            leases.reclaim();
            LeasesOut out = leases.report();
            count += out.count();
            oldest = oldest.compareTo(out.oldest()) > 0 ? oldest : out.oldest();
            taken.addAll(out.taken());
        }
        return new LeasesOut(count, oldest, taken);
    }

    /** Has the memory stay until the ring and all leases are closed. */
    void end() {
        for (Leases leases : areas) {
            queue.join();
            ACCESS.releaseWithRing(ring, leases.end(queue::leave));
        }
    }

    void complain(String resource) {
        areas.forEach(leases -> leases.complain(resource));
    }
}
