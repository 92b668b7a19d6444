package org.uring4j.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

class SockAddrTest {
    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "255.254.253.252", "::", "::1", "fe80::a:b"})
    void shouldReadBackWhatWasSet(String host) {
        try (Arena arena = Arena.ofConfined()) {
            for (int port : new int[] {0, 1, 255, 256, 65535}) {
                SocketAddress address = new InetSocketAddress(InetAddress.ofLiteral(host), port);
                assertThat(SockAddr.of(arena, address).address()).isEqualTo(address);
            }
        }
    }

    @Test
    void shouldLayOutAsTheKernelHasIt() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            SockAddr address = SockAddr.of(arena, new InetSocketAddress("1.2.3.4", 0x1234));
            assertThat(address.raw().toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(2, 0, 0x12, 0x34, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0);
            byte[] bytes = new byte[16];
            bytes[0] = (byte) 0xfe;
            bytes[1] = (byte) 0x80;
            InetAddress scoped = Inet6Address.getByAddress(null, bytes, 7);
            address.set(new InetSocketAddress(scoped, 80));
            assertThat(address.length()).isEqualTo(28);
            assertThat(address.family()).isEqualTo(Sockets.AF_INET6);
            assertThat(address.raw().get(ValueLayout.JAVA_INT, 24)).isEqualTo(7);
            InetSocketAddress back = (InetSocketAddress) address.address();
            assertThat(((Inet6Address) back.getAddress()).getScopeId()).isEqualTo(7);
        }
    }

    @Test
    void shouldKeepMappedAddressOneOfVersion6() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
        try (Arena arena = Arena.ofConfined()) {
            InetAddress address = Inet6Address.getByAddress(null, mapped, -1);
            SockAddr native6 = SockAddr.of(arena, new InetSocketAddress(address, 5));
            assertThat(native6.family()).isEqualTo(Sockets.AF_INET6);
            InetSocketAddress back = (InetSocketAddress) native6.address();
            assertThat(back.getAddress()).isInstanceOf(Inet6Address.class);
            assertThat(back.getAddress().getAddress()).isEqualTo(mapped);
        }
    }

    @Test
    void shouldHoldUnixAddressesOfAllKinds() {
        try (Arena arena = Arena.ofConfined()) {
            SockAddr address = SockAddr.allocate(arena);
            for (String path : new String[] {"/tmp/x", "x".repeat(107), ""}) {
                SocketAddress unix = UnixDomainSocketAddress.of(path);
                assertThat(address.set(unix).address()).isEqualTo(unix);
                assertThat(address.length()).isEqualTo(path.isEmpty() ? 2 : 2 + path.length() + 1);
            }
            address.setAbstract(new byte[] {'a', 0, 'b'});
            assertThat(address.raw().toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(1, 0, 0, 'a', 0, 'b');
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(address::address)
                    .withMessageContaining("abstract");
        }
    }

    @Test
    void shouldRejectWhatIsNoAddress() {
        try (Arena arena = Arena.ofConfined()) {
            SockAddr address = SockAddr.allocate(arena);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> address.set(InetSocketAddress.createUnresolved("x", 1)))
                    .withMessageContaining("not resolved");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> address.set(UnixDomainSocketAddress.of("x".repeat(108))))
                    .withMessageContaining("bytes=108 max=107");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> address.set(new SocketAddress() {}))
                    .withMessageContaining("class=");
            assertThatIllegalArgumentException().isThrownBy(() -> address.setAbstract(new byte[0]));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> address.setAbstract(new byte[108]));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> address.setRaw(arena.allocate(129)));
        }
    }

    @Test
    void shouldNotReadBeyondAnAddressCutShort() {
        try (Arena arena = Arena.ofConfined()) {
            SockAddr full = SockAddr.of(arena, new InetSocketAddress("1.2.3.4", 80));
            for (int size = 2; size < 16; size++) {
                MemorySegment cut = full.raw().asSlice(0, size);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> SockAddr.read(cut))
                        .withMessageContaining("cut short");
            }
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> SockAddr.read(full.raw().asSlice(0, 1)));
            SockAddr empty = SockAddr.allocate(arena);
            assertThat(empty.length()).isZero();
            assertThat(empty.family()).isZero();
            assertThat(empty.raw().byteSize()).isZero();
            // A length that no kernel would write.
            empty.length(-1);
            assertThat(empty.length()).isEqualTo(SockAddr.MAX_LENGTH);
        }
    }

    @Test
    void shouldTakeAddressOfAnyFamily() {
        try (Arena arena = Arena.ofConfined()) {
            byte[] vsock = {40, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0};
            SockAddr address = SockAddr.allocate(arena).setRaw(MemorySegment.ofArray(vsock));
            assertThat(address.family()).isEqualTo(40);
            assertThat(address.raw().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(vsock);
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(address::address)
                    .withMessageContaining("family=40 length=16");
        }
    }
}
