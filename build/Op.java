import java.util.List;
import java.util.Set;

/**
 * What there is for an op or a register op.
 *
 * @param name the kernel's
 * @param since the release it appeared in
 * @param encoders the methods that make it, as {@code Class.method}
 * @param documented the types and methods whose Javadoc names it
 * @param tests the test methods that come to an encoder, as {@code Class.method}
 */
record Op(
        String name,
        String since,
        Set<String> encoders,
        Set<String> documented,
        Set<String> tests) {
    /** What it lacks, but for kernels. */
    List<String> missing() {
        return java.util.stream.Stream.of(
                        encoders.isEmpty() ? "encoder" : "",
                        documented.isEmpty() ? "Javadoc" : "",
                        tests.isEmpty() ? "test" : "")
                .filter(what -> !what.isEmpty())
                .toList();
    }
}
