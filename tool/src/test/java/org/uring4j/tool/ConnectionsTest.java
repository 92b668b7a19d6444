package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.RingConfig;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

class ConnectionsTest {
    @Test
    void shouldListenAgainWhereConnectionsLinger() throws Exception {
        Needs.that(Kernel.current().has("IORING_OP_LISTEN"), "listening by a ring: Linux 6.11");
        InetSocketAddress address = free();
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Connections connections = new Connections(ring);
            for (int i = 0; i < 2; i++) {
                int listener = connections.listen(address);
                try (Socket peer = new Socket(address.getAddress(), address.getPort())) {
                    // Whoever closes first has the connection linger.
                    connections.close(connections.accept(listener));
                    assertThat(peer.getInputStream().read()).isEqualTo(-1);
                }
                connections.close(listener);
            }
        }
    }

    private static InetSocketAddress free() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket socket = new ServerSocket(0, 1, loopback)) {
            return new InetSocketAddress(loopback, socket.getLocalPort());
        }
    }
}
