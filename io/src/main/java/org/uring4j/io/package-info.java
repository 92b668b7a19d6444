/**
 * Streams of bytes over one ring, driven by an {@link org.uring4j.io.EventLoop}.
 *
 * <p><b>Sending</b>, without a copy where that is cheaper: {@link org.uring4j.io.StreamSender}. A
 * program that sends five bytes, and says how it did:
 *
 * <pre>{@code
 * void main() throws IOException {
 *     InetSocketAddress peer = new InetSocketAddress("localhost", 9000);
 *     try (Ring ring = Ring.open(RingConfig.of(64)); Arena arena = Arena.ofConfined()) {
 *         int[] result = new int[1];
 *         CompletionHandler keep = (userData, answer, flags) -> result[0] = answer;
 *         Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
 *         ring.submitAndWait(1);
 *         ring.completions().drain(keep);
 *         int fd = result[0];
 *         Sockets.connect(ring.next(), fd, SockAddr.of(arena, peer));
 *         ring.submitAndWait(1);
 *         ring.completions().drain(keep);
 *
 *         EventLoop loop = EventLoop.of(ring);
 *         boolean[] done = new boolean[1];
 *         SenderListener listener =
 *                 new SenderListener() {
 *                     public void finished(StreamSender sender) {
 *                         done[0] = true;
 *                     }
 *                 };
 *         SenderConfig config = SenderConfig.DEFAULT.destination(peer);
 *         try (StreamSender sender = StreamSender.open(loop, fd, config, listener)) {
 *             SendChunk chunk = sender.claim();
 *             chunk.memory().setString(0, "hello");
 *             chunk.send(5);
 *             sender.finish();
 *             while (!done[0] && sender.failure() == null) {
 *                 loop.run(1);
 *             }
 *             System.out.println(sender.report());
 *         }
 *     }
 * }
 * }</pre>
 */
@NullMarked
package org.uring4j.io;

import org.jspecify.annotations.NullMarked;
