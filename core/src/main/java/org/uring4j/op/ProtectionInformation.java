package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringAttrPi.ADDR;
import static org.uring4j.internal.uapi.IoUringAttrPi.APP_TAG;
import static org.uring4j.internal.uapi.IoUringAttrPi.FLAGS;
import static org.uring4j.internal.uapi.IoUringAttrPi.LEN;
import static org.uring4j.internal.uapi.IoUringAttrPi.SEED;
import static org.uring4j.internal.uapi.IoUringAttrPi.SIZEOF;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Protection information of a read or write, one tuple a block ({@code struct io_uring_attr_pi});
 * for {@link ReadWriteAttributes#protection}. Its own memory is its arena's.
 *
 * <p>What a tuple has, the device says: of the kind that most have (T10, 8 bytes), big-endian, a
 * guard of 2 bytes, the CRC of the block; 2 bytes of the application's; a reference of 4 bytes, the
 * block's number.
 *
 * <p>Source: {@code linux/io_uring.h}, {@code linux/fs.h}, {@code
 * Documentation/block/data-integrity.rst} of Linux.
 */
public final class ProtectionInformation {
    /** Fail when a guard is not that of its block. */
    public static final int CHECK_GUARD = LibcConstants.IO_INTEGRITY_CHK_GUARD;

    /** Fail when a reference is not its block's: from {@link #seed} on, one more a block. */
    public static final int CHECK_REFTAG = LibcConstants.IO_INTEGRITY_CHK_REFTAG;

    /** Fail when the application's bytes are not those of {@link #appTag}. */
    public static final int CHECK_APPTAG = LibcConstants.IO_INTEGRITY_CHK_APPTAG;

    private final MemorySegment memory;
    private MemorySegment tuples;

    private ProtectionInformation(MemorySegment memory, MemorySegment tuples) {
        this.memory = memory;
        this.tuples = tuples;
    }

    /**
     * Checks nothing as yet.
     *
     * @param arena what this is allocated in; not where the tuples are
     * @param tuples what is written, or read into, as many as the request has blocks; the kernel's
     *     until the request has completed
     */
    public static ProtectionInformation of(Arena arena, MemorySegment tuples) {
        MemorySegment memory = arena.allocate(SIZEOF, Long.BYTES);
        return new ProtectionInformation(memory, tuples).tuples(tuples);
    }

    /** Sets other tuples. */
    public ProtectionInformation tuples(MemorySegment tuples) {
        memory.set(JAVA_LONG, ADDR, Encoder.address(tuples, "the tuples"));
        memory.set(JAVA_INT, LEN, Encoder.length(tuples, "the tuples"));
        this.tuples = tuples;
        return this;
    }

    /**
     * Sets what is checked.
     *
     * @param flags {@link #CHECK_GUARD}, {@link #CHECK_REFTAG}, {@link #CHECK_APPTAG}, or'ed
     */
    public ProtectionInformation check(int flags) {
        if ((flags & ~(CHECK_GUARD | CHECK_REFTAG | CHECK_APPTAG)) != 0) {
            throw new IllegalArgumentException("there are no such checks: flags=" + flags);
        }
        memory.set(JAVA_SHORT, FLAGS, (short) flags);
        return this;
    }

    /** Sets the application's bytes, 0 to 65535. */
    public ProtectionInformation appTag(int tag) {
        if ((tag & ~0xffff) != 0) {
            throw new IllegalArgumentException("a tag has 16 bits: tag=" + tag);
        }
        memory.set(JAVA_SHORT, APP_TAG, (short) tag);
        return this;
    }

    /** Sets the reference of the first block, mostly its number. */
    public ProtectionInformation seed(long seed) {
        memory.set(JAVA_LONG, SEED, seed);
        return this;
    }

    /**
     * Its address, after a check that it and the tuples are alive.
     *
     * @param reads whether the tuples are written to
     */
    long address(boolean reads) {
        Encoder.address(reads ? Encoder.writable(tuples, "the tuples") : tuples, "the tuples");
        return Encoder.address(memory, "the protection information");
    }
}
