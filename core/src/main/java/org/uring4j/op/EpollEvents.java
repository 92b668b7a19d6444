package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.EpollEvent;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Events of {@link Epoll} ({@code struct epoll_event[]}): each a set of {@code EPOLL*} and 64 bits
 * of the program's own. It can be used again and again; its memory is its arena's.
 *
 * <p>Source: {@code epoll_event(3type)}.
 */
public final class EpollEvents {
    /** As many as a request can ask for. */
    private static final int MAX_CAPACITY = Integer.MAX_VALUE / EpollEvent.SIZEOF;

    private final MemorySegment memory;
    private final int capacity;

    private EpollEvents(MemorySegment memory, int capacity) {
        this.memory = memory;
        this.capacity = capacity;
    }

    /**
     * Room for events.
     *
     * @param capacity how many, 1 or more; for {@link Epoll#epollCtl} one
     */
    public static EpollEvents allocate(Arena arena, int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "there is room for 1 to " + MAX_CAPACITY + " events: capacity=" + capacity);
        }
        long bytes = (long) capacity * EpollEvent.SIZEOF;
        return new EpollEvents(arena.allocate(bytes, Long.BYTES), capacity);
    }

    /** How many there is room for. */
    public int capacity() {
        return capacity;
    }

    /**
     * Sets one.
     *
     * @param index from 0
     * @param events {@code EPOLL*}, or'ed
     * @param data what is reported with them
     */
    public EpollEvents set(int index, int events, long data) {
        long at = at(index);
        memory.set(JAVA_INT_UNALIGNED, at + EpollEvent.EVENTS, events);
        memory.set(JAVA_LONG_UNALIGNED, at + EpollEvent.DATA, data);
        return this;
    }

    /** What has occurred: {@code EPOLL*}, or'ed. */
    public int events(int index) {
        return memory.get(JAVA_INT_UNALIGNED, at(index) + EpollEvent.EVENTS);
    }

    /** What was set as data when the descriptor was added. */
    public long data(int index) {
        return memory.get(JAVA_LONG_UNALIGNED, at(index) + EpollEvent.DATA);
    }

    /** Its address, after a check that it is alive. */
    long address() {
        return Encoder.address(memory, "the events");
    }

    private long at(int index) {
        return (long) Objects.checkIndex(index, capacity) * EpollEvent.SIZEOF;
    }
}
