package org.uring4j;

/**
 * Whether a network interface writes the headers of packets and their data to different memory,
 * which zero-copy receive needs ({@code tcp-data-split} of {@code ethtool(8)}).
 */
public enum HeaderSplit {
    /** It does. */
    ON,
    /** It could, and does not. */
    OFF,
    /** It does not tell. */
    UNKNOWN
}
