/*
 * A SOCKS5 server (RFC 1928) that is not what is measured: CONNECT and UDP ASSOCIATE to addresses without
 * authentication, one thread each. CONNECT moves bytes inside the kernel by splice(2) and a pipe a direction, UDP
 * ASSOCIATE moves datagrams of up to 2,048 bytes by recvmmsg(2) and sendmmsg(2).
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

enum { PIPE_BYTES = 1 << 20, STACK_BYTES = 128 << 10, BACKLOG = 4096 };
enum { BATCH = 64, HEADER_BYTES = 22, DATAGRAM_BYTES = 2048, SOCKET_BUFFER_BYTES = 4 << 20 };

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

/* Writes type, address and port, a mapped address as IPv4: how many bytes. */
static size_t put_address(uint8_t *to, const struct sockaddr_in6 *address)
{
    int v4 = IN6_IS_ADDR_V4MAPPED(&address->sin6_addr);
    size_t length = v4 ? 4 : 16;
    *to = v4 ? 1 : 4;
    memcpy(to + 1, address->sin6_addr.s6_addr + 16 - length, length);
    memcpy(to + 1 + length, &address->sin6_port, 2);
    return 1 + length + 2;
}

/* Reads type, address and port, IPv4 as a mapped address: how many bytes, or 0 if it is neither family. */
static size_t take_address(const uint8_t *from, struct sockaddr_in6 *address)
{
    size_t length = *from == 1 ? 4 : 16;
    if (*from != 1 && *from != 4)
        return 0;
    *address = (struct sockaddr_in6) { .sin6_family = AF_INET6 };
    address->sin6_addr.s6_addr[10] = address->sin6_addr.s6_addr[11] = 0xff;
    memcpy(address->sin6_addr.s6_addr + 16 - length, from + 1, length);
    memcpy(&address->sin6_port, from + 1 + length, 2);
    return 1 + length + 2;
}

/* Connects to what a request asks for: the socket, or minus the number of the reply that refuses. */
static int dial(const uint8_t *asked)
{
    struct sockaddr_in6 to;
    take_address(asked, &to);
    int off = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (!connect(fd, (struct sockaddr *) &to, sizeof to))
        return fd;
    int number = errno == ECONNREFUSED ? 5 : errno == ENETUNREACH ? 3 : errno == EHOSTUNREACH ? 4 : 1;
    close(fd);
    return -number;
}

/* Greeting and request: the address with its port, behind its type, in asked; the command, or -1. */
static int handshake(int client, uint8_t *asked)
{
    uint8_t in[256];
    if (receive(client, in, 2) || in[0] != 5 || receive(client, in + 2, in[1]))
        return -1;
    if (send(client, "\5\0", 2, MSG_NOSIGNAL) != 2 || receive(client, in, 4) || in[0] != 5)
        return -1;
    asked[0] = in[3];
    if (in[3] != 1 && in[3] != 4)
        return 0;
    return receive(client, asked + 1, in[3] == 1 ? 6 : 18) ? -1 : in[1];
}

/* The reply with a number and, where bound is given, an address: 0, or -1. */
static int reply(int client, int number, const struct sockaddr_in6 *bound)
{
    uint8_t out[22] = { 5, number, 0, 1 };
    size_t length = 10;
    if (bound)
        length = 3 + put_address(out + 3, bound);
    return send(client, out, length, MSG_NOSIGNAL) == (ssize_t) length ? 0 : -1;
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

static void connect_to(int client, const uint8_t *asked)
{
    int target = dial(asked);
    if (target < 0) {
        reply(client, -target, NULL);
        return;
    }
    struct way up, down;
    no_delay(target);
    if (!reply(client, 0, NULL) && !open_way(&up, client, target)) {
        fcntl(client, F_SETFL, O_NONBLOCK);
        fcntl(target, F_SETFL, O_NONBLOCK);
        if (!open_way(&down, target, client)) {
            carry(&up, &down);
            close_way(&down);
        }
        close_way(&up);
    }
    close(target);
}

/* A batch of datagrams; each has room in front for the header that a datagram between client and server has. */
struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec iovs[BATCH];
    struct sockaddr_in6 names[BATCH];
    uint8_t bytes[BATCH][HEADER_BYTES + DATAGRAM_BYTES];
};

