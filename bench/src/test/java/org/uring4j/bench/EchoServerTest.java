package org.uring4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

@Timeout(60)
class EchoServerTest {
    private Peer server;

    @BeforeEach
    void start() {
        String port = Integer.toString(EchoCommand.freePort());
        server =
                Peer.start(
                        "echo server",
                        Programs.echoServer(Engine.URING4J, "--port", port, "--until-eof"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void echoesMoreThanItHasBuffersForInOrder() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int seed = i;
                clients.add(threads.submit(() -> sameComesBack(threads, seed, 2_000_000)));
            }
            for (Future<Boolean> client : clients) {
                assertThat(client.get()).isTrue();
            }
        }
    }

    @Test
    void livesOnWhenClientsVanish() throws Exception {
        for (int i = 0; i < 50; i++) {
            Socket socket = connect();
            socket.setSoLinger(true, 0);
            socket.getOutputStream().write(new byte[50_000]);
            socket.close();
        }
        try (Socket socket = connect()) {
            socket.getOutputStream().write("still there".getBytes(UTF_8));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("still there");
        }
    }

    private boolean sameComesBack(ExecutorService threads, int seed, int size) throws Exception {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        try (Socket socket = connect()) {
            Callable<Void> send =
                    () -> {
                        socket.getOutputStream().write(bytes);
                        socket.shutdownOutput();
                        return null;
                    };
            Future<Void> sent = threads.submit(send);
            byte[] back = socket.getInputStream().readAllBytes();
            sent.get();
            return Arrays.equals(bytes, back);
        }
    }

    private Socket connect() throws IOException {
        int port = Integer.parseInt(server.ready("port"));
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }
}
