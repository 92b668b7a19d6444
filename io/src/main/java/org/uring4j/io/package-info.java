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
 *
 * <p><b>Receiving</b>, without a copy where the network card can: {@link
 * org.uring4j.io.ReceivePool} and {@link org.uring4j.io.StreamReceiver}. A program that takes what
 * a server sends, and says how:
 *
 * <pre>{@code
 * class Download implements StreamReceiver.Handler {
 *     public static void main(String... arguments) {
 *         InetSocketAddress server =
 *                 new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
 *         try (Arena arena = Arena.ofConfined();
 *                 Ring ring = Ring.open(RingConfig.of(64))) {
 *             Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
 *             int fd = await(ring, "IORING_OP_SOCKET");
 *             Sockets.connect(ring.next(), fd, SockAddr.of(arena, server));
 *             await(ring, "IORING_OP_CONNECT");
 *             EventLoop loop = EventLoop.of(ring);
 *             try (ReceivePool pool = ReceivePool.open(loop)) {
 *                 StreamReceiver receiver = pool.receive(fd, new Download());
 *                 while (!receiver.ended()) {
 *                     loop.run(1);
 *                 }
 *             }
 *         }
 *     }
 *
 *     private static int await(Ring ring, String operation) {
 *         int[] answer = new int[1];
 *         ring.submitAndWait(1);
 *         ring.completions().drain((userData, result, flags) -> answer[0] = result);
 *         if (answer[0] < 0) {
 *             throw UringException.of(operation, answer[0]);
 *         }
 *         return answer[0];
 *     }
 *
 *     public void onLease(StreamReceiver from, Lease lease) {
 *         try (lease) {
 *             byte first = lease.memory().get(ValueLayout.JAVA_BYTE, 0);
 *             System.out.println(lease.size() + " bytes, the first of them " + first);
 *         }
 *     }
 *
 *     public void onEnd(StreamReceiver from) {
 *         System.out.println(from.received() + " bytes by " + from.path());
 *         from.reason().ifPresent(System.out::println);
 *     }
 *
 *     public void onError(StreamReceiver from, UringException error) {
 *         System.out.println("broken off: " + error.getMessage());
 *     }
 * }
 * }</pre>
 */
@NullMarked
package org.uring4j.io;

import org.jspecify.annotations.NullMarked;
