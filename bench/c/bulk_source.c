/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends as much as it can on any number of TCP connections that are made to it,
 * so that who receives is the one that works. Ends when its input does.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, AT_ONCE = 1 << 18 };

static struct pollfd fds[MAX_CONNECTIONS + 2];
static char payload[AT_ONCE];

int main(void)
{
    struct sockaddr_in address = parse_address("127.0.0.1", 0);
    socklen_t length = sizeof(address);
    int listener = check_libc(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    unsigned count = 2;

    memset(payload, 'x', sizeof(payload));
    check_libc(bind(listener, (struct sockaddr *)&address, length), "bind");
    check_libc(listen(listener, MAX_CONNECTIONS), "listen");
    check_libc(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
    printf("ready port=%d\n", ntohs(address.sin_port));
    fflush(stdout);
    fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        check_libc(poll(fds, count, -1), "poll");
        if (fds[0].revents)
            return 0;
        if (fds[1].revents && count < MAX_CONNECTIONS + 2) {
            int fd = check_libc(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");

            fds[count++] = (struct pollfd){.fd = fd, .events = POLLOUT};
        }
        for (unsigned i = 2; i < count; i++) {
            ssize_t sent;

            if (!fds[i].revents)
                continue;
            sent = send(fds[i].fd, payload, sizeof(payload), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) {
                close(fds[i].fd);
                fds[i--] = fds[--count];
            }
        }
    }
}
