package org.uring4j.bench;

import static org.uring4j.op.SocketOptions.IPPROTO_TCP;
import static org.uring4j.op.SocketOptions.SOL_SOCKET;
import static org.uring4j.op.SocketOptions.SO_REUSEADDR;
import static org.uring4j.op.SocketOptions.TCP_NODELAY;

import org.jspecify.annotations.Nullable;
import org.uring4j.CompletionHandler;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Polling;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.RegisteredFiles;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;

/**
 * A TCP echo server through uring4j, the twin of {@code bench/c/echo_server.c}: one thread, one
 * ring, the same requests and the same figures.
 */
@Command(name = "echo server")
final class EchoServer implements Callable<Integer> {
    // The same figures as in the C server.
    private static final int SQ_ENTRIES = 1024;
    private static final int CQ_ENTRIES = 4096;
    private static final int MAX_CONNECTIONS = 4096;
    private static final int BUFFERS = 1024;
    private static final int BUFFER_SIZE = 2048;
    private static final int GROUP = 0;

    private static final int STDIN = 0;

    /** The user data of what ends the server: no connection's request has it. */
    private static final long STOP = -1;

    @Option(names = "--host")
    private String host = "127.0.0.1";

    @Option(names = "--port", required = true)
    private int port;

    @Option(names = "--seconds")
    private @Nullable Integer seconds;

    @Option(names = "--until-eof")
    private boolean untilEof;

    private boolean stopping;

    public static void main(String[] args) {
        Main.run(new EchoServer(), args);
    }

    @Override
    public Integer call() {
        try (Arena arena = Arena.ofConfined();
                Ring ring = Ring.open(RingConfig.of(SQ_ENTRIES).cqEntries(CQ_ENTRIES))) {
            BufferRing buffers = BufferRing.register(ring, GROUP, BUFFERS, BUFFER_SIZE);
            RegisteredFiles.sparse(ring, MAX_CONNECTIONS);
            Echo echo = new Echo(ring, buffers, MAX_CONNECTIONS, listen(ring, arena));
            CompletionHandler handler =
                    (userData, result, flags) -> {
                        if (userData == STOP) {
                            stopping = true;
                        } else {
                            echo.onCompletion(userData, result, flags);
                        }
                    };
            if (seconds != null) {
                Timespec time = Timespec.of(arena, Duration.ofSeconds(seconds));
                Timeouts.timeout(ring.next(), time, 0).userData(STOP);
            }
            if (untilEof) {
                Polling.pollAdd(ring.next(), STDIN, Polling.POLLIN, 0).userData(STOP);
            }
            System.out.println("ready engine=uring4j host=" + host + " port=" + port);
            while (!stopping) {
                turn(ring, handler, echo);
            }
        }
        return 0;
    }

    /**
     * A method of its own: the JIT compiles what is called often, and a loop only when it is hot.
     */
    private static void turn(Ring ring, CompletionHandler handler, Echo echo) {
        ring.submitAndWait(1);
        ring.completions().drain(handler);
        echo.recycle();
    }

    private int listen(Ring ring, Arena arena) {
        Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
        int listener = await(ring, "socket");
        MemorySegment on = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
        SocketOptions.set(ring.next(), listener, SOL_SOCKET, SO_REUSEADDR, on);
        await(ring, "SO_REUSEADDR");
        // What is accepted inherits it.
        SocketOptions.set(ring.next(), listener, IPPROTO_TCP, TCP_NODELAY, on);
        await(ring, "TCP_NODELAY");
        SockAddr address = SockAddr.of(arena, new InetSocketAddress(host, port));
        Sockets.bind(ring.next(), listener, address);
        await(ring, "bind");
        Sockets.listen(ring.next(), listener, 1024);
        await(ring, "listen");
        return listener;
    }

    /** The result of the one request under way. */
    private static int await(Ring ring, String what) {
        int[] answer = new int[1];
        ring.submitAndWait(1);
        ring.completions().drain((userData, result, flags) -> answer[0] = result);
        return check(answer[0], what);
    }

    static int check(int result, String what) {
        if (result < 0) {
            throw new BenchException(what + ": " + Errno.of(result).text());
        }
        return result;
    }
}