/* Receives what is there, at most a batch, behind the room for the header: how many. */
static int receive_batch(int fd, struct batch *batch)
{
    for (int i = 0; i < BATCH; i++) {
        batch->iovs[i] = (struct iovec) { batch->bytes[i] + HEADER_BYTES, DATAGRAM_BYTES };
        batch->messages[i].msg_hdr = (struct msghdr) { .msg_iov = &batch->iovs[i], .msg_iovlen = 1,
                                                       .msg_name = &batch->names[i],
                                                       .msg_namelen = sizeof batch->names[i] };
    }
    return recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
}

static void send_batch(int fd, struct batch *batch, int count)
{
    for (int sent = 0; sent < count; ) {
        int n = sendmmsg(fd, batch->messages + sent, count - sent, 0);
        sent += n > 0 ? n : 1; /* one that is refused is lost, as datagrams are */
    }
}

/* From the client to where the headers say. The client is who has sent; the socket is connected to it. */
static void move_up(int inner, int outer, struct batch *batch, int *connected)
{
    int count = receive_batch(inner, batch);
    if (count > 0 && !*connected)
        *connected = !connect(inner, (struct sockaddr *) &batch->names[0], sizeof batch->names[0]);
    for (int i = 0; i < count; i++) {
        uint8_t *datagram = batch->bytes[i] + HEADER_BYTES;
        size_t header = 3 + take_address(datagram + 3, &batch->names[i]);
        size_t length = batch->messages[i].msg_len;
        batch->iovs[i] = (struct iovec) { datagram + header, length > header ? length - header : 0 };
    }
    send_batch(outer, batch, count);
}

static void move_down(int inner, int outer, struct batch *batch)
{
    int count = receive_batch(outer, batch);
    for (int i = 0; i < count; i++) {
        uint8_t address[HEADER_BYTES];
        size_t header = 3 + put_address(address, &batch->names[i]);
        uint8_t *datagram = batch->bytes[i] + HEADER_BYTES - header;
        memset(datagram, 0, 3);
        memcpy(datagram + 3, address, header - 3);
        batch->iovs[i] = (struct iovec) { datagram, header + batch->messages[i].msg_len };
        batch->messages[i].msg_hdr.msg_name = NULL;
        batch->messages[i].msg_hdr.msg_namelen = 0;
    }
    send_batch(inner, batch, count);
}

static int open_datagrams(struct sockaddr_in6 *at)
{
    int off = 0, size = SOCKET_BUFFER_BYTES, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t length = sizeof *at;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    at->sin6_port = 0;
    if (bind(fd, (struct sockaddr *) at, sizeof *at) || getsockname(fd, (struct sockaddr *) at, &length)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Until the client closes its connection (RFC 1928 section 6). */
static void associate(int client)
{
    struct sockaddr_in6 here, any = { .sin6_family = AF_INET6 };
    socklen_t length = sizeof here;
    getsockname(client, (struct sockaddr *) &here, &length);
    int inner = open_datagrams(&here), outer = open_datagrams(&any), connected = 0;
    struct batch *batch = malloc(sizeof *batch);
    if (inner >= 0 && outer >= 0 && batch && !reply(client, 0, &here)) {
        struct pollfd fds[3] = { { client, POLLIN, 0 }, { inner, POLLIN, 0 }, { outer, POLLIN, 0 } };
        while (poll(fds, 3, -1) > 0 && !fds[0].revents) {
            if (fds[1].revents)
                move_up(inner, outer, batch, &connected);
            if (fds[2].revents)
                move_down(inner, outer, batch);
        }
    }
    free(batch);
    close(inner);
    close(outer);
}

static void *serve(void *argument)
{
    int client = (int) (intptr_t) argument;
    uint8_t asked[19];
    no_delay(client);
    int command = handshake(client, asked);
    if (command == 1)
        connect_to(client, asked);
    else if (command == 3)
        associate(client);
    else if (command >= 0)
        reply(client, command == 0 ? 8 : 7, NULL);
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
