package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Kernel;
import org.uring4j.KernelFeature;
import org.uring4j.KernelFeature.Kind;
import org.uring4j.KernelVersion;
import org.uring4j.NetworkInterfaceFitness;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingSetup;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;

/**
 * What is told of the running kernel, by {@code IORING_REGISTER_QUERY} or, before Linux 6.18,
 * {@code IORING_REGISTER_PROBE}.
 */
class KernelTest {
    private final Kernel kernel = Kernel.current();

    @Test
    void shouldKnowWhichKernelItIs() {
        assertThat(kernel.release()).startsWith(kernel.version().toString());
        assertThat(kernel.version()).isEqualTo(KernelVersion.running());
        assertThat(kernel.available()).isTrue();
        assertThat(kernel.obstacle()).isEmpty();
        assertThat(Kernel.current()).isSameAs(kernel);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldKnowEveryKind(Kind kind) {
        List<KernelFeature> features = kernel.features(kind);
        assertThat(features).isNotEmpty().allMatch(feature -> feature.kind() == kind);
        assertThat(kernel.features()).containsAll(features);
        for (KernelFeature feature : features) {
            assertThat(feature.name()).endsWith(feature.shortName());
            assertThat(kernel.feature(feature.name())).contains(feature);
            assertThat(kernel.has(feature.name())).isEqualTo(feature.present());
        }
    }

    @Test
    void shouldHaveWhatEveryKernelHas() {
        assertThat(
                        List.of(
                                "IORING_OP_NOP",
                                "IORING_OP_SPLICE",
                                "IORING_REGISTER_PROBE",
                                "IORING_SETUP_IOPOLL",
                                "IORING_ENTER_GETEVENTS",
                                "IOSQE_IO_LINK",
                                "IORING_FEAT_NODROP"))
                .allMatch(kernel::has);
        assertThat(kernel.feature("IORING_OP_NO_SUCH")).isEmpty();
        assertThat(kernel.has("IORING_OP_NO_SUCH")).isFalse();
    }

    @Test
    void shouldAgreeWithRing() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            RingSetup setup = ring.setup();
            assertThat(setup.flagNames()).allMatch(flag -> kernel.has("IORING_SETUP_" + flag));
            assertThat(setup.leftOutNames()).noneMatch(flag -> kernel.has("IORING_SETUP_" + flag));
            assertThat(setup.featureNames())
                    .containsExactlyElementsOf(
                            kernel.features(Kind.FEATURE).stream()
                                    .filter(KernelFeature::present)
                                    .map(KernelFeature::shortName)
                                    .toList());
        }
    }

    @Test
    void shouldTellEachInterface() throws SocketException {
        List<NetworkInterfaceFitness> interfaces = kernel.zcrx().interfaces();
        assertThat(interfaces).isNotEmpty();
        // The JDK lists those that have an address.
        NetworkInterface.networkInterfaces()
                .filter(other -> !other.isVirtual())
                .forEach(
                        other ->
                                assertThat(interfaces)
                                        .filteredOn(fit -> fit.name().equals(other.getName()))
                                        .singleElement()
                                        .satisfies(
                                                fit ->
                                                        assertThat(fit.index())
                                                                .isEqualTo(other.getIndex()))
                                        .satisfies(fit -> assertThat(fit.rxQueues()).isPositive()));
    }

    @Test
    void shouldTellRefillHeaderWhereKernelDoes() {
        Needs.kernel("6.19", "IO_URING_QUERY_ZCRX");
        assertThat(kernel.zcrx().refillHeaderBytes().orElseThrow()).isPositive();
        assertThat(kernel.ringHeaderBytes().orElseThrow()).isPositive();
    }
}
