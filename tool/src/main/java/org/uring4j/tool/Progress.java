package org.uring4j.tool;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import java.util.function.LongConsumer;

/** Shows on a terminal how far a transfer has come. */
interface Progress extends LongConsumer, AutoCloseable {
    /** So many bytes are done altogether. */
    @Override
    void accept(long bytes);

    @Override
    void close();

    /**
     * A bar on standard error if that is a terminal, else nothing.
     *
     * @param size how many bytes it will be, -1 when that is not known
     */
    static Progress of(String task, long size, boolean wanted) {
        return wanted && Terminal.STANDARD_ERROR.isTerminal() ? Bar.start(task, size) : new None();
    }

    /** Nothing to see. */
    record None() implements Progress {
        @Override
        public void accept(long bytes) {}

        @Override
        public void close() {}
    }

    /** The library's bar, which is loaded only where it can be seen. */
    record Bar(ProgressBar bar) implements Progress {
        private static final long MEBIBYTE = 1 << 20;
        private static final int COLUMNS = 78;

        static Bar start(String task, long size) {
            return new Bar(
                    new ProgressBarBuilder()
                            .setTaskName(task)
                            .setInitialMax(size)
                            .setUnit(" MiB", MEBIBYTE)
                            .setStyle(ProgressBarStyle.ASCII)
                            .setMaxRenderedLength(COLUMNS)
                            .setConsumer(new ConsoleProgressBarConsumer(System.err, COLUMNS))
                            .showSpeed()
                            .build());
        }

        @Override
        public void accept(long bytes) {
            bar.stepTo(bytes);
        }

        @Override
        public void close() {
            bar.close();
        }
    }
}
