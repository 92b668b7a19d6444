package org.uring4j.op;

import static org.uring4j.internal.uapi.NvmeUringCmd.CDW10;
import static org.uring4j.internal.uapi.NvmeUringCmd.CDW2;
import static org.uring4j.internal.uapi.NvmeUringCmd.METADATA;
import static org.uring4j.internal.uapi.NvmeUringCmd.METADATA_LEN;
import static org.uring4j.internal.uapi.NvmeUringCmd.NSID;
import static org.uring4j.internal.uapi.NvmeUringCmd.OPCODE;
import static org.uring4j.internal.uapi.NvmeUringCmd.TIMEOUT_MS;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What an NVMe command says, but for its data ({@code struct nvme_uring_cmd}): filled in once, and
 * used for any number of requests of {@link NvmeCommands}, which copy it.
 *
 * <pre>
 *   0        1       4           8        12       16         24       32         36
 *   +--------+-------+-----------+--------+--------+----------+--------+----------+----------+
 *   | opcode |       | namespace |  cdw2  |  cdw3  | metadata |  data  | metadata |   data   |
 *   |        |       |           |        |        | address  | address| length   |  length  |
 *   +--------+-------+-----------+--------+--------+----------+--------+----------+----------+
 *   40                                64           68
 *   +--------+--------+--- ... -------+------------+------------+
 *   | cdw10  | cdw11  |  ...    cdw15 | timeout ms |            |
 *   +--------+--------+--- ... -------+------------+------------+
 * </pre>
 *
 * <p>The command's words are what the NVM Express Base Specification and the specifications of the
 * command sets call CDW; they are little-endian as Java's {@code int} is on the machines this
 * library runs on. Source: {@code linux/nvme_ioctl.h}.
 */
public final class NvmeCommand {
    /** Of a namespace with blocks: write what is cached to the medium. */
    public static final int FLUSH = 0x00;

    /** Of a namespace with blocks: write blocks. */
    public static final int WRITE = 0x01;

    /** Of a namespace with blocks: read blocks. */
    public static final int READ = 0x02;

    /** Of a controller: tell about controller or namespace, 4096 bytes. */
    public static final int ADMIN_IDENTIFY = 0x06;

    /** As namespace: every one there is. */
    public static final int ALL_NAMESPACES = -1;

    private static final int FIRST_WORD = 10;
    private static final int MAX_BLOCKS = 1 << 16;

    private int opcode;
    private int namespace;
    private long cdw2and3;
    private MemorySegment metadata = MemorySegment.NULL;
    private final int[] words = new int[6];
    private int timeout;

    /** A command of which all is 0. */
    public NvmeCommand() {}

    /** Sets all to 0 again. */
    public NvmeCommand clear() {
        opcode = 0;
        namespace = 0;
        cdw2and3 = 0;
        metadata = MemorySegment.NULL;
        Arrays.fill(words, 0);
        timeout = 0;
        return this;
    }

    /**
     * What is to be done.
     *
     * @param value 0 to 255, as {@link #READ}; its lowest two bits say which way data goes
     */
    public NvmeCommand opcode(int value) {
        if ((value & ~0xff) != 0) {
            throw new IllegalArgumentException("an NVMe opcode is 0 to 255: opcode=" + value);
        }
        opcode = value;
        return this;
    }

    /**
     * To which namespace.
     *
     * @param id from 1; through a namespace's device, that namespace's only
     */
    public NvmeCommand namespace(int id) {
        namespace = id;
        return this;
    }

    /** The words 2 and 3. */
    public NvmeCommand cdw2and3(int cdw2, int cdw3) {
        cdw2and3 = (cdw2 & 0xffff_ffffL) | (long) cdw3 << 32;
        return this;
    }

    /**
     * A word of the command.
     *
     * @param number 10 to 15
     * @param value what the opcode has there
     */
    public NvmeCommand cdw(int number, int value) {
        if (number < FIRST_WORD || number >= FIRST_WORD + words.length) {
            throw new IllegalArgumentException("the words are CDW10 to CDW15: number=" + number);
        }
        words[number - FIRST_WORD] = value;
        return this;
    }

    /**
     * The words 10 to 12 of a command that acts on blocks.
     *
     * @param first the first block's number
     * @param count how many, 1 to 65536
     */
    public NvmeCommand blocks(long first, int count) {
        if (count < 1 || count > MAX_BLOCKS) {
            throw new IllegalArgumentException("1 to 65536 blocks at a time: count=" + count);
        }
        words[0] = (int) first;
        words[1] = (int) (first >>> 32);
        words[2] = (words[2] & 0xffff_0000) | (count - 1);
        return this;
    }

    /**
     * The blocks' metadata, where it is apart from their data; a whole number of four bytes that
     * begins at a multiple of four.
     *
     * @param memory the kernel's until each request has completed; {@link MemorySegment#NULL} for
     *     none
     */
    public NvmeCommand metadata(MemorySegment memory) {
        metadata = memory;
        return this;
    }

    /**
     * How long it may take before the driver gives it up.
     *
     * @param millis in milliseconds, 0 for as long as the driver chooses
     */
    public NvmeCommand timeoutMillis(int millis) {
        timeout = millis;
        return this;
    }

    /** Fails when the metadata cannot be used, before anything is written. */
    void check() {
        Encoder.address(metadata, "the metadata");
        Encoder.length(metadata, "the metadata");
    }

    /** Writes it where all is 0; the data's address and length are left out. */
    void write(long to) {
        Memory.putByte(to + OPCODE, (byte) opcode);
        Memory.putInt(to + NSID, namespace);
        Memory.putLong(to + CDW2, cdw2and3);
        Memory.putLong(to + METADATA, metadata.address());
        Memory.putInt(to + METADATA_LEN, (int) metadata.byteSize());
        for (int i = 0; i < words.length; i++) {
            Memory.putInt(to + CDW10 + (long) Integer.BYTES * i, words[i]);
        }
        Memory.putInt(to + TIMEOUT_MS, timeout);
    }
}
