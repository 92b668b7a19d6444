import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/**
 * What became of one test, from JUnit's XML. The reason is empty for one that passed, and that of
 * the first try for one that passed at the second.
 */
record Test(String family, String name, Kind outcome, String reason) {
    private static final Pattern DISPLAY_NAME =
            Pattern.compile("(?m)^display-name: .* > (\\[\\d+\\].*)$");
    private static final Pattern ABORTED =
            Pattern.compile("(?s)^(?:[\\w.]+(?:Exception|Error): )?(.*?)\\s*(?:\\R\\s*at .*)?$");

    enum Kind {
        PASSED,
        PASSED_SECOND_TRY,
        FAILED,
        SKIPPED
    }

    /** The simple name of the outermost class. */
    String className() {
        return family.replaceFirst("\\$.*", "") + "Test";
    }

    /** What is true of this test when it was tried once more, with that result. */
    Test followedBy(Test second) {
        if (outcome != Kind.FAILED) {
            return second;
        }
        return switch (second.outcome) {
            case FAILED -> second;
            case PASSED, PASSED_SECOND_TRY ->
                    new Test(family, name, Kind.PASSED_SECOND_TRY, reason);
            // Nothing was shown by it.
            case SKIPPED -> this;
        };
    }

    static List<Test> read(Path xml) throws IOException {
        List<Test> tests = new ArrayList<>();
        try {
            NodeList cases =
                    DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(xml.toFile())
                            .getElementsByTagName("testcase");
            for (int i = 0; i < cases.getLength(); i++) {
                tests.add(of((Element) cases.item(i)));
            }
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(xml + " is damaged", e);
        }
        return tests;
    }

    private static Test of(Element testcase) {
        String type = testcase.getAttribute("classname");
        String family = type.substring(type.lastIndexOf('.') + 1).replaceFirst("Test$", "");
        String name = testcase.getAttribute("name").replaceFirst("\\(.*", "");
        Matcher display = DISPLAY_NAME.matcher(textOf(testcase, "system-out"));
        if (display.find()) {
            name += " " + display.group(1);
        }
        for (String element : List.of("failure", "error")) {
            if (has(testcase, element)) {
                return new Test(family, name, Kind.FAILED, textOf(testcase, element).strip());
            }
        }
        if (has(testcase, "skipped")) {
            return new Test(family, name, Kind.SKIPPED, withoutStack(textOf(testcase, "skipped")));
        }
        return new Test(family, name, Kind.PASSED, "");
    }

    private static boolean has(Element testcase, String element) {
        return testcase.getElementsByTagName(element).getLength() > 0;
    }

    private static String textOf(Element testcase, String element) {
        StringBuilder text = new StringBuilder();
        NodeList all = testcase.getElementsByTagName(element);
        for (int i = 0; i < all.getLength(); i++) {
            Node node = all.item(i);
            text.append(node.getTextContent()).append('\n');
        }
        return text.toString();
    }

    private static String withoutStack(String text) {
        Matcher matcher = ABORTED.matcher(text.strip());
        return matcher.matches() ? matcher.group(1) : text.strip();
    }
}
