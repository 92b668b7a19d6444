package org.uring4j.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringSocketChannel;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.CountDownLatch;

/**
 * Receives in bulk through Netty's io_uring transport; arguments: PORT and how many bytes to
 * gather.
 */
@ChannelHandler.Sharable // By one channel after the other.
final class NettyBulkReceiver extends ChannelInboundHandlerAdapter {
    /** {@code SO_RCVLOWAT} of {@code SOL_SOCKET}. */
    private static final ChannelOption<Integer> GATHER =
            new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18);

    private final EventLoopGroup group;
    private final int port;
    private final int gather;
    private @Nullable Channel channel;
    private int bufferSize;

    // Of the event loop's thread.
    private long end;
    private long received;
    private CountDownLatch done = new CountDownLatch(0);

    private NettyBulkReceiver(EventLoopGroup group, int port, int gather) {
        this.group = group;
        this.port = port;
        this.gather = gather;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, IoUringIoHandler.newFactory());
        NettyBulkReceiver receiver =
                new NettyBulkReceiver(group, Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        BulkPeer.serve("netty", receiver::run);
        group.shutdownGracefully().sync();
    }

    private long run(int size, long nanos) throws InterruptedException {
        Channel channel = size == bufferSize ? this.channel : null;
        if (channel == null) {
            channel = open(size);
        }
        Channel current = channel;
        CountDownLatch latch = new CountDownLatch(1);
        current.eventLoop()
                .execute(
                        () -> {
                            received = 0;
                            done = latch;
                            end = System.nanoTime() + nanos;
                            current.config().setAutoRead(true);
                        });
        latch.await();
        return received;
    }

    private Channel open(int size) throws InterruptedException {
        if (channel != null) {
            channel.close().sync();
        }
        Channel opened =
                new Bootstrap()
                        .group(group)
                        .channel(IoUringSocketChannel.class)
                        .option(ChannelOption.AUTO_READ, false)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(size))
                        .handler(this)
                        .connect(InetAddress.getLoopbackAddress(), port)
                        .sync()
                        .channel();
        if (gather > 0 && !opened.config().setOption(GATHER, gather)) {
            throw new IllegalStateException("Netty does not take SO_RCVLOWAT");
        }
        channel = opened;
        bufferSize = size;
        return opened;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf data = (ByteBuf) message;
        received += data.readableBytes();
        data.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (System.nanoTime() > end && done.getCount() > 0) {
            context.channel().config().setAutoRead(false);
            done.countDown();
        }
    }
}
