package org.uring4j.conformance;

import static org.uring4j.conformance.Request.descriptor;
import static org.uring4j.conformance.Request.file;
import static org.uring4j.conformance.Request.fixed;
import static org.uring4j.conformance.Request.fixedVectors;
import static org.uring4j.conformance.Request.none;
import static org.uring4j.conformance.Request.on;
import static org.uring4j.conformance.Request.paths;

import org.uring4j.op.Advice;
import org.uring4j.op.ExtendedAttributes;
import org.uring4j.op.FileAttributes;
import org.uring4j.op.FileSpace;
import org.uring4j.op.FileSystem;
import org.uring4j.op.Files;
import org.uring4j.op.FixedFiles;
import org.uring4j.op.IoVectors;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Pipes;
import org.uring4j.op.Statx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Requests of the ops on files, directories and pipes. */
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum FileSubject implements Subject {
    READV("5.1", w -> file(w.file(), vectors(w), Files::readv)),
    WRITEV("5.1", w -> file(w.file(), vectors(w), Files::writev)),
    FSYNC("5.1", w -> on(w.file(), (sqe, fd) -> Files.fsync(sqe, fd, 0), 0)),
    READ_FIXED("5.1", w -> fixed(w, w.file(), Files::readFixed)),
    WRITE_FIXED("5.1", w -> fixed(w, w.file(), Files::writeFixed)),
    SYNC_FILE_RANGE(
            "5.2", w -> on(w.file(), (sqe, fd) -> FileSpace.syncFileRange(sqe, fd, 0, 0, 0), 0)),
    FALLOCATE("5.6", w -> on(w.file(), (sqe, fd) -> FileSpace.fallocate(sqe, fd, 0, 0, 9), 0)),
    OPENAT(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                return descriptor(
                        Request.NO_FILE,
                        (sqe, fd) ->
                                Files.openat(sqe, Files.AT_FDCWD, path, OpenFlags.O_RDONLY, 0));
            }),
    OPENAT_DIRECT(
            "5.15",
            w -> {
                int slot = w.freeSlots();
                MemorySegment path = w.filePath();
                int flags = OpenFlags.O_RDONLY;
                return none(
                        (s, fd) -> Files.openatDirect(s, Files.AT_FDCWD, path, flags, 0, slot), 0);
            }),
    CLOSE("5.6", w -> on(w.duplicate(), (sqe, fd) -> Files.close(sqe, fd), 0)),
    CLOSE_DIRECT(
            "5.15",
            w -> {
                int slot = w.slot();
                return none((sqe, fd) -> Files.closeDirect(sqe, slot), 0);
            }),
    STATX(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                Statx answer = Statx.allocate(w.arena());
                return none(
                        (sqe, fd) ->
                                FileAttributes.statx(sqe, Files.AT_FDCWD, path, 0, 0x7ff, answer),
                        0);
            }),
    READ("5.6", w -> file(w.file(), w.text(), Files::read)),
    WRITE("5.6", w -> file(w.file(), w.text(), Files::write)),
    FILES_UPDATE(
            "5.6",
            w -> {
                MemorySegment cleared = w.arena().allocateFrom(ValueLayout.JAVA_INT, -1);
                return none((sqe, fd) -> FixedFiles.update(sqe, cleared, 0), 1);
            }),
    FADVISE("5.6", w -> on(w.file(), (sqe, fd) -> Advice.fadvise(sqe, fd, 0, 0, 0), 0)),
    MADVISE(
            "5.6",
            w -> {
                MemorySegment page = w.arena().allocate(4096, 4096);
                return none((sqe, fd) -> Advice.madvise(sqe, page, 0), 0);
            }),
    OPENAT2(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment how = OpenFlags.how(w.arena(), OpenFlags.O_RDONLY, 0, 0);
                return descriptor(
                        Request.NO_FILE,
                        (sqe, fd) -> Files.openat2(sqe, Files.AT_FDCWD, path, how));
            }),
    OPENAT2_DIRECT(
            "5.15",
            w -> {
                int slot = w.freeSlots();
                MemorySegment path = w.filePath();
                MemorySegment how = OpenFlags.how(w.arena(), OpenFlags.O_RDONLY, 0, 0);
                return none((s, fd) -> Files.openat2Direct(s, Files.AT_FDCWD, path, how, slot), 0);
            }),
    SPLICE(
            "6.16",
            w -> {
                int from = w.filledPipe();
                return file(
                        w.pipe()[1],
                        from,
                        (s, fd, in, at) -> Pipes.splice(s, in, -1, fd, -1, 4, 0));
            }),
    TEE(
            "6.16",
            w -> {
                int from = w.filledPipe();
                return file(w.pipe()[1], from, (s, fd, in, at) -> Pipes.tee(s, in, fd, 4, 0));
            }),
    RENAMEAT("5.11", w -> paths(w.filePath(), w.newPath(), FileSystem::rename)),
    UNLINKAT("5.11", w -> paths(w.filePath(), w.newPath(), (s, p, no) -> FileSystem.unlink(s, p))),
    MKDIRAT(
            "5.15",
            w -> paths(w.newPath(), w.newPath(), (s, p, no) -> FileSystem.mkdir(s, p, 0755))),
    SYMLINKAT("5.15", w -> paths(w.filePath(), w.newPath(), FileSystem::symlink)),
    LINKAT("5.15", w -> paths(w.filePath(), w.newPath(), (s, p, q) -> FileSystem.link(s, p, q, 0))),
    FSETXATTR(
            "5.19",
            w -> {
                MemorySegment name = w.attribute();
                MemorySegment value = w.text();
                return on(
                        w.file(),
                        (sqe, fd) -> ExtendedAttributes.fsetxattr(sqe, fd, name, value, 0),
                        0);
            }),
    SETXATTR(
            "5.19",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment name = w.attribute();
                MemorySegment value = w.text();
                return none((sqe, fd) -> ExtendedAttributes.setxattr(sqe, path, name, value, 0), 0);
            }),
    FGETXATTR(
            "5.19",
            w -> {
                MemorySegment name = w.attribute();
                int fd = w.file();
                ExtendedAttributes.fsetxattr(w.ring().next(), fd, name, w.text(), 0);
                Net.ok(w.ring());
                return file(
                        fd,
                        w.memory(8),
                        (s, file, m, at) -> ExtendedAttributes.fgetxattr(s, file, name, m));
            }),
    GETXATTR(
            "5.19",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment name = w.attribute();
                ExtendedAttributes.setxattr(w.ring().next(), path, name, w.text(), 0);
                Net.ok(w.ring());
                return file(
                        Request.NO_FILE,
                        w.memory(8),
                        (sqe, fd, m, at) -> ExtendedAttributes.getxattr(sqe, path, name, m));
            }),
    READ_MULTISHOT(
            "6.7",
            w -> {
                int group = w.buffers();
                return on(
                                w.ended(w.connected()),
                                (sqe, fd) -> Files.readMultishot(sqe, fd, group),
                                Workshop.TEXT.length())
                        .ending(0);
            }),
    FIXED_FD_INSTALL(
            "6.8", w -> descriptor(w.slot(), (sqe, slot) -> FixedFiles.install(sqe, slot, 0))),
    FTRUNCATE("6.9", w -> on(w.file(), (sqe, fd) -> FileSpace.ftruncate(sqe, fd, 2), 0)),
    READV_FIXED("6.15", w -> fixedVectors(w, (s, fd, v) -> Files.readvFixed(s, fd, v, 0, 0, 0))),
    WRITEV_FIXED("6.15", w -> fixedVectors(w, (s, fd, v) -> Files.writevFixed(s, fd, v, 0, 0, 0))),
    PIPE(
            "6.16",
            w -> {
                MemorySegment ends = w.ends();
                return none((sqe, fd) -> Pipes.pipe(sqe, ends, 0), 0);
            }),
    PIPE_DIRECT(
            "6.16",
            w -> {
                int slot = w.freeSlots();
                MemorySegment slots = w.memory(2 * Integer.BYTES);
                return none((sqe, fd) -> Pipes.pipeDirect(sqe, slots, 0, slot), 0);
            });

    private final Recipe recipe;

    FileSubject(String since, Maker maker) {
        recipe = new Recipe(since, maker);
    }

    @Override
    public Recipe recipe() {
        return recipe;
    }

    private static IoVectors vectors(Workshop workshop) {
        return IoVectors.of(workshop.arena(), workshop.text());
    }
}
