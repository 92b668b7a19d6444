package org.uring4j.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.uring4j.internal.uapi.LibcConstants.AF_INET;
import static org.uring4j.internal.uapi.LibcConstants.AF_INET6;
import static org.uring4j.internal.uapi.LibcConstants.AF_UNIX;
import static org.uring4j.internal.uapi.LibcConstants.O_CREAT;
import static org.uring4j.internal.uapi.LibcConstants.O_DIRECTORY;
import static org.uring4j.internal.uapi.LibcConstants.O_LARGEFILE;
import static org.uring4j.internal.uapi.LibcConstants.O_RDONLY;
import static org.uring4j.internal.uapi.LibcConstants.O_RDWR;
import static org.uring4j.internal.uapi.LibcConstants.O_WRONLY;
import static org.uring4j.internal.uapi.LibcConstants.RESOLVE_BENEATH;
import static org.uring4j.internal.uapi.LibcConstants.RESOLVE_NO_SYMLINKS;
import static org.uring4j.internal.uapi.LibcConstants.SOCK_CLOEXEC;
import static org.uring4j.internal.uapi.LibcConstants.SOCK_DGRAM;
import static org.uring4j.internal.uapi.LibcConstants.SOCK_STREAM;

import org.junit.jupiter.api.Test;
import org.uring4j.internal.uapi.IoUringBpfCtx;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What compiled rules let pass, by running the programs over contexts as the kernel makes them. */
class FilterCompilerTest {
    private static ByteBuffer context(int flags) {
        return ByteBuffer.allocate(IoUringBpfCtx.SIZEOF)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, 0x1122_3344_5566_7788L)
                .put(IoUringBpfCtx.OPCODE, (byte) 0xff)
                .put(IoUringBpfCtx.SQE_FLAGS, (byte) flags)
                .put(IoUringBpfCtx.PDU_SIZE, (byte) 24);
    }

    private static ByteBuffer socket(int family, int type, int protocol) {
        return context(0)
                .putInt(IoUringBpfCtx.SOCKET_FAMILY, family)
                .putInt(IoUringBpfCtx.SOCKET_TYPE, type)
                .putInt(IoUringBpfCtx.SOCKET_PROTOCOL, protocol);
    }

    private static ByteBuffer open(long flags, long resolve) {
        return context(0)
                .putLong(IoUringBpfCtx.OPEN_FLAGS, flags)
                .putLong(IoUringBpfCtx.OPEN_MODE, 0644)
                .putLong(IoUringBpfCtx.OPEN_RESOLVE, resolve);
    }

    private static ByteBuffer connect(String address, int port) {
        byte[] bytes = InetAddress.ofLiteral(address).getAddress();
        return context(0)
                .putInt(IoUringBpfCtx.CONNECT_FAMILY, bytes.length == 4 ? AF_INET : AF_INET6)
                .put(IoUringBpfCtx.CONNECT_PORT, (byte) (port >> 8))
                .put(IoUringBpfCtx.CONNECT_PORT + 1, (byte) port)
                .put(IoUringBpfCtx.CONNECT_V6_ADDR, bytes);
    }

    private static boolean allows(ByteBuffer context, FilterRule... rules) {
        return BpfInterpreter.allows(FilterCompiler.compile(List.of(rules)), context);
    }

    private static FilterRule to(String network, int prefix, int first, int last) {
        return FilterRule.connect(InetAddress.ofLiteral(network), prefix, first, last);
    }

    @Test
    void shouldDenyWithoutRules() {
        assertThat(allows(context(0))).isFalse();
        assertThat(BpfInterpreter.allows(FilterCompiler.constant(true), context(0))).isTrue();
        assertThat(BpfInterpreter.allows(FilterCompiler.constant(false), context(0))).isFalse();
    }

    @Test
    void shouldLookAtEachFlag() {
        for (SqeFlag flag : SqeFlag.values()) {
            Set<SqeFlag> one = Set.of(flag);
            int bit = SqeFlag.bits(one);
            FilterRule allowed = FilterRule.flags(one, Set.of());
            FilterRule required = FilterRule.flags(Set.of(), one);
            for (int flags = 0; flags < 0x80; flags++) {
                assertThat(allows(context(flags), allowed)).isEqualTo((flags & ~bit) == 0);
                assertThat(allows(context(flags), required)).isEqualTo(flags == bit);
            }
        }
        assertThat(allows(context(0), FilterRule.flags(Set.of(), Set.of()))).isTrue();
        assertThat(allows(context(0x80), FilterRule.flags(Set.of(), Set.of()))).isFalse();
    }

    @Test
    void shouldLookAtFamilyTypeAndProtocol() {
        FilterRule tcp = FilterRule.socket(AF_INET, SOCK_STREAM, 6);
        assertThat(allows(socket(AF_INET, SOCK_STREAM, 6), tcp)).isTrue();
        assertThat(allows(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 6), tcp)).isTrue();
        assertThat(allows(socket(AF_INET6, SOCK_STREAM, 6), tcp)).isFalse();
        assertThat(allows(socket(AF_INET, SOCK_DGRAM, 6), tcp)).isFalse();
        assertThat(allows(socket(AF_INET, SOCK_STREAM, 0), tcp)).isFalse();
        FilterRule unix = FilterRule.socket(AF_UNIX, FilterRule.ANY, FilterRule.ANY);
        assertThat(allows(socket(AF_UNIX, SOCK_DGRAM, 9), unix)).isTrue();
        assertThat(allows(socket(AF_INET, SOCK_DGRAM, 9), unix)).isFalse();
        assertThat(allows(socket(AF_UNIX, 1, 0), tcp, unix)).isTrue();
        assertThat(allows(socket(AF_INET, SOCK_STREAM, 6), unix, tcp)).isTrue();
        assertThat(allows(socket(AF_INET6, SOCK_STREAM, 6), unix, tcp)).isFalse();
    }

    @Test
    void shouldLookAtHowAFileIsOpened() {
        FilterRule.Open read = FilterRule.openToRead();
        assertThat(allows(open(O_RDONLY | O_LARGEFILE, 0), read)).isTrue();
        assertThat(allows(open(O_RDONLY, RESOLVE_NO_SYMLINKS), read)).isTrue();
        assertThat(allows(open(O_WRONLY, 0), read)).isFalse();
        assertThat(allows(open(O_RDWR, 0), read)).isFalse();
        assertThat(allows(open(3, 0), read)).isFalse();
        assertThat(allows(open(O_CREAT, 0), read)).isFalse();
        assertThat(allows(open(1L << 32, 0), read)).isFalse();
        assertThat(allows(open(O_WRONLY, 0), FilterRule.openToWrite())).isTrue();
        assertThat(allows(open(O_RDONLY, 0), FilterRule.openToWrite())).isFalse();
        for (int access = 0; access < 4; access++) {
            assertThat(allows(open(access, 0), FilterRule.open())).isEqualTo(access < 3);
        }
        FilterRule.Open create = FilterRule.open().allowing(O_CREAT);
        assertThat(allows(open(O_WRONLY | O_CREAT, 0), create)).isTrue();
        assertThat(allows(open(O_WRONLY, 0), create)).isTrue();
        assertThat(allows(open(O_WRONLY | O_DIRECTORY, 0), create)).isFalse();
        FilterRule.Open directory = read.requiring(O_DIRECTORY);
        assertThat(allows(open(O_DIRECTORY, 0), directory)).isTrue();
        assertThat(allows(open(O_RDONLY, 0), directory)).isFalse();
    }

    @Test
    void shouldLookAtHowAPathIsResolved() {
        FilterRule beneath =
                FilterRule.openToRead()
                        .allowingResolve(RESOLVE_NO_SYMLINKS)
                        .requiringResolve(RESOLVE_BENEATH);
        assertThat(allows(open(0, RESOLVE_BENEATH), beneath)).isTrue();
        assertThat(allows(open(0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), beneath)).isTrue();
        assertThat(allows(open(0, RESOLVE_NO_SYMLINKS), beneath)).isFalse();
        assertThat(allows(open(0, 0), beneath)).isFalse();
        assertThat(allows(open(0, RESOLVE_BENEATH | 0x20), beneath)).isFalse();
        assertThat(allows(open(0, RESOLVE_BENEATH | 1L << 40), beneath)).isFalse();
    }

    @Test
    void shouldLookAtAddressAndPort() {
        FilterRule one = FilterRule.connect(new InetSocketAddress("192.0.2.7", 443));
        assertThat(allows(connect("192.0.2.7", 443), one)).isTrue();
        assertThat(allows(connect("192.0.2.7", 442), one)).isFalse();
        assertThat(allows(connect("192.0.2.7", 444), one)).isFalse();
        assertThat(allows(connect("192.0.2.7", 443 << 8 & 0xffff), one)).isFalse();
        assertThat(allows(connect("192.0.2.8", 443), one)).isFalse();
        FilterRule range = to("0.0.0.0", 0, 1000, 40000);
        for (int port : new int[] {0, 999, 1000, 1001, 39999, 40000, 40001, 65535}) {
            assertThat(allows(connect("203.0.113.1", port), range))
                    .isEqualTo(port >= 1000 && port <= 40000);
        }
        assertThat(allows(connect("::1", 1000), range)).isFalse();
        assertThat(allows(connect("::1", 1), FilterRule.connect(AF_INET6))).isTrue();
        assertThat(allows(connect("127.0.0.1", 1), FilterRule.connect(AF_INET6))).isFalse();
    }

    @Test
    void shouldLookAtSoManyBitsOfTheAddress() {
        for (int prefix = 0; prefix <= 32; prefix++) {
            FilterRule rule = to("170.85.204.51", prefix, 0, 65535);
            assertThat(allows(connect("170.85.204.51", 1), rule)).isTrue();
            for (int bit = 0; bit < 32; bit++) {
                byte[] flipped = InetAddress.ofLiteral("170.85.204.51").getAddress();
                flipped[bit / 8] ^= (byte) (0x80 >> bit % 8);
                ByteBuffer context = connect("0.0.0.0", 1);
                context.put(IoUringBpfCtx.CONNECT_V4_ADDR, flipped);
                assertThat(allows(context, rule)).isEqualTo(bit >= prefix);
            }
        }
        String address = "2001:db8:1234:5678:9abc:def0:1357:2468";
        for (int prefix = 0; prefix <= 128; prefix++) {
            FilterRule rule = to(address, prefix, 0, 65535);
            for (int bit = 0; bit < 128; bit++) {
                byte[] flipped = InetAddress.ofLiteral(address).getAddress();
                flipped[bit / 8] ^= (byte) (0x80 >> bit % 8);
                ByteBuffer context = connect("::", 1);
                context.put(IoUringBpfCtx.CONNECT_V6_ADDR, flipped);
                assertThat(allows(context, rule)).isEqualTo(bit >= prefix);
            }
        }
    }

    @Test
    void shouldJoinRulesAndTakeManyOfThem() {
        FilterRule both =
                FilterRule.flags(Set.of(), Set.of(SqeFlag.ASYNC))
                        .and(FilterRule.socket(AF_INET, SOCK_STREAM, FilterRule.ANY));
        ByteBuffer socket = socket(AF_INET, SOCK_STREAM, 0);
        assertThat(allows(socket, both)).isFalse();
        socket.put(IoUringBpfCtx.SQE_FLAGS, (byte) SqeFlag.bits(Set.of(SqeFlag.ASYNC)));
        assertThat(allows(socket, both)).isTrue();
        List<FilterRule> many = new ArrayList<>();
        for (int port = 1; port <= 250; port++) {
            many.add(to("127.0.0.0", 8, 3 * port, 3 * port));
        }
        long[] program = FilterCompiler.compile(many);
        for (int port = 1; port <= 750; port++) {
            assertThat(BpfInterpreter.allows(program, connect("127.1.2.3", port)))
                    .isEqualTo(port % 3 == 0);
        }
    }

    @Test
    void shouldRefuseProgramsTheKernelWould() {
        List<FilterRule> tooMany = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            tooMany.add(to("127.0.0.0", 8, 1, i + 1));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterCompiler.compile(tooMany))
                .withMessageContaining("4096");
        FilterRule rule = FilterRule.connect(AF_INET);
        FilterRule tooLong = rule;
        for (int i = 0; i < 200; i++) {
            tooLong = tooLong.and(rule);
        }
        List<FilterRule> long1 = List.of(tooLong);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterCompiler.compile(long1))
                .withMessageContaining("too long");
    }

    @Test
    void shouldRefuseRulesThatCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterRule.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> to("127.0.0.1", 33, 1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> to("127.0.0.1", 8, 2, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> to("127.0.0.1", 8, 1, 65536));
        assertThatIllegalArgumentException().isThrownBy(() -> FilterRule.open().allowing(O_WRONLY));
    }
}
