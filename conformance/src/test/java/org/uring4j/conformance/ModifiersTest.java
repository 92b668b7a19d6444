package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.conformance.Subject.Request;
import org.uring4j.op.Nops;
import org.uring4j.resource.RegisteredFiles;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What any request may carry, with one of nearly every op: links, drains, worker threads, no
 * completion, registered files; and that a file that is none is told, and ends the chain.
 */
@Timeout(120)
class ModifiersTest {
    private static final long REQUEST = 1;
    private static final long BEFORE = 2;
    private static final long AFTER = 3;
    private static final int SLOT = 5;
    private static final int EMPTY_SLOT = 6;
    private static final int NO_FD = 1_000_000;

    /** They take descriptors, but not those in slots. */
    private static final Set<Subject> NOT_BY_SLOT = EnumSet.of(Subject.CLOSE, Subject.MSG_RING);

    /**
     * They take no skipping, and kernels (6.18) never start one that is drained: its notification,
     * made beforehand, counts as a request before it.
     */
    private static final Set<Subject> ZERO_COPY = EnumSet.of(Subject.SEND_ZC, Subject.SENDMSG_ZC);

    /** They end another request: that is before them, and a drain would wait for it. */
    private static final Set<Subject> ENDING =
            EnumSet.of(Subject.ASYNC_CANCEL, Subject.POLL_REMOVE, Subject.TIMEOUT_REMOVE);

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
            return !ENDING.contains(subject) || (this != DRAINED && !file);
        }

        boolean fits(Subject subject, Request request) {
            boolean file = request.fd() != Request.NO_FILE;
            return switch (this) {
                case PLAIN, ASYNC, LINKED, HARDLINKED, BEHIND_LINK -> true;
                case DRAINED -> !ZERO_COPY.contains(subject);
                // Nobody would close the descriptor.
                case SKIPPING -> !ZERO_COPY.contains(subject) && !request.opens();
                case BY_SLOT -> file && !NOT_BY_SLOT.contains(subject);
                case NO_SUCH_FD -> file;
                case NO_SUCH_SLOT -> file && !NOT_BY_SLOT.contains(subject);
            };
        }

        boolean fails() {
            return this == NO_SUCH_FD || this == NO_SUCH_SLOT;
        }
    }

    /** Everything where it differs who submits, and on the other kinds of ring each op once. */
    static Stream<Arguments> all() {
        Set<RingMode> whole = EnumSet.of(RingMode.DEFAULT, RingMode.POLLED);
        return Stream.of(RingMode.values())
                .flatMap(
                        mode ->
                                Stream.of(Modifier.values())
                                        .filter(m -> m == Modifier.PLAIN || whole.contains(mode))
                                        .map(m -> Arguments.of(mode, m)));
    }

    @TempDir Path directory;

    @ParameterizedTest
    @MethodSource("all")
    void shouldGoWithEveryOp(RingMode mode, Modifier modifier) throws Exception {
        Needs.that(
                modifier != Modifier.SKIPPING || has("5.17"),
                "IOSQE_CQE_SKIP_SUCCESS needs Linux 5.17");
        int tried = 0;
        List<String> wrong = new ArrayList<>();
        try (Ring ring = mode.open(16);
                RegisteredFiles files = RegisteredFiles.sparse(ring, 8)) {
            for (Subject subject : Subject.values()) {
                if (!has(subject.since()) || !modifier.fits(subject) || lacksAttributes(subject)) {
                    continue;
                }
                try (Workshop workshop = new Workshop(ring, directory)) {
                    Request request = subject.request(workshop);
                    if (modifier.fits(subject, request)) {
                        tried++;
                        List<Completion> all = run(ring, files, request, modifier);
                        String problem = problem(all, request, modifier);
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
        Sqe sqe = request.encoder().encode(ring.next(), file).userData(REQUEST);
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
        List<Completion> all = new ArrayList<>();
        boolean ended = modifier == Modifier.SKIPPING;
        while (!ended || after) {
            Completion completion = Completions.until(ring, any -> true).getFirst();
            all.add(completion);
            ended |= completion.userData() == REQUEST && !completion.hasMore();
            after &= completion.userData() != AFTER;
        }
        if (modifier == Modifier.BY_SLOT) {
            files.clear(SLOT);
        }
        return all;
    }

    /** What is wrong with the completions, empty if nothing is. */
    private static String problem(List<Completion> all, Request request, Modifier modifier) {
        int own = index(all, REQUEST);
        int before = index(all, BEFORE);
        int after = index(all, AFTER);
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
        }
        if (after >= 0) {
            if (after < own) {
                return "the one that is linked to it did not wait";
            }
            boolean cancelled = all.get(after).failed(Errno.ECANCELED);
            if (cancelled != modifier.fails()) {
                return "the chain does not end where it fails, and only there";
            }
        }
        return before > own ? "it did not wait for the one before" : "";
    }

    private static int index(List<Completion> all, long userData) {
        return all.stream().map(Completion::userData).toList().indexOf(userData);
    }

    private static void opened(List<Completion> all, Request request, Workshop workshop) {
        int own = index(all, REQUEST);
        if (request.opens() && own >= 0 && all.get(own).result() >= 0) {
            workshop.closing(all.get(own).result());
        }
    }

    private static boolean has(String release) {
        return KernelVersion.running().compareTo(KernelVersion.parse(release)) >= 0;
    }

    private boolean lacksAttributes(Subject subject) throws Exception {
        return EnumSet.of(Subject.SETXATTR, Subject.GETXATTR).contains(subject)
                && !Files.getFileStore(directory)
                        .supportsFileAttributeView(UserDefinedFileAttributeView.class);
    }
}
