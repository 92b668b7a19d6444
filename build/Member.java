import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A method, field or nested type of a top-level type, found by counting brackets.
 *
 * @param type the top-level type's name
 * @param name its own
 * @param header its code up to the body, annotations among it
 * @param code all its code, without comments and literals
 * @param javadoc its documentation, each blank of it one space
 */
record Member(String type, String name, String header, String code, String javadoc) {
    private static final Pattern ANNOTATION = Pattern.compile("^\\s*@[\\w.]+\\s*(\\()?");
    private static final Pattern TYPE =
            Pattern.compile("\\b(?:class|record|enum|interface) (\\w+)[^;=]*$");
    private static final Pattern METHOD = Pattern.compile("(\\w+)\\s*\\(");
    private static final Pattern FIELD = Pattern.compile("(\\w+)\\s*$");

    boolean isPublic() {
        return withoutAnnotations(header).stripLeading().startsWith("public ");
    }

    boolean isTest() {
        return header.contains("@Test") || header.contains("@ParameterizedTest");
    }

    boolean isMethod() {
        String plain = withoutAnnotations(header);
        return plain.contains("(") && !TYPE.matcher(plain).find();
    }

    /** The members of the type in this source. */
    static List<Member> of(String type, String source) {
        String code = JavaText.code(source);
        List<Member> members = new ArrayList<>();
        int start = body(code);
        int depth = 0;
        int header = -1;
        for (int i = start; i < code.length() && depth >= 0; i++) {
            char c = code.charAt(i);
            if (c == '{' && depth == 0) {
                header = i;
            }
            depth += "{(".indexOf(c) >= 0 ? 1 : "})".indexOf(c) >= 0 ? -1 : 0;
            if (depth == 0 && (c == '}' || c == ';')) {
                int end = i + 1;
                if (!code.substring(start, end).replaceAll("[;\\s]", "").isEmpty()) {
                    members.add(
                            member(
                                    type,
                                    source.substring(start, end),
                                    code.substring(start, end),
                                    (header < 0 ? i : header) - start));
                }
                start = end;
                header = -1;
            }
        }
        return members;
    }

    /** Where the type's body begins; annotations before it may have braces in parentheses. */
    private static int body(String code) {
        int depth = 0;
        for (int i = 0; i < code.length(); i++) {
            char c = code.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == '{' && depth == 0) {
                return i + 1;
            }
        }
        return code.length();
    }

    private static Member member(String type, String source, String code, int headerEnd) {
        String header = code.substring(0, headerEnd);
        String plain = withoutAnnotations(header);
        Matcher nested = TYPE.matcher(plain);
        String name;
        if (nested.find()) {
            name = nested.group(1);
        } else {
            int assigned = plain.indexOf(" =");
            String left = assigned < 0 ? plain : plain.substring(0, assigned);
            Matcher method = METHOD.matcher(left);
            Matcher field = FIELD.matcher(left.stripTrailing());
            name = method.find() ? method.group(1) : field.find() ? field.group(1) : "";
        }
        int begin = code.length() - code.stripLeading().length();
        return new Member(type, name, header, code, inOneLine(source.substring(0, begin)));
    }

    /** A comment without its stars at the beginning of lines. */
    static String inOneLine(String comment) {
        return comment.replaceAll("\\s*\\n\\s*\\*?\\s*", " ");
    }

    private static String withoutAnnotations(String header) {
        String rest = header;
        Matcher annotation = ANNOTATION.matcher(rest);
        while (annotation.find()) {
            int end = annotation.end();
            if (annotation.group(1) != null) {
                for (int depth = 1; depth > 0 && end < rest.length(); end++) {
                    char c = rest.charAt(end);
                    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                }
            }
            rest = rest.substring(end);
            annotation = ANNOTATION.matcher(rest);
        }
        return rest;
    }
}
