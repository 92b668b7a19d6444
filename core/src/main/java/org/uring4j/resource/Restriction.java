package org.uring4j.resource;

import java.util.Set;

/**
 * One thing that a restricted ring may do ({@code struct io_uring_restriction}); all others it may
 * not. See {@link Restrictions}.
 */
public sealed interface Restriction {
    /** A request of this op may be made; {@code name} is the kernel's, as "IORING_OP_READ". */
    static Restriction op(String name) {
        return new Op(name);
    }

    /** This may be registered; {@code name} is the kernel's, as "IORING_REGISTER_BUFFERS2". */
    static Restriction registerOp(String name) {
        return new RegisterOp(name);
    }

    /** Requests may carry these flags. */
    static Restriction allowed(SqeFlag... flags) {
        return new FlagsAllowed(Set.of(flags));
    }

    /** Each request must carry all of these flags; it may then, too. */
    static Restriction required(SqeFlag... flags) {
        return new FlagsRequired(Set.of(flags));
    }

    /**
     * A request of this op may be made ({@code IORING_RESTRICTION_SQE_OP}).
     *
     * @param name the kernel's, as "IORING_OP_READ"
     */
    record Op(String name) implements Restriction {
        /** Fails when there is no such op. */
        public Op {
            Names.op(name);
        }
    }

    /**
     * This may be registered once the ring is enabled ({@code IORING_RESTRICTION_REGISTER_OP}).
     *
     * @param name the kernel's, as "IORING_REGISTER_BUFFERS2"
     */
    record RegisterOp(String name) implements Restriction {
        /** Fails when there is no such registration. */
        public RegisterOp {
            Names.registerOp(name);
        }
    }

    /**
     * Requests may carry these flags and no others ({@code IORING_RESTRICTION_SQE_FLAGS_ALLOWED}).
     *
     * @param flags the flags
     */
    record FlagsAllowed(Set<SqeFlag> flags) implements Restriction {
        /** Keeps a copy. */
        public FlagsAllowed {
            flags = Set.copyOf(flags);
        }
    }

    /**
     * Each request must carry all of these ({@code IORING_RESTRICTION_SQE_FLAGS_REQUIRED}).
     *
     * @param flags the flags
     */
    record FlagsRequired(Set<SqeFlag> flags) implements Restriction {
        /** Keeps a copy. */
        public FlagsRequired {
            flags = Set.copyOf(flags);
        }
    }
}
