package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.KernelFeature;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Nops;
import org.uring4j.resource.RegisteredFiles;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What any request may carry, with one of every op: links, drains, worker threads, no completion,
 * registered files; and that a file that is none is told, and ends the chain. Of a multishot, what
 * is linked to it starts when it has ended, if it did not fail.
 */
@Timeout(120)
class ModifiersTest {
    private static final long BEFORE = 2;
    private static final long AFTER = 3;
    private static final int SLOT = 5;
    private static final int EMPTY_SLOT = 6;
    private static final int NO_FD = 1_000_000;

    /** They take descriptors, but not those in slots. */
    private static final Set<Subject> NOT_BY_SLOT =
            Set.of(FileSubject.CLOSE, OtherSubject.MSG_RING);

    /** It takes nothing but slots. */
    private static final Set<Subject> ONLY_BY_SLOT = Set.of(FileSubject.FIXED_FD_INSTALL);

    /**
     * They take no skipping, and kernels (6.18) never start one that is drained: its notification,
     * made beforehand, counts as a request before it.
     */
    private static final Set<Subject> ZERO_COPY =
            Set.of(
                    SocketSubject.SEND_ZC,
                    SocketSubject.SEND_ZC_FIXED,
                    SocketSubject.SENDMSG_ZC,
                    SocketSubject.SENDMSG_ZC_FIXED);

    /** They end another request: that is before them, and a drain would wait for it. */
    private static final Set<Subject> ENDING =
            Set.of(
                    OtherSubject.ASYNC_CANCEL,
                    OtherSubject.POLL_REMOVE,
                    OtherSubject.TIMEOUT_REMOVE);

    private static final Set<Subject> ATTRIBUTES =
            Set.of(
                    FileSubject.SETXATTR,
                    FileSubject.GETXATTR,
                    FileSubject.FSETXATTR,
                    FileSubject.FGETXATTR);

    /** The kinds of ring where it differs who submits. */
    private static final Set<RingMode> WHOLE = EnumSet.of(RingMode.DEFAULT, RingMode.POLLED);

    enum Modifier {
        PLAIN,
        ASYNC,
        LINKED,
        HARDLINKED,
        BEHIND_LINK,
        DRAINED,
        SKIPPING,
        BY_SLOT,
        NO_SUCH_FD,
        NO_SUCH_SLOT;

        boolean fits(Subject subject) {
            boolean file = this == BY_SLOT || fails();
            if (file && ENDING.contains(subject)) {
                return false;
            }
            return switch (this) {
                case DRAINED -> !ENDING.contains(subject) && !ZERO_COPY.contains(subject);
                // Nobody would know when the multishot of zero-copy receive has ended.
                case SKIPPING -> !ZERO_COPY.contains(subject) && subject != SocketSubject.RECV_ZC;
                case BY_SLOT ->
                        !NOT_BY_SLOT.contains(subject)
                                && !ONLY_BY_SLOT.contains(subject)
                                // They take slots later than descriptors.
                                && (!ATTRIBUTES.contains(subject) || has("6.13"));
                case NO_SUCH_FD -> !ONLY_BY_SLOT.contains(subject);
                case NO_SUCH_SLOT -> !NOT_BY_SLOT.contains(subject);
                default -> true;
            };
        }

        boolean fits(Request request) {
            return switch (this) {
                case BY_SLOT, NO_SUCH_FD, NO_SUCH_SLOT -> request.fd() != Request.NO_FILE;
                // Nobody would close the descriptor, or know when a multishot has ended.
                case SKIPPING -> !request.opens() && request.multishot() == null;
                default -> true;
            };
        }

        boolean fails() {
            return this == NO_SUCH_FD || this == NO_SUCH_SLOT;
        }
    }

    static Stream<Arguments> all() {
        return Stream.of(RingMode.values())
                .flatMap(
                        mode ->
                                Stream.of(Modifier.values())
                                        .filter(m -> !subjects(mode, m).isEmpty())
                                        .map(m -> Arguments.of(mode, m)));
    }

