package org.uring4j.conformance;

import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.Lease;

/** A process that does not close a lease, and has it told where it was taken. */
final class ForgetfulChild {
    private ForgetfulChild() {}

    public static void main(String... arguments) throws Exception {
        System.setProperty("uring4j.traceLeases", "true");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            BufferRing buffers = BufferRing.register(ring, 1, 4, 16);
            remember(buffers, receive(ring, connection));
            forgetPart(forget(buffers, receive(ring, connection)));
            buffers.close();
        } catch (IllegalStateException expected) {
            System.out.println(expected.getMessage());
        }
    }

    private static Completion receive(Ring ring, Connection connection) throws Exception {
        connection.send("hello");
        Sockets.recvProvided(ring.next(), connection.fd(), 0, 1, 0, 0);
        return Completions.one(ring);
    }

    private static void remember(BufferRing buffers, Completion completion) {
        try (Lease lease = buffers.lease(completion.result(), completion.flags())) {
            lease.retain().close();
        }
    }

    private static Lease forget(BufferRing buffers, Completion completion) {
        return buffers.lease(completion.result(), completion.flags());
    }

    private static void forgetPart(Lease lease) {
        lease.retain();
    }
}
