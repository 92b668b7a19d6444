package org.uring4j;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Mapping;

import java.util.ArrayList;
import java.util.List;

/** What goes with a ring: registered resources, memory they leave behind, its own mappings. */
final class RingResources {
    private final List<Mapping> mappings;

    /** Those of them that the queues are in. */
    private List<Mapping> queues;

    /** Holds the mapping the queues are in, if they are in the program's memory. */
    private final @Nullable RingMemory memory;

    /** Where in it they are. */
    private long place;

    private final List<AutoCloseable> children = new ArrayList<>();
    private final List<Runnable> released = new ArrayList<>();
    private boolean abandoned;
    private @Nullable IllegalStateException complaint;

    RingResources(RingOpener opener) {
        queues = opener.layout.mappings;
        mappings = new ArrayList<>(queues);
        memory = opener.layout.memory;
        place = opener.place();
    }

    /** The program's memory that the queues are in, if they are. */
    @Nullable RingMemory memory() {
        return memory;
    }

    /** A resource to be closed before the ring. */
    synchronized void adopt(AutoCloseable child) {
        children.add(child);
    }

    /** A resource that closed by itself. */
    synchronized void remove(AutoCloseable child) {
        children.remove(child);
    }

    /** A mapping that lasts as long as the ring. */
    void own(Mapping mapping) {
        mappings.add(mapping);
    }

    /**
     * The queues have moved. What they were in is given back, its addresses stay valid.
     *
     * @param place where they are in the program's memory now, if they are
     */
    void moved(List<Mapping> queues, long place) {
        if (memory != null) {
            memory.giveBack(this.place, true);
            this.place = place;
        }
        this.queues.forEach(Mapping::retire);
        this.queues = queues;
        mappings.addAll(queues);
    }

    /** Frees memory, once no request can name it any more. */
    void release(Runnable free) {
        released.add(free);
    }

    /**
     * Closes the registered resources, the last registered first.
     *
     * @param abandoned whether there are requests that would not end
     */
    void closeChildren(boolean abandoned) {
        this.abandoned = abandoned;
        for (AutoCloseable child : List.copyOf(children).reversed()) {
            try {
                child.close();
            } catch (IllegalStateException leasesOut) {
                complaint = leasesOut;
            } catch (Exception ignored) {
                // What would not be unregistered goes with the ring's descriptor.
            }
        }
    }

    /** Says what a registered resource had to say on being closed with the ring. */
    void complain() {
        if (complaint != null) {
            throw complaint;
        }
    }

    /** Whether the ring closes in spite of requests that would not end. */
    boolean abandoned() {
        return abandoned;
    }

    /**
     * Gives the memory back.
     *
     * @param quiet whether all requests have ended; if not, what they may still touch stays for
     *     good
     */
    void close(boolean quiet) {
        if (quiet) {
            released.forEach(this::free);
            released.clear();
        }
        mappings.forEach(Mapping::retire);
        if (memory != null) {
            memory.giveBack(place, false);
        }
    }

    private void free(Runnable memory) {
        try {
            memory.run();
        } catch (IllegalStateException held) {
            complaint =
                    new IllegalStateException(
                            "memory of the closed ring is in use by another thread's system call,"
                                    + " and stays; end that first",
                            held);
        }
    }
}