    /** Everything where it differs who submits, and on the other kinds of ring each op once. */
    private static List<Subject> subjects(RingMode mode, Modifier modifier) {
        boolean whole = WHOLE.contains(mode) || modifier == Modifier.PLAIN;
        return Subject.all().stream()
                .filter(
                        subject -> {
                            List<RingMode> only = subject.recipe().only();
                            return only.isEmpty() ? whole : only.contains(mode);
                        })
                .filter(modifier::fits)
                .toList();
    }

    @TempDir Path directory;

    @Test
    void shouldLeaveNoOpOut() {
        assertThat(Subject.all())
                .extracting(Subject::name)
                .containsAll(
                        Kernel.current().features(KernelFeature.Kind.OP).stream()
                                .map(op -> op.name().replace("IORING_OP_", ""))
                                .toList());
    }

    @ParameterizedTest
    @MethodSource("all")
    void shouldGoWithEveryOp(RingMode mode, Modifier modifier) throws Exception {
        Needs.that(
                modifier != Modifier.SKIPPING || has("5.17"),
                "IOSQE_CQE_SKIP_SUCCESS needs Linux 5.17");
        List<Subject> subjects = subjects(mode, modifier);
        Needs.that(
                subjects.stream().anyMatch(subject -> has(subject.recipe().since())),
                subjects + " need a newer kernel");
        List<String> wrong = new ArrayList<>();
        int tried = 0;
        try (Ring ring = mode.open(16);
                RegisteredFiles files = RegisteredFiles.sparse(ring, 8)) {
            for (Subject subject : subjects) {
                if (!has(subject.recipe().since()) || lacksAttributes(subject)) {
                    continue;
                }
                try (Workshop workshop = new Workshop(ring, files, directory)) {
                    Request request = subject.recipe().maker().request(workshop);
                    if (modifier.fits(request)) {
                        tried++;
                        List<Completion> all = run(ring, files, request, modifier);
                        String problem = problem(subject, all, request, modifier);
                        if (!problem.isEmpty()) {
                            wrong.add(subject + ": " + problem + ": " + all);
                        }
                        opened(all, request, workshop);
                    }
                } catch (AssertionError e) {
                    throw new AssertionError(subject + " " + modifier, e);
                }
            }
            assertThat(ring.inFlight()).isZero();
        }
        assertThat(wrong).isEmpty();
        assertThat(tried).isPositive();
    }

    private static List<Completion> run(
            Ring ring, RegisteredFiles files, Request request, Modifier modifier) {
        if (modifier == Modifier.BY_SLOT) {
            files.set(SLOT, request.fd());
        }
        if (modifier == Modifier.BEHIND_LINK) {
            Nops.nop(ring.next()).userData(BEFORE).link();
        } else if (modifier == Modifier.DRAINED) {
            Nops.nop(ring.next()).userData(BEFORE).async();
        }
        int file =
                switch (modifier) {
                    case BY_SLOT -> SLOT;
                    case NO_SUCH_SLOT -> EMPTY_SLOT;
                    case NO_SUCH_FD -> NO_FD;
                    default -> request.fd();
                };
        Sqe sqe = request.encoder().encode(ring.next(), file).userData(Request.OWN);
        boolean after = true;
        switch (modifier) {
            case ASYNC -> sqe.async();
            case DRAINED -> sqe.drain();
            case LINKED, NO_SUCH_FD -> sqe.link();
            case HARDLINKED -> sqe.hardlink();
            case SKIPPING -> sqe.skipSuccess().link();
            case BY_SLOT, NO_SUCH_SLOT -> sqe.fixedFile().link();
            case PLAIN, BEHIND_LINK -> after = false;
        }
        after &= modifier != Modifier.ASYNC && modifier != Modifier.DRAINED;
        if (after) {
            Nops.nop(ring.next()).userData(AFTER);
        }
        List<Completion> all = collect(ring, request, modifier, after);
        if (modifier == Modifier.BY_SLOT) {
            files.clear(SLOT);
        }
        return all;
    }

