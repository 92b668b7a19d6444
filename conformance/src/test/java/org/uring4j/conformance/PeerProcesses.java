package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Processes to connect to, one for each connection, which can be killed like any other. Perl, since
 * it is everywhere and starts at once: a server that forks.
 */
final class PeerProcesses implements AutoCloseable {
    /** None of Perl's modules, for a guest of the kernel lab has none of them. */
    private static final String SERVER =
            """
            my ($address, $does, $file) = @ARGV;
            my ($INET, $STREAM) = (2, 1);
            open(my $in, '<', $file) or die "$file: $!\\n";
            read($in, my $stream, -s $file) == -s $file or die "$file: $!\\n";
            $SIG{CHLD} = 'IGNORE';
            $| = 1;
            socket(my $server, $INET, $STREAM, 0) or die "socket: $!\\n";
            bind($server, pack('S n C4 x8', $INET, 0, split(/\\./, $address))) or die "bind: $!\\n";
            listen($server, 16) or die "listen: $!\\n";
            print((unpack('S n', getsockname($server)))[1], "\\n");
            while (accept(my $peer, $server)) {
                my $pid = fork;
                if ($pid) {
                    print "$pid\\n";
                    close($peer);
                } else {
                    close($server);
                    $does eq 'send' ? send_all($peer) : compare($peer);
                    exit;
                }
            }

            sub send_all {
                my ($peer) = @_;
                my $portion = 1 + int(rand(100_000));
                for (my $at = 0; $at < length $stream;) {
                    $at += syswrite($peer, $stream, $portion, $at) // exit;
                }
                # The stream has no end but that of this process.
                sleep(60) while 1;
            }

            sub compare {
                my ($peer) = @_;
                my ($place, $period) = (0, length $stream);
                $stream x= 2 + int(65536 / $period);
                while (sysread($peer, my $bytes, 65536)) {
                    substr($stream, $place % $period, length $bytes) eq $bytes
                        or print "a wrong byte from place $place on\\n";
                    $place += length $bytes;
                }
            }
            """;

    private final Process server;
    private final BufferedReader output;
    private final InetSocketAddress address;

    private PeerProcesses(List<String> command, String address) throws IOException {
        server = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = server.inputReader();
        this.address = new InetSocketAddress(address, number());
    }

    /** They send what is in the file, then nothing, and never close the connection. */
    static PeerProcesses sending(Path file, String namespace, String address) throws IOException {
        return new PeerProcesses(command(namespace, address, "send", file), address);
    }

    /** They read, and compare with what is in the file, again and again. */
    static PeerProcesses comparing(Path file, String namespace, String address) throws IOException {
        return new PeerProcesses(command(namespace, address, "compare", file), address);
    }

    private static List<String> command(String namespace, String address, String does, Path file) {
        Needs.program("perl", "perl-base");
        List<String> command = new ArrayList<>();
        if (!namespace.isEmpty()) {
            command.addAll(List.of("ip", "netns", "exec", namespace));
        }
        command.addAll(List.of("perl", "-e", SERVER, address, does, file.toString()));
        return command;
    }

    private int number() throws IOException {
        String line = output.readLine();
        assertThat(line).as("what the processes say").matches("[0-9]+");
        return Integer.parseInt(line);
    }

    /**
     * One of them.
     *
     * @param fd this end of the connection to it
     */
    record Peer(int fd, long pid) {
        /** Whether it was still there. */
        boolean kill() {
            return ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
        }

        /** Sends it a byte that it does not read, so that its end is a reset. */
        void sendUnread() {
            try (Arena arena = Arena.ofConfined()) {
                assertThat(Libc.callAny("send", fd, arena.allocate(1), 1L, 0)).isOne();
            }
        }
    }

    /** Connects to a new one, by a ring that does nothing else just now. */
    Peer connect(Ring ring) throws IOException {
        int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
        try (Arena arena = Arena.ofConfined()) {
            Sockets.connect(ring.next(), fd, SockAddr.of(arena, address));
            Net.ok(ring);
        }
        return new Peer(fd, number());
    }

    /** Ends them all; none has found a wrong byte. */
    @Override
    public void close() throws IOException {
        // Not by the process itself, which would close its output.
        assertThat(server.toHandle().destroyForcibly()).isTrue();
        assertThat(output.readLine()).isNull();
        output.close();
    }
}
