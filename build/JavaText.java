/** Java source taken apart without parsing it. */
final class JavaText {
    private JavaText() {}

    /** The source, with comments and literals blanked, character for character. */
    static String code(String source) {
        StringBuilder code = new StringBuilder(source);
        for (int at = 0; at < source.length(); ) {
            int end = endOfCommentOrLiteral(source, at);
            for (int i = at; i < end; i++) {
                if (source.charAt(i) != '\n') {
                    code.setCharAt(i, ' ');
                }
            }
            at = Math.max(end, at + 1);
        }
        return code.toString();
    }

    /** Where the comment or literal that starts at {@code at} ends; {@code at} if none does. */
    private static int endOfCommentOrLiteral(String source, int at) {
        if (source.startsWith("/*", at)) {
            return after(source, "*/", at + 2);
        }
        if (source.startsWith("//", at)) {
            return after(source, "\n", at);
        }
        for (String quote : new String[] {"\"\"\"", "\"", "'"}) {
            if (source.startsWith(quote, at)) {
                int i = at + quote.length();
                while (i < source.length() && !source.startsWith(quote, i)) {
                    i += source.charAt(i) == '\\' ? 2 : 1;
                }
                return Math.min(i + quote.length(), source.length());
            }
        }
        return at;
    }

    private static int after(String source, String end, int from) {
        int i = source.indexOf(end, from);
        return i < 0 ? source.length() : i + end.length();
    }
}
