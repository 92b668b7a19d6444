package org.uring4j.tool;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host and a port, as {@code example.org:9000} or {@code [::1]:9000}.
 *
 * @param host a name or an address
 * @param port 1 to 65535
 */
record Endpoint(String host, int port) {
    private static final Pattern PARTS =
            Pattern.compile("(?:\\[([^\\]]+)\\]|([^:]+)):([0-9]{1,5})");

    /** For picocli. */
    static final class Converter implements ITypeConverter<Endpoint> {
        @Override
        public Endpoint convert(String value) {
            Matcher matcher = PARTS.matcher(value);
            if (!matcher.matches()) {
                throw new TypeConversionException(
                        "'" + value + "' is not HOST:PORT, as localhost:9000 or [::1]:9000");
            }
            @Nullable String inBrackets = matcher.group(1);
            String host = inBrackets == null ? matcher.group(2) : inBrackets;
            return new Endpoint(host, port(matcher.group(3)));
        }
    }

    /** For picocli. */
    static final class PortConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return port(value);
        }
    }

    private static int port(String text) {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
        if (port < 1 || port > 65535) {
            throw new TypeConversionException("'" + text + "' is no port, which is 1 to 65535");
        }
        return port;
    }

    /** The addresses the host has. */
    List<InetSocketAddress> resolve() {
        try {
            return Arrays.stream(InetAddress.getAllByName(host))
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
        } catch (UnknownHostException e) {
            throw new Failure("unknown host: " + host, e);
        }
    }

    /** As {@code 127.0.0.1:9000} or {@code [::1]:9000}. */
    static String format(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = host.getHostAddress();
        return (host instanceof Inet6Address ? "[" + text + "]" : text) + ":" + address.getPort();
    }
}
