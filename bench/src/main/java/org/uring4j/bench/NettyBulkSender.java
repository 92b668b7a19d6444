package org.uring4j.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringSocketChannel;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.CountDownLatch;

/**
 * Sends in bulk through Netty's io_uring transport, which gathers what waits to be written;
 * arguments: PORT and always or never, for zero-copy.
 */
@ChannelHandler.Sharable // By one channel after the other.
final class NettyBulkSender extends ChannelInboundHandlerAdapter {
    /** What the transport takes for never, and every size for always. */
    private static final int NEVER = -1;

    private final Bootstrap bootstrap;
    private @Nullable Channel channel;
    private ByteBuf[] pool = new ByteBuf[0];
    private int next;

    // Of the event loop's thread.
    private boolean running;
    private long end;
    private long given;
    private long waiting;
    private CountDownLatch done = new CountDownLatch(0);

    private NettyBulkSender(EventLoopGroup group, int port, boolean zeroCopy) {
        bootstrap =
                new Bootstrap()
                        .group(group)
                        .channel(IoUringSocketChannel.class)
                        .option(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                new WriteBufferWaterMark(BulkPeer.GATHER, BulkPeer.POOL))
                        .option(
                                IoUringChannelOption.IO_URING_WRITE_ZERO_COPY_THRESHOLD,
                                zeroCopy ? 1 : NEVER)
                        .remoteAddress(InetAddress.getLoopbackAddress(), port)
                        .handler(this);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int port = Integer.parseInt(args[0]);
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, IoUringIoHandler.newFactory());
        NettyBulkSender sender = new NettyBulkSender(group, port, args[1].equals("always"));
        BulkPeer.serve("netty", sender::run);
        group.shutdownGracefully().sync();
    }

    private long run(int size, long nanos) throws InterruptedException {
        Channel current = channel;
        if (current == null || pool[0].capacity() != size) {
            current = open(size);
        }
        Channel to = current;
        CountDownLatch latch = new CountDownLatch(1);
        to.eventLoop().execute(() -> start(to, nanos, latch));
        latch.await();
        return given;
    }

    private Channel open(int size) throws InterruptedException {
        if (channel != null) {
            channel.close().sync();
        }
        pool = new ByteBuf[BulkPeer.buffers(size)];
        for (int i = 0; i < pool.length; i++) {
            pool[i] = Unpooled.directBuffer(size, size).writeZero(size);
        }
        next = 0;
        Channel opened = bootstrap.connect().sync().channel();
        channel = opened;
        return opened;
    }

    private void start(Channel to, long nanos, CountDownLatch latch) {
        given = 0;
        waiting = 0;
        done = latch;
        end = System.nanoTime() + nanos;
        running = true;
        write(to);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (running && context.channel().isWritable()) {
            write(context.channel());
        }
    }

    private void write(Channel to) {
        if (System.nanoTime() > end) {
            running = false;
        }
        while (running && to.isWritable()) {
            ByteBuf buffer = pool[next];
            next = (next + 1) % pool.length;
            given += buffer.capacity();
            waiting++;
            to.write(buffer.retainedDuplicate()).addListener(this::written);
        }
        to.flush();
        endIfDone();
    }

    private void written(io.netty.util.concurrent.Future<?> write) {
        if (!write.isSuccess()) {
            throw new IllegalStateException("a write failed", write.cause());
        }
        waiting--;
        endIfDone();
    }

    private void endIfDone() {
        if (!running && waiting == 0) {
            done.countDown();
        }
    }
}
