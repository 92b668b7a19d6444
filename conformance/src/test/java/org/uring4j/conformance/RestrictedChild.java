package org.uring4j.conformance;

import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;

/**
 * A process that prints what its rings may do: what it has inherited of who started it; and whether
 * it knows all the same what the kernel can do.
 */
final class RestrictedChild {
    private RestrictedChild() {}

    public static void main(String... arguments) {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next());
            String nop = outcome(ring);
            Files.close(ring.next(), -1);
            boolean known = Kernel.current().has("IORING_OP_CLOSE");
            System.out.println("nop=" + nop + " close=" + outcome(ring) + " known=" + known);
        }
    }

    private static String outcome(Ring ring) {
        String[] outcome = new String[1];
        ring.submitAndWait(1);
        ring.completions()
                .drain(
                        (data, result, flags) ->
                                outcome[0] = result < 0 ? Errno.of(result).name() : "ok");
        return outcome[0];
    }
}
