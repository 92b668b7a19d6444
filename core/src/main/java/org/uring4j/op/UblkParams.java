package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_BASIC;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_DISCARD;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_DMA_ALIGN;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_INTEGRITY;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_SEGMENT;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_PARAM_TYPE_ZONED;
import static org.uring4j.internal.uapi.UblkParams.BASIC_ATTRS;
import static org.uring4j.internal.uapi.UblkParams.BASIC_CHUNK_SECTORS;
import static org.uring4j.internal.uapi.UblkParams.BASIC_DEV_SECTORS;
import static org.uring4j.internal.uapi.UblkParams.BASIC_IO_MIN_SHIFT;
import static org.uring4j.internal.uapi.UblkParams.BASIC_IO_OPT_SHIFT;
import static org.uring4j.internal.uapi.UblkParams.BASIC_LOGICAL_BS_SHIFT;
import static org.uring4j.internal.uapi.UblkParams.BASIC_MAX_SECTORS;
import static org.uring4j.internal.uapi.UblkParams.BASIC_PHYSICAL_BS_SHIFT;
import static org.uring4j.internal.uapi.UblkParams.BASIC_VIRT_BOUNDARY_MASK;
import static org.uring4j.internal.uapi.UblkParams.DEVT_CHAR_MAJOR;
import static org.uring4j.internal.uapi.UblkParams.DEVT_CHAR_MINOR;
import static org.uring4j.internal.uapi.UblkParams.DEVT_DISK_MAJOR;
import static org.uring4j.internal.uapi.UblkParams.DEVT_DISK_MINOR;
import static org.uring4j.internal.uapi.UblkParams.DISCARD_DISCARD_ALIGNMENT;
import static org.uring4j.internal.uapi.UblkParams.DISCARD_DISCARD_GRANULARITY;
import static org.uring4j.internal.uapi.UblkParams.DISCARD_MAX_DISCARD_SECTORS;
import static org.uring4j.internal.uapi.UblkParams.DISCARD_MAX_DISCARD_SEGMENTS;
import static org.uring4j.internal.uapi.UblkParams.DISCARD_MAX_WRITE_ZEROES_SECTORS;
import static org.uring4j.internal.uapi.UblkParams.DMA_ALIGNMENT;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_CSUM_TYPE;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_FLAGS;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_INTERVAL_EXP;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_MAX_INTEGRITY_SEGMENTS;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_METADATA_SIZE;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_PI_OFFSET;
import static org.uring4j.internal.uapi.UblkParams.INTEGRITY_TAG_SIZE;
import static org.uring4j.internal.uapi.UblkParams.LEN;
import static org.uring4j.internal.uapi.UblkParams.SEG_MAX_SEGMENTS;
import static org.uring4j.internal.uapi.UblkParams.SEG_MAX_SEGMENT_SIZE;
import static org.uring4j.internal.uapi.UblkParams.SEG_SEG_BOUNDARY_MASK;
import static org.uring4j.internal.uapi.UblkParams.SIZEOF;
import static org.uring4j.internal.uapi.UblkParams.TYPES;
import static org.uring4j.internal.uapi.UblkParams.ZONED_MAX_ACTIVE_ZONES;
import static org.uring4j.internal.uapi.UblkParams.ZONED_MAX_OPEN_ZONES;
import static org.uring4j.internal.uapi.UblkParams.ZONED_MAX_ZONE_APPEND_SECTORS;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * How large a block device of one's own is, and what it can do ({@code struct ublk_params}); for
 * {@link UblkControl}. Its memory is its arena's.
 *
 * <p>Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkParams {
    /** Attribute: it can only be read. */
    public static final int ATTR_READ_ONLY = LibcConstants.UBLK_ATTR_READ_ONLY;

    /** Attribute: seeking takes time. */
    public static final int ATTR_ROTATIONAL = LibcConstants.UBLK_ATTR_ROTATIONAL;

    /** Attribute: what is written is safe only after a flush. */
    public static final int ATTR_VOLATILE_CACHE = LibcConstants.UBLK_ATTR_VOLATILE_CACHE;

    /** Attribute: single writes can be made safe ({@link UblkQueue#F_FUA}). */
    public static final int ATTR_FUA = LibcConstants.UBLK_ATTR_FUA;

    /** Of {@link #integrity}: it checks the information itself. */
    public static final int PI_INTEGRITY = LibcConstants.LBMD_PI_CAP_INTEGRITY;

    /** Of {@link #integrity}: the information says which block it is of. */
    public static final int PI_REFTAG = LibcConstants.LBMD_PI_CAP_REFTAG;

    /** Of {@link #integrity}: no checksum. */
    public static final int CSUM_NONE = LibcConstants.LBMD_PI_CSUM_NONE;

    /** Of {@link #integrity}: the internet's checksum, in 8 bytes of information. */
    public static final int CSUM_IP = LibcConstants.LBMD_PI_CSUM_IP;

    /** Of {@link #integrity}: the CRC of T10 DIF, in 8 bytes of information. */
    public static final int CSUM_CRC16_T10DIF = LibcConstants.LBMD_PI_CSUM_CRC16_T10DIF;

    /** Of {@link #integrity}: the CRC of 64 bits of NVMe, in 16 bytes of information. */
    public static final int CSUM_CRC64_NVME = LibcConstants.LBMD_PI_CSUM_CRC64_NVME;

    /** How many bytes a sector has, whatever a block has. */
    public static final int SECTOR = 512;

    private static final long MAX_SECTORS = 0xffff_ffffL;

    private final MemorySegment memory;

    private UblkParams(MemorySegment memory) {
        this.memory = memory;
    }

    /**
     * Blocks of 512 bytes, requests of at most 512 KiB, no attributes.
     *
     * @param allocator what it is allocated from: an arena, or an {@link UblkPath}
     * @param size how many bytes the device has, a whole number of blocks
     */
    public static UblkParams allocate(SegmentAllocator allocator, long size) {
        UblkParams params = new UblkParams(allocator.allocate(SIZEOF, Long.BYTES));
        params.memory.set(JAVA_INT, LEN, SIZEOF);
        return params.with(UBLK_PARAM_TYPE_BASIC)
                .size(size)
                .blockSize(SECTOR, SECTOR)
                .ioSize(SECTOR, SECTOR)
                .maxIoBytes(512 << 10);
    }

    /** Sets how many bytes the device has, a whole number of blocks. */
    public UblkParams size(long bytes) {
        memory.set(JAVA_LONG, BASIC_DEV_SECTORS, sectors(bytes, Long.MAX_VALUE));
        return this;
    }

    /** Sets {@code ATTR_*}, or'ed. */
    public UblkParams attributes(int attributes) {
        memory.set(JAVA_INT, BASIC_ATTRS, attributes);
        return this;
    }

    /**
     * Sets the sizes of blocks, in bytes, powers of two.
     *
     * @param logical the least that is read or written, 512 to 4096
     * @param physical the least that is written without reading before, at least {@code logical}
     */
    public UblkParams blockSize(int logical, int physical) {
        memory.set(JAVA_BYTE, BASIC_LOGICAL_BS_SHIFT, shift(logical));
        memory.set(JAVA_BYTE, BASIC_PHYSICAL_BS_SHIFT, shift(physical));
        return this;
    }

    /**
     * Sets what is good to ask for at once, in bytes, powers of two.
     *
     * @param minimal the least
     * @param optimal the best
     */
    public UblkParams ioSize(int minimal, int optimal) {
        memory.set(JAVA_BYTE, BASIC_IO_MIN_SHIFT, shift(minimal));
        memory.set(JAVA_BYTE, BASIC_IO_OPT_SHIFT, shift(optimal));
        return this;
    }

    /** Sets how many bytes a request has at most; the device allows no more anyway. */
    public UblkParams maxIoBytes(int bytes) {
        memory.set(JAVA_INT, BASIC_MAX_SECTORS, (int) sectors(bytes, MAX_SECTORS));
        return this;
    }

    /**
     * Sets borders that no request crosses, as those of zones.
     *
     * @param bytes how far they are apart; 0 for none
     */
    public UblkParams chunkBytes(long bytes) {
        memory.set(JAVA_INT, BASIC_CHUNK_SECTORS, (int) sectors(bytes, MAX_SECTORS));
        return this;
    }

    /** Sets borders that pieces of a request's memory begin and end at: their size less one. */
    public UblkParams virtualBoundary(long mask) {
        memory.set(JAVA_LONG, BASIC_VIRT_BOUNDARY_MASK, mask);
        return this;
    }

    /**
     * It can discard, and write zeroes; sizes in bytes.
     *
     * @param granularity what discarding has an effect on
     * @param maxDiscard the most at once; 0 if it cannot
     * @param maxWriteZeroes the most at once; 0 if it cannot
     */
    public UblkParams discard(int granularity, long maxDiscard, long maxWriteZeroes) {
        memory.set(JAVA_INT, DISCARD_DISCARD_ALIGNMENT, 0);
        memory.set(JAVA_INT, DISCARD_DISCARD_GRANULARITY, granularity);
        int discard = (int) sectors(maxDiscard, MAX_SECTORS);
        memory.set(JAVA_INT, DISCARD_MAX_DISCARD_SECTORS, discard);
        int zeroes = (int) sectors(maxWriteZeroes, MAX_SECTORS);
        memory.set(JAVA_INT, DISCARD_MAX_WRITE_ZEROES_SECTORS, zeroes);
        memory.set(JAVA_SHORT, DISCARD_MAX_DISCARD_SEGMENTS, (short) 1);
        return with(UBLK_PARAM_TYPE_DISCARD);
    }

    /**
     * It has zones, of the size that {@link #chunkBytes} says. Since Linux 6.6.
     *
     * @param maxOpen how many can be open, 0 for any number
     * @param maxActive how many can be open or partly written, 0 for any number
     * @param maxAppend how many bytes are appended at once
     */
    public UblkParams zoned(int maxOpen, int maxActive, long maxAppend) {
        memory.set(JAVA_INT, ZONED_MAX_OPEN_ZONES, maxOpen);
        memory.set(JAVA_INT, ZONED_MAX_ACTIVE_ZONES, maxActive);
        int append = (int) sectors(maxAppend, MAX_SECTORS);
        memory.set(JAVA_INT, ZONED_MAX_ZONE_APPEND_SECTORS, append);
        return with(UBLK_PARAM_TYPE_ZONED);
    }

    /** What requests' memory is aligned to: that many bytes less one. Since Linux 6.15. */
    public UblkParams dmaAlignment(int mask) {
        memory.set(JAVA_INT, DMA_ALIGNMENT, mask);
        return with(UBLK_PARAM_TYPE_DMA_ALIGN);
    }

    /**
     * How a request's memory may be cut into pieces. Since Linux 6.15.
     *
     * @param boundaryMask what no piece crosses, in bytes, less one; at least 4095
     * @param maxBytes how many bytes a piece has at most, at least 4096
     * @param maxCount how many pieces there are at most, 1 to 65535
     */
    public UblkParams segments(long boundaryMask, int maxBytes, int maxCount) {
        if (maxCount < 1 || maxCount > 0xffff) {
            throw new IllegalArgumentException("1 to 65535 pieces: maxCount=" + maxCount);
        }
        memory.set(JAVA_LONG, SEG_SEG_BOUNDARY_MASK, boundaryMask);
        memory.set(JAVA_INT, SEG_MAX_SEGMENT_SIZE, maxBytes);
        memory.set(JAVA_SHORT, SEG_MAX_SEGMENTS, (short) maxCount);
        return with(UBLK_PARAM_TYPE_SEGMENT);
    }

    /**
     * Blocks carry metadata, of devices with {@link UblkDevice#F_INTEGRITY}. Since Linux 7.0.
     *
     * <p>Protection information is a part of it: 8 bytes, 16 with {@link #CSUM_CRC64_NVME}, none
     * with {@link #CSUM_NONE}.
     *
     * @param flags {@link #PI_INTEGRITY}, {@link #PI_REFTAG}, or'ed, or 0
     * @param interval how many bytes of data go with one piece of metadata: a power of two, 512 to
     *     the size of a block
     * @param bytes how many bytes such a piece has, 1 to 255
     * @param offset where in it the protection information begins
     * @param checksum {@code CSUM_*}
     * @param tagBytes how many bytes of it are the application's, 0 to 255
     */
    public UblkParams integrity(
            int flags, int interval, int bytes, int offset, int checksum, int tagBytes) {
        memory.set(JAVA_INT, INTEGRITY_FLAGS, flags);
        memory.set(JAVA_BYTE, INTEGRITY_INTERVAL_EXP, shift(interval));
        memory.set(JAVA_BYTE, INTEGRITY_METADATA_SIZE, unsignedByte(bytes, "bytes"));
        memory.set(JAVA_BYTE, INTEGRITY_PI_OFFSET, unsignedByte(offset, "offset"));
        memory.set(JAVA_BYTE, INTEGRITY_CSUM_TYPE, unsignedByte(checksum, "checksum"));
        memory.set(JAVA_BYTE, INTEGRITY_TAG_SIZE, unsignedByte(tagBytes, "tagBytes"));
        return with(UBLK_PARAM_TYPE_INTEGRITY);
    }

    /**
     * Sets how many pieces of memory a request's metadata may be in, after {@link #integrity}.
     *
     * @param count 1 to 65535; 0 for any number, as it is unless set
     */
    public UblkParams integritySegments(int count) {
        if ((count & ~0xffff) != 0) {
            throw new IllegalArgumentException("0 to 65535 pieces: count=" + count);
        }
        memory.set(JAVA_SHORT, INTEGRITY_MAX_INTEGRITY_SEGMENTS, (short) count);
        return this;
    }

    /** How many bytes the device has. */
    public long size() {
        return memory.get(JAVA_LONG, BASIC_DEV_SECTORS) * SECTOR;
    }

    /** {@code ATTR_*}, or'ed. */
    public int attributes() {
        return memory.get(JAVA_INT, BASIC_ATTRS);
    }

    /** How many bytes a block has. */
    public int blockSize() {
        return 1 << memory.get(JAVA_BYTE, BASIC_LOGICAL_BS_SHIFT);
    }

    /** Which character device it is served by, first number. Since Linux 6.3. */
    public int characterMajor() {
        return memory.get(JAVA_INT, DEVT_CHAR_MAJOR);
    }

    /** Which character device it is served by, second number. Since Linux 6.3. */
    public int characterMinor() {
        return memory.get(JAVA_INT, DEVT_CHAR_MINOR);
    }

    /** Which block device it is, first number; 0 as long as it is not started. Since Linux 6.3. */
    public int diskMajor() {
        return memory.get(JAVA_INT, DEVT_DISK_MAJOR);
    }

    /** Which block device it is, second number. Since Linux 6.3. */
    public int diskMinor() {
        return memory.get(JAVA_INT, DEVT_DISK_MINOR);
    }

    /** Its memory, after a check that it is alive. */
    MemorySegment memory() {
        Encoder.address(memory, "the parameters");
        return memory;
    }

    private UblkParams with(int type) {
        memory.set(JAVA_INT, TYPES, memory.get(JAVA_INT, TYPES) | type);
        return this;
    }

    private static byte shift(int bytes) {
        if (bytes < SECTOR || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException(
                    "a size is a power of two, 512 or more: bytes=" + bytes);
        }
        return (byte) Integer.numberOfTrailingZeros(bytes);
    }

    private static byte unsignedByte(int value, String what) {
        if ((value & ~0xff) != 0) {
            throw new IllegalArgumentException(what + " is 0 to 255: " + what + "=" + value);
        }
        return (byte) value;
    }

    private static long sectors(long bytes, long max) {
        if (bytes < 0 || bytes % SECTOR != 0 || bytes / SECTOR > max) {
            throw new IllegalArgumentException(
                    "a size is a multiple of 512: bytes=" + bytes + " max=" + max + " sectors");
        }
        return bytes / SECTOR;
    }
}
