import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/**
 * What became of the conformance tests under each kernel, from the XML that JUnit wrote: of {@code
 * mvn verify} on this machine, and of {@code lab/run}.
 */
final class Results {
    private static final Path HOST = Path.of("conformance/target/surefire-reports");
    private static final Path LAB = Path.of("lab/target/results");
    private static final Pattern RELEASE = Pattern.compile("^(\\d+\\.\\d+)");

    /** How often a test method passed and failed; one with parameters does both many times. */
    record Tally(int passed, int failed) {
        static final Tally NONE = new Tally(0, 0);

        Tally plus(Tally other) {
            return new Tally(passed + other.passed, failed + other.failed);
        }
    }

    /** By kernel, then by {@code Class.method}. */
    private final Map<String, Map<String, Tally>> kernels = new TreeMap<>();

    private Results() {}

    static Results read(Path root) throws IOException {
        Results results = new Results();
        Path host = root.resolve(HOST);
        if (Files.isDirectory(host)) {
            try (DirectoryStream<Path> reports = Files.newDirectoryStream(host, "TEST-*.xml")) {
                for (Path report : reports) {
                    results.add(report, "");
                }
            }
        }
        Path lab = root.resolve(LAB);
        if (Files.isDirectory(lab)) {
            try (DirectoryStream<Path> kernels = Files.newDirectoryStream(lab)) {
                for (Path kernel : kernels) {
                    results.addKernel(kernel, kernel.endsWith("lab") ? " (lab)" : "");
                }
            }
        }
        return results;
    }

    Map<String, Map<String, Tally>> kernels() {
        return kernels;
    }

    /** The first two numbers of a release: what comes after changes with every update. */
    private static String kernel(String release) throws IOException {
        Matcher matcher = RELEASE.matcher(release.strip());
        if (!matcher.find()) {
            throw new IOException("no kernel's release: " + release);
        }
        return matcher.group(1);
    }

    /** Its tests were dealt out to several guests. */
    private void addKernel(Path kernel, String suffix) throws IOException {
        try (DirectoryStream<Path> guests = Files.newDirectoryStream(kernel, "part-*")) {
            for (Path guest : guests) {
                addGuest(guest, suffix);
            }
        }
    }

    /** What was tried once more counts as it then ended. */
    private void addGuest(Path guest, String suffix) throws IOException {
        Results tries = new Results();
        for (Path directory : List.of(guest, guest.resolve("second-try"))) {
            Path report = directory.resolve("TEST-junit-jupiter.xml");
            Path release = directory.resolve("release");
            if (Files.exists(report) && Files.exists(release)) {
                Results one = new Results();
                one.add(report, kernel(Files.readString(release)) + suffix);
                one.kernels.forEach((kernel, tests) -> tries.testsUnder(kernel).putAll(tests));
            }
        }
        tries.kernels.forEach(
                (kernel, tests) ->
                        tests.forEach(
                                (test, tally) ->
                                        testsUnder(kernel).merge(test, tally, Tally::plus)));
    }

    private Map<String, Tally> testsUnder(String kernel) {
        return kernels.computeIfAbsent(kernel, name -> new HashMap<>());
    }

    /** Adds a report, of the kernel it names itself where {@code kernel} is empty. */
    private void add(Path report, String kernel) throws IOException {
        Element root;
        try {
            DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
            root = builder.parse(report.toFile()).getDocumentElement();
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(report + " is damaged", e);
        }
        String release = kernel.isEmpty() ? property(root, "os.version") : kernel;
        if (release.isEmpty()) {
            // A class that was skipped as a whole has no properties.
            return;
        }
        String ran = kernel.isEmpty() ? kernel(release) : kernel;
        Map<String, Tally> tests = testsUnder(ran);
        NodeList cases = root.getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            String type = test.getAttribute("classname").replaceFirst("^.*\\.", "");
            String name = type + "." + test.getAttribute("name").replaceFirst("\\(.*", "");
            Tally before = tests.getOrDefault(name, Tally.NONE);
            if (has(test, "failure") || has(test, "error")) {
                tests.put(name, new Tally(before.passed(), before.failed() + 1));
            } else if (!has(test, "skipped")) {
                tests.put(name, new Tally(before.passed() + 1, before.failed()));
            }
        }
    }

    private static boolean has(Element test, String element) {
        return test.getElementsByTagName(element).getLength() > 0;
    }

    private static String property(Element root, String name) {
        NodeList properties = root.getElementsByTagName("property");
        for (int i = 0; i < properties.getLength(); i++) {
            Element property = (Element) properties.item(i);
            if (property.getAttribute("name").equals(name)) {
                return property.getAttribute("value");
            }
        }
        return "";
    }
}
