package org.uring4j.conformance;

import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.resource.ZcrxExport;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;

/**
 * A process that registers the simulated network card's queue and receives by it, then lets another
 * process have it, goes on sending and ends: {@code ZcrxExporter FILE BYTES INTERFACE}.
 */
final class ZcrxExporter {
    static final int AREA = 1 << 20;

    private ZcrxExporter() {}

    /** What both processes have to agree on. */
    static ZeroCopyReceiveConfig config(Path file) {
        return ZeroCopyReceiveConfig.of(ZcrxMemory.shared(file, AREA)).statistics();
    }

    /** Prints the descriptor and a port; who connects there is sent the pattern. */
    public static void main(String[] args) throws Exception {
        long bytes = Long.parseLong(args[1]);
        ZcrxSource source = ZcrxSource.netDevice(args[2], 0);
        try (ServerSocket server = ZcrxStream.listen("sim", "10.78.0.2");
                Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, source, config(Path.of(args[0])));
                ZcrxExport export = queue.export()) {
            receive(ring, queue);
            System.out.println(export.fd() + " " + server.getLocalPort());
            try (Socket socket = server.accept()) {
                Pattern.write(socket.getOutputStream(), 0, bytes);
            }
        }
    }

    private static void receive(Ring ring, ZeroCopyReceive queue) throws Exception {
        try (Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 100_000, true);
            stream.arm();
            if (stream.receiveToEnd() != 0 || stream.received != 100_000) {
                throw new AssertionError("received=" + stream.received);
            }
        }
    }
}
