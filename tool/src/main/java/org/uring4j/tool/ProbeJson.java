package org.uring4j.tool;

import com.fasterxml.jackson.jr.ob.JSON;

import org.jspecify.annotations.Nullable;
import org.uring4j.Kernel;
import org.uring4j.KernelAccess;
import org.uring4j.KernelFeature;
import org.uring4j.KernelZcrx;
import org.uring4j.NetworkInterfaceFitness;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What {@code uring4j probe --json} prints. What is not known is null. */
final class ProbeJson {
    private ProbeJson() {}

    static String of(Kernel kernel) throws IOException {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("release", kernel.release());
        json.put("version", kernel.version().toString());
        json.put("available", kernel.available());
        json.put("obstacle", kernel.obstacle().orElse(null));
        json.put("source", kernel.source().name().toLowerCase(Locale.ROOT));
        json.put("access", access(kernel.access()));
        Map<String, Object> features = new LinkedHashMap<>();
        for (KernelFeature.Kind kind : KernelFeature.Kind.values()) {
            features.put(
                    kind.name().toLowerCase(Locale.ROOT),
                    kernel.features(kind).stream().map(ProbeJson::feature).toList());
        }
        json.put("features", features);
        json.put("ringHeaderBytes", orNull(kernel.ringHeaderBytes()));
        json.put("zcrx", zcrx(kernel.zcrx()));
        return JSON.std
                .with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES)
                .asString(json);
    }

    private static Map<String, @Nullable Object> access(KernelAccess access) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("disabled", orNull(access.disabled()));
        json.put("group", orNull(access.group()));
        json.put("seccomp", access.seccomp().name().toLowerCase(Locale.ROOT));
        json.put("memlockBytes", orNull(access.memlockBytes()));
        json.put("capabilities", access.capabilities());
        json.put("limits", access.limits());
        return json;
    }

    private static Map<String, @Nullable Object> feature(KernelFeature feature) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", feature.name());
        json.put("since", feature.since().toString());
        json.put("present", feature.present());
        json.put("reason", feature.reason());
        return json;
    }

    private static Map<String, @Nullable Object> zcrx(KernelZcrx zcrx) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("available", zcrx.available());
        json.put("obstacles", zcrx.obstacles());
        json.put("refillHeaderBytes", orNull(zcrx.refillHeaderBytes()));
        json.put("refillHeaderAlignment", orNull(zcrx.refillHeaderAlignment()));
        json.put("statisticsBytes", orNull(zcrx.statisticsBytes()));
        json.put("interfaces", interfaces(zcrx.interfaces()));
        return json;
    }

    private static List<Map<String, Object>> interfaces(List<NetworkInterfaceFitness> all) {
        return all.stream()
                .map(
                        one -> {
                            Map<String, Object> json = new LinkedHashMap<>();
                            json.put("name", one.name());
                            json.put("index", one.index());
                            json.put("driver", one.driver());
                            json.put("state", one.state());
                            json.put("rxQueues", one.rxQueues());
                            json.put(
                                    "headerSplit",
                                    one.headerSplit().name().toLowerCase(Locale.ROOT));
                            json.put("fit", one.fit());
                            json.put("obstacles", one.obstacles());
                            return json;
                        })
                .toList();
    }

    private static @Nullable Integer orNull(OptionalInt value) {
        return value.isPresent() ? value.getAsInt() : null;
    }

    private static @Nullable Long orNull(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }
}
