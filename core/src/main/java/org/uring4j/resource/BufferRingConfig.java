package org.uring4j.resource;

/** What a {@link BufferRing} is registered with. Immutable: each method answers a changed copy. */
public final class BufferRingConfig {
    /** The most buffers a ring can have. */
    public static final int MAX_COUNT = 32768;

    /** The longest buffer: the most bytes the kernel moves in a request, 2 GiB less a page. */
    public static final int MAX_BUFFER_SIZE = 0x7fff_f000;

    final int count;
    final int bufferSize;
    boolean incremental;
    int minimumLeft;
    boolean kernelMemory;
    boolean empty;

    private BufferRingConfig(int count, int bufferSize) {
        this.count = count;
        this.bufferSize = bufferSize;
    }

    /**
     * Buffers that hold the data of one completion each, all of them the kernel's at first.
     *
     * @param count how many, a power of two from 1 to {@link #MAX_COUNT}
     * @param bufferSize how many bytes each has, 1 to {@link #MAX_BUFFER_SIZE}
     */
    public static BufferRingConfig of(int count, int bufferSize) {
        if (count < 1 || count > MAX_COUNT || Integer.bitCount(count) != 1) {
            throw new IllegalArgumentException(
                    "a buffer ring has a power of two of buffers, at most "
                            + MAX_COUNT
                            + ": count="
                            + count);
        }
        if (bufferSize < 1 || bufferSize > MAX_BUFFER_SIZE) {
            throw new IllegalArgumentException(
                    "a buffer has 1 to " + MAX_BUFFER_SIZE + " bytes: bufferSize=" + bufferSize);
        }
        return new BufferRingConfig(count, bufferSize);
    }

    /**
     * The kernel fills each buffer piece by piece, until it is full ({@code IOU_PBUF_RING_INC}).
     * Since Linux 6.12. Few large buffers then do for messages of any size.
     *
     * <p>Mind the requests whose buffer is used up before they start: reads of files, and all that
     * are {@link org.uring4j.Sqe#async}. Given a maximum length they use up that much, even when
     * fewer bytes come, and no completion says so: later pieces would be looked for in the wrong
     * place. Give those no maximum length; then each has a buffer of its own.
     *
     * <p>Do not receive with {@code MSG_WAITALL}: where the bytes come in several portions, kernels
     * (6.18 still) count the first one only, and put what comes next over the others.
     */
    public BufferRingConfig incremental() {
        BufferRingConfig copy = copy();
        copy.incremental = true;
        return copy;
    }

    /**
     * As {@link #incremental()}, and the kernel takes the next buffer as soon as less than {@code
     * minimumLeft} is left of one, instead of making a very small piece of the rest. Since Linux
     * 7.1.
     *
     * @param minimumLeft in bytes, 0 to the size of a buffer
     */
    public BufferRingConfig incremental(int minimumLeft) {
        if (minimumLeft < 0 || minimumLeft > bufferSize) {
            throw new IllegalArgumentException(
                    "the minimum left is 0 to the size of a buffer: minimumLeft="
                            + minimumLeft
                            + " bufferSize="
                            + bufferSize);
        }
        BufferRingConfig copy = incremental();
        copy.minimumLeft = minimumLeft;
        return copy;
    }

    /**
     * The entries, 16 bytes for each buffer, are in memory that the kernel allocates ({@code
     * IOU_PBUF_RING_MMAP}) rather than in pages of the program that it pins. Since Linux 6.4. Not
     * for a ring without a descriptor ({@code REGISTERED_FD_ONLY}).
     */
    public BufferRingConfig kernelMemory() {
        BufferRingConfig copy = copy();
        copy.kernelMemory = true;
        return copy;
    }

    /**
     * The buffers are the program's to begin with. For sending: it fills one and gives it to the
     * kernel with {@link BufferRing#add(int, int)}.
     */
    public BufferRingConfig empty() {
        BufferRingConfig copy = copy();
        copy.empty = true;
        return copy;
    }

    private BufferRingConfig copy() {
        BufferRingConfig copy = new BufferRingConfig(count, bufferSize);
        copy.incremental = incremental;
        copy.minimumLeft = minimumLeft;
        copy.kernelMemory = kernelMemory;
        copy.empty = empty;
        return copy;
    }

    @Override
    public String toString() {
        return "count="
                + count
                + " bufferSize="
                + bufferSize
                + (incremental ? " incremental minimumLeft=" + minimumLeft : "")
                + (kernelMemory ? " kernelMemory" : "")
                + (empty ? " empty" : "");
    }
}
