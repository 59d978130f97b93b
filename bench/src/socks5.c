/*
 * A SOCKS5 server (RFC 1928) that is not what is measured: CONNECT to addresses without authentication, one thread a
 * connection, bytes moved inside the kernel by splice(2) and a pipe a direction.
 *
 * usage: socks5 PORT     listens on all addresses of both families, until it is killed
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, STACK_BYTES = 128 << 10, BACKLOG = 1024 };

/* One direction of a connection. */
struct way {
    int from, to;
    int pipe[2];
    ssize_t held;   /* bytes in the pipe */
    int ended;      /* nothing more comes */
    int finished;   /* and the other end was told so */
};

static int receive(int fd, void *to, size_t length)
{
    return recv(fd, to, length, MSG_WAITALL) == (ssize_t) length ? 0 : -1;
}

static void no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Connects to what a request asks for: the socket, or minus the number of the reply that refuses. */
static int dial(int type, const uint8_t *address)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    memcpy(&v4.sin_addr, address, 4);
    memcpy(&v4.sin_port, address + 4, 2);
    memcpy(&v6.sin6_addr, address, 16);
    memcpy(&v6.sin6_port, address + 16, 2);
    int fd = socket(type == 1 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int failed = type == 1 ? connect(fd, (struct sockaddr *) &v4, sizeof v4)
                           : connect(fd, (struct sockaddr *) &v6, sizeof v6);
    if (!failed)
        return fd;
    int reply = errno == ECONNREFUSED ? 5 : errno == ENETUNREACH ? 3 : errno == EHOSTUNREACH ? 4 : 1;
    close(fd);
    return -reply;
}

/* Greeting, request, reply: the socket to the target, or -1. */
static int handshake(int client)
{
    uint8_t in[256], address[18] = { 0 }, out[22] = { 5, 0, 0, 1 };
    if (receive(client, in, 2) || in[0] != 5 || receive(client, in + 2, in[1]))
        return -1;
    if (send(client, "\5\0", 2, MSG_NOSIGNAL) != 2 || receive(client, in, 4) || in[0] != 5)
        return -1;
    int known = in[1] == 1 && (in[3] == 1 || in[3] == 4);
    if (known && receive(client, address, in[3] == 1 ? 6 : 18))
        return -1;
    int target = known ? dial(in[3], address) : in[1] == 1 ? -8 : -7;
    out[1] = target < 0 ? -target : 0;
    if (send(client, out, 10, MSG_NOSIGNAL) != 10 && target >= 0) {
        close(target);
        return -1;
    }
    return target < 0 ? -1 : target;
}

/* Moves what can be moved now: 1, nothing: 0, the connection is broken: -1. */
static int move(struct way *way)
{
    int moved = 0;
    if (way->held == 0 && !way->ended) {
        ssize_t n = splice(way->from, NULL, way->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n < 0 && errno != EAGAIN)
            return -1;
        way->ended = n == 0;
        way->held = n > 0 ? n : 0;
        moved = n >= 0;
    }
    if (way->held > 0) {
        ssize_t n = splice(way->pipe[0], NULL, way->to, NULL, way->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n < 0 && errno != EAGAIN)
            return -1;
        way->held -= n > 0 ? n : 0;
        moved |= n > 0;
    }
    if (way->ended && way->held == 0 && !way->finished) {
        shutdown(way->to, SHUT_WR);
        way->finished = 1;
    }
    return moved;
}

static void carry(struct way *up, struct way *down)
{
    while (!up->finished || !down->finished) {
        int there = move(up), back = move(down);
        if (there < 0 || back < 0)
            return;
        if (there || back)
            continue;
        struct pollfd fds[2] = {
            { .fd = up->from, .events = (up->held || up->ended ? 0 : POLLIN) | (down->held ? POLLOUT : 0) },
            { .fd = down->from, .events = (down->held || down->ended ? 0 : POLLIN) | (up->held ? POLLOUT : 0) },
        };
        /* a side that asks for nothing would still tell POLLHUP, again and again */
        for (int i = 0; i < 2; i++)
            if (!fds[i].events)
                fds[i].fd = -1;
        poll(fds, 2, -1);
    }
}

static int open_way(struct way *way, int from, int to)
{
    *way = (struct way) { .from = from, .to = to };
    if (pipe2(way->pipe, O_NONBLOCK | O_CLOEXEC))
        return -1;
    fcntl(way->pipe[0], F_SETPIPE_SZ, PIPE_BYTES);
    return 0;
}

static void close_way(struct way *way)
{
    close(way->pipe[0]);
    close(way->pipe[1]);
}

static void *serve(void *argument)
{
    int client = (int) (intptr_t) argument;
    no_delay(client);
    int target = handshake(client);
    if (target >= 0) {
        struct way up, down;
        no_delay(target);
        fcntl(client, F_SETFL, O_NONBLOCK);
        fcntl(target, F_SETFL, O_NONBLOCK);
        if (!open_way(&up, client, target)) {
            if (!open_way(&down, target, client)) {
                carry(&up, &down);
                close_way(&down);
            }
            close_way(&up);
        }
        close(target);
    }
    close(client);
    return NULL;
}

static int listen_on(const char *port)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
    int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *) &any, sizeof any) || listen(fd, BACKLOG)) {
        perror("socks5: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: socks5 PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(argv[1]);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (client >= 0 && pthread_create(&thread, &attributes, serve, (void *) (intptr_t) client))
            close(client);
    }
}
