package org.uring4j.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A request of an op that succeeds where all goes well and needs nobody's help for it, for {@link
 * ModifiersTest}. They are named as the kernel names the op; the other forms of one have the form's
 * name behind. There is one of each op at least.
 */
interface Subject {
    String name();

    Recipe recipe();

    static List<Subject> all() {
        List<Subject> all = new ArrayList<>(List.of(FileSubject.values()));
        all.addAll(List.of(SocketSubject.values()));
        all.addAll(List.of(OtherSubject.values()));
        return all;
    }

    /** Makes what the request works on, and the request. */
    interface Maker {
        Request request(Workshop workshop) throws IOException;
    }

    /**
     * How it is made.
     *
     * @param since the release from which on it can be made
     * @param only the kinds of ring it can be made on, where those are not all
     */
    record Recipe(String since, Maker maker, List<RingMode> only) {
        Recipe(String since, Maker maker, RingMode... only) {
            this(since, maker, List.of(only));
        }
    }
}
