package org.uring4j;

import org.uring4j.internal.Access;

/** What the sibling packages may do that programs may not. */
final class RingAccess extends Access {
    @Override
    public long fill(Sqe sqe) {
        return sqe.fill();
    }

    @Override
    public long written(Sqe sqe) {
        return sqe.written();
    }

    @Override
    public void withdraw(Sqe sqe) {
        sqe.withdraw();
    }

    @Override
    public boolean enlarge(Sqe sqe) {
        return sqe.enlarge();
    }

    @Override
    public boolean large(Sqe sqe) {
        return sqe.large();
    }

    @Override
    public boolean mixed(Sqe sqe) {
        return sqe.mixed();
    }

    @Override
    public int register(Ring ring, int opcode, long arg, int nrArgs) {
        ring.check();
        return ring.handle().register(opcode, arg, nrArgs);
    }

    @Override
    public int require(Ring ring, int opcode, long arg, int nrArgs) {
        ring.check();
        return ring.handle().require(opcode, arg, nrArgs);
    }

    @Override
    public UringException failed(int opcode, int result, String told) {
        return Causes.ofRegister(opcode, result, told);
    }

    @Override
    public void check(Ring ring) {
        ring.check();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // A thread equals nothing but itself.
    public boolean owns(Ring ring) {
        // A thread that sees itself there has put itself there, however late it sees others.
        return ring.owner == Thread.currentThread();
    }

    @Override
    public void adopt(Ring ring, AutoCloseable child) {
        ring.resources().adopt(child);
    }

    @Override
    public void remove(Ring ring, AutoCloseable child) {
        ring.resources().remove(child);
    }

    @Override
    public void release(Ring ring, Runnable free) {
        if (ring.quiet()) {
            free.run();
        } else {
            ring.resources().release(free);
        }
    }

    @Override
    public void releaseWithRing(Ring ring, Runnable free) {
        ring.resources().release(free);
    }

    @Override
    public boolean abandoned(Ring ring) {
        return ring.resources().abandoned();
    }

    @Override
    public void tagged(Ring ring, int count) {
        ring.completions().tagged(count);
    }

    @Override
    public void untagged(Ring ring, int count) {
        ring.completions().untagged(count);
    }

    @Override
    public void eventFdEnabled(Ring ring, boolean on) {
        ring.completions().eventFdEnabled(on);
    }

    @Override
    public int registeredIndex(Ring ring) {
        return ring.handle().registeredIndex();
    }
}
