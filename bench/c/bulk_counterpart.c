/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of bulk connections, of any number that are made to it, so that
 * who is measured is the one that works: takes whatever comes and throws it away
 * without looking at it, or gives as much as it can. Ends when its input does.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, TAKE_AT_ONCE = 4 << 20, GIVE_AT_ONCE = 1 << 18 };

enum work { TAKE, GIVE };

static struct pollfd fds[MAX_CONNECTIONS + 2];
static char payload[GIVE_AT_ONCE];

/* Whether the connection is of use still. */
static bool take(int fd)
{
    /* Of a TCP socket, MSG_TRUNC takes data away without copying it anywhere. */
    ssize_t taken = recv(fd, NULL, TAKE_AT_ONCE, MSG_TRUNC | MSG_DONTWAIT);

    return taken > 0 || (taken < 0 && errno == EAGAIN);
}

static bool give(int fd)
{
    return send(fd, payload, sizeof(payload), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"take", "give"};
    struct sockaddr_in address = parse_address("127.0.0.1", 0);
    enum work work = parse_choice(argc == 2 ? argv[1] : "", "it", names, 2);
    int listener = listen_on(&address, MAX_CONNECTIONS);
    unsigned count = 2;

    memset(payload, 'x', sizeof(payload));
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

            fds[count++] = (struct pollfd){.fd = fd, .events = work == TAKE ? POLLIN : POLLOUT};
        }
        for (unsigned i = 2; i < count; i++) {
            if (!fds[i].revents)
                continue;
            if (work == TAKE ? !take(fds[i].fd) : !give(fds[i].fd)) {
                close(fds[i].fd);
                fds[i--] = fds[--count];
            }
        }
    }
}
