/*
 * The yardstick: what forwards a TCP stream between two sockets and does nothing else. One thread, epoll(7), read(2)
 * and write(2) with 256 KiB a direction. Where the daemon has a TUN and a TCP of its own, this has the kernel's.
 *
 * usage: relay PORT TARGET TARGET-PORT [SERVER SERVER-PORT]
 *     listens on PORT of all addresses; connects each client to TARGET, through the SOCKS5 server if one is given.
 *     Connecting blocks: this is for bulk, not for counting connections.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 << 10, EVENTS = 64, BACKLOG = 1024 };

/* One direction of a connection, and the socket that it reads from. */
struct way {
    int fd;
    struct way *other;      /* the way back, which reads from where this one writes to */
    size_t begin, end;      /* bytes held in the buffer */
    int ended, finished;
    uint32_t interest;      /* what fd is watched for */
    struct way *next_dead;
    char buffer[BUFFER_BYTES];
};

static int epoll;

static int open_to(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found;
    if (getaddrinfo(host, port, &hints, &found)) {
        fprintf(stderr, "relay: %s port %s is no address\n", host, port);
        exit(2);
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = connect(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (failed) {
        close(fd);
        return -1;
    }
    return fd;
}

static int receive(int fd, void *to, size_t length)
{
    return recv(fd, to, length, MSG_WAITALL) == (ssize_t) length ? 0 : -1;
}

/* CONNECT of RFC 1928 without authentication; the reply's address is IPv4, as socks5.c sends it. */
static int through(int server, const char *target, const char *port)
{
    uint8_t request[22] = { 5, 1, 0, 1 }, answer[10];
    size_t address = 4;
    if (inet_pton(AF_INET, target, request + 4) != 1) {
        inet_pton(AF_INET6, target, request + 4);
        request[3] = 4;
        address = 16;
    }
    uint16_t number = htons(atoi(port));
    memcpy(request + 4 + address, &number, 2);
    if (send(server, "\5\1\0", 3, MSG_NOSIGNAL) != 3 || receive(server, answer, 2) || answer[1] != 0)
        return -1;
    if (send(server, request, 6 + address, MSG_NOSIGNAL) < 0 || receive(server, answer, 10) || answer[1] != 0)
        return -1;
    return 0;
}

static int dial(char **arguments, int count)
{
    if (count == 4)
        return open_to(arguments[2], arguments[3]);
    int fd = open_to(arguments[4], arguments[5]);
    if (fd >= 0 && through(fd, arguments[2], arguments[3])) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct way *open_way(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct way *way = malloc(sizeof *way);
    way->fd = fd;
    way->begin = way->end = 0;
    way->ended = way->finished = 0;
    way->interest = EPOLLIN;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = way };
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return way;
}

static void accept_one(int listener, char **arguments, int count)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    int target = dial(arguments, count);
    if (target < 0) {
        close(client);
        return;
    }
    struct way *up = open_way(client), *down = open_way(target);
    up->other = down;
    down->other = up;
}

/* Watches a socket for what its two ways are waiting for, and for nothing more. */
static void watch(struct way *way)
{
    int full = way->begin < way->end;
    uint32_t interest = (full || way->ended ? 0 : EPOLLIN) | (way->other->begin < way->other->end ? EPOLLOUT : 0);
    if (interest == way->interest)
        return;
    way->interest = interest;
    struct epoll_event event = { .events = interest, .data.ptr = way };
    epoll_ctl(epoll, EPOLL_CTL_MOD, way->fd, &event);
}

/* Reads once if the buffer is empty, writes once if it is not: 0, or -1 if the connection is broken. */
static int move(struct way *way)
{
    if (way->begin == way->end && !way->ended) {
        ssize_t n = read(way->fd, way->buffer, BUFFER_BYTES);
        if (n < 0 && errno != EAGAIN)
            return -1;
        way->ended = n == 0;
        way->begin = 0;
        way->end = n > 0 ? n : 0;
    }
    if (way->begin < way->end) {
        ssize_t n = write(way->other->fd, way->buffer + way->begin, way->end - way->begin);
        if (n < 0 && errno != EAGAIN)
            return -1;
        way->begin += n > 0 ? n : 0;
    }
    if (way->ended && way->begin == way->end && !way->finished) {
        shutdown(way->other->fd, SHUT_WR);
        way->finished = 1;
    }
    return 0;
}

/* Serves a socket's event: 0, or -1 if its connection is over. */
static int serve(struct way *way, uint32_t events)
{
    if ((events & EPOLLERR) || ((events & (EPOLLIN | EPOLLHUP)) && move(way)))
        return -1;
    if ((events & EPOLLOUT) && move(way->other))
        return -1;
    watch(way);
    watch(way->other);
    return way->finished && way->other->finished ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: relay PORT TARGET TARGET-PORT [SERVER SERVER-PORT]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[1])) };
    int on = 1, off = 0, listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(listener, (struct sockaddr *) &any, sizeof any) || listen(listener, BACKLOG)) {
        perror("relay: listen");
        return 1;
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS], first = { .events = EPOLLIN, .data.ptr = NULL };
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        struct way *dead = NULL;
        for (int i = 0; i < count; i++) {
            struct way *way = events[i].data.ptr;
            if (!way) {
                accept_one(listener, argv, argc);
            } else if (way->fd >= 0 && serve(way, events[i].events)) {
                /* freed after the batch, which may hold an event of the other socket */
                close(way->fd);
                close(way->other->fd);
                way->fd = way->other->fd = -1;
                way->next_dead = dead;
                dead = way;
            }
        }
        while (dead) {
            struct way *next = dead->next_dead;
            free(dead->other);
            free(dead);
            dead = next;
        }
    }
}
