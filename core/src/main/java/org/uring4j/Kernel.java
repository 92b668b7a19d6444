package org.uring4j;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the running kernel can do, and what this process may.
 *
 * <pre>{@code
 * Kernel kernel = Kernel.current();
 * if (!kernel.has("IORING_OP_SEND_ZC")) {
 *     System.out.println(kernel.feature("IORING_OP_SEND_ZC").orElseThrow().reason());
 * }
 * }</pre>
 *
 * <p>Found out by asking the kernel ({@code IORING_REGISTER_QUERY}, since Linux 6.18), on older
 * ones by {@code IORING_REGISTER_PROBE} and by trying on a small ring. Nothing here fails where
 * io_uring cannot be used: {@link #obstacle} then says why.
 *
 * <p>Source: {@code io_uring_register(2)}, {@code linux/io_uring/query.h}.
 */
public final class Kernel {
    private static volatile @Nullable Kernel known;

    /** How it was found out what the kernel has. */
    public enum Source {
        /** The kernel was asked. */
        QUERY,
        /** It was probed and tried. */
        TRIAL
    }

    private final String release;
    private final KernelProbe probe;
    private final Map<String, KernelFeature> features = new LinkedHashMap<>();

    Kernel(KernelProbe probe) {
        this.probe = probe;
        release = KernelVersion.runningRelease();
        for (KernelFeature feature : probe.features()) {
            features.put(feature.name(), feature);
        }
    }

    /**
     * The running kernel, asked ({@code IORING_REGISTER_QUERY}, since Linux 6.18) or probed ({@code
     * IORING_REGISTER_PROBE}, since Linux 5.6). Looked at once and kept, except that as long as
     * io_uring cannot be used, each call looks again.
     */
    public static Kernel current() {
        Kernel kernel = known;
        if (kernel == null) {
            kernel = new Kernel(KernelProbe.byQuery());
            if (kernel.available()) {
                known = kernel;
            }
        }
        return kernel;
    }

    /** The release by number. Features may have been carried over to it: ask {@link #has}. */
    public KernelVersion version() {
        return KernelVersion.parse(release);
    }

    /** The release as the kernel says it, for instance {@code 6.18.44-amd64}. */
    public String release() {
        return release;
    }

    /** How it was found out. */
    public Source source() {
        return probe.answer == null ? Source.TRIAL : Source.QUERY;
    }

    /** Whether this process can open rings. */
    public boolean available() {
        return probe.obstacle == null;
    }

    /** Why this process cannot open rings, and what to do about it. */
    public Optional<String> obstacle() {
        return Optional.ofNullable(probe.obstacle);
    }

    /** Everything that Linux has up to the release this library knows, whether here or not. */
    public List<KernelFeature> features() {
        return List.copyOf(features.values());
    }

    /** As {@link #features()}, of one kind. */
    public List<KernelFeature> features(KernelFeature.Kind kind) {
        return features.values().stream().filter(feature -> feature.kind() == kind).toList();
    }

    /**
     * One feature.
     *
     * @param name the kernel's name, as {@code IORING_SETUP_DEFER_TASKRUN}
     * @return empty when this library knows no such name
     */
    public Optional<KernelFeature> feature(String name) {
        return Optional.ofNullable(features.get(name));
    }

    /** Whether the kernel has what the name says, as {@code IORING_OP_SEND_ZC}. */
    public boolean has(String name) {
        KernelFeature feature = features.get(name);
        return feature != null && feature.present();
    }

    /** What this process is allowed to do; looked at anew by each call. */
    public KernelAccess access() {
        return KernelAccess.current();
    }

    /** What can be had of zero-copy receive; looks at the network interfaces anew. */
    public KernelZcrx zcrx() {
        return KernelZcrx.of(this, probe);
    }

    /**
     * How long the header in front of the completion entries is, in bytes, for laying out {@link
     * RingMemory}; empty where the kernel does not tell (before Linux 6.19).
     */
    public OptionalLong ringHeaderBytes() {
        KernelQuery.RingHeader header = probe.ringHeader;
        return header == null ? OptionalLong.empty() : OptionalLong.of(header.bytes());
    }

    @Override
    public String toString() {
        long present = features.values().stream().filter(KernelFeature::present).count();
        return "Kernel[release="
                + release
                + " available="
                + available()
                + " source="
                + source()
                + " features="
                + present
                + "/"
                + features.size()
                + "]";
    }
}