    private static List<Completion> collect(
            Ring ring, Request request, Modifier modifier, boolean after) {
        List<Completion> all = new ArrayList<>();
        Request.Multishot multishot = request.multishot();
        UnaryOperator<Sqe> end = multishot == null ? null : multishot.end();
        boolean ended = modifier == Modifier.SKIPPING;
        boolean wanted = after;
        while (!ended || wanted) {
            Completion completion = Completions.until(ring, any -> true).getFirst();
            all.add(completion);
            if (completion.userData() == Request.OWN) {
                ended |= !completion.hasMore();
                if (end != null && !ended) {
                    if (modifier == Modifier.DRAINED) {
                        // No request starts any more until it has ended.
                        Cancel.now(ring, CancelTarget.userData(Request.OWN), Duration.ofSeconds(9));
                    } else {
                        end.apply(ring.next()).userData(Request.OTHER);
                    }
                    end = null;
                }
            }
            wanted &= completion.userData() != AFTER;
        }
        return all;
    }

    /** What is wrong with the completions, empty if nothing is. */
    private static String problem(
            Subject subject, List<Completion> all, Request request, Modifier modifier) {
        int own = index(all, Request.OWN);
        int before = index(all, BEFORE);
        int after = index(all, AFTER);
        Request.Multishot multishot = modifier.fails() ? null : request.multishot();
        // What is linked to a timeout waits for the request that this limits.
        int last = subject == OtherSubject.LINK_TIMEOUT ? index(all, Request.OTHER) : own;
        if (modifier == Modifier.SKIPPING) {
            if (own >= 0) {
                return "a completion was posted";
            }
        } else if (modifier.fails()) {
            if (!all.get(own).failed(Errno.EBADF)) {
                return "it is not EBADF";
            }
        } else if (!request.good().test(all.get(own).result())) {
            return "the result is not that of success";
        } else if (multishot != null) {
            last = lastIndex(all, Request.OWN);
            Completion end = all.get(last);
            boolean cancelled = modifier == Modifier.DRAINED && end.failed(Errno.ECANCELED);
            if (last == own || (end.result() != multishot.last() && !cancelled)) {
                return "it does not end as it should";
            }
        }
        if (after >= 0) {
            if (after < last) {
                return "the one that is linked to it did not wait";
            }
            // The end of the stream counts as a failure of zero-copy receive.
            boolean failed =
                    modifier.fails()
                            || subject == SocketSubject.RECV_ZC
                            || (multishot != null && multishot.end() != null);
            boolean cancelled = all.get(after).failed(Errno.ECANCELED);
            if (cancelled != (failed && modifier != Modifier.HARDLINKED)) {
                return "the chain does not end where it fails, and only there";
            }
        }
        return before > own ? "it did not wait for the one before" : "";
    }

    private static int index(List<Completion> all, long userData) {
        return all.stream().map(Completion::userData).toList().indexOf(userData);
    }

    private static int lastIndex(List<Completion> all, long userData) {
        return all.stream().map(Completion::userData).toList().lastIndexOf(userData);
    }

    private static void opened(List<Completion> all, Request request, Workshop workshop) {
        int own = index(all, Request.OWN);
        if (request.opens() && own >= 0 && all.get(own).result() >= 0) {
            workshop.closing(all.get(own).result());
        }
    }

    private static boolean has(String release) {
        return KernelVersion.running().compareTo(KernelVersion.parse(release)) >= 0;
    }

    private boolean lacksAttributes(Subject subject) throws Exception {
        return ATTRIBUTES.contains(subject)
                && !Files.getFileStore(directory)
                        .supportsFileAttributeView(UserDefinedFileAttributeView.class);
    }
}
