import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;

/**
 * {@code java -cp lab Again.java RESULTS/NAME/PART}: what of a guest's tests deserves a second try,
 * as a regular expression of classes, or "everything", or nothing.
 */
final class Again {
    private Again() {}

    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args[0]);
        System.out.println(what(Outcome.of(directory.getFileName().toString(), directory)));
    }

    private static String what(Outcome outcome) {
        if (!outcome.problems().isEmpty()) {
            return "everything";
        }
        return outcome.tests().stream()
                .filter(test -> test.outcome() == Test.Kind.FAILED)
                .map(Test::className)
                .distinct()
                .collect(Collectors.joining("|"));
    }
}
