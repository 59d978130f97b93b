/*
 * Small talk over TCP, both ends of it: for round trips, connections, and what idle and stalled connections cost. One
 * thread. Each client prints one line of JSON.
 *
 * usage: talk serve PORT                 echoes on PORT; on PORT + 1 sends zeros for ever and never reads
 *        talk first HOST PORT            tries to get one byte there and back until it succeeds; when that was
 *        talk ping HOST PORT SECONDS     one byte there and back, again and again, on one connection
 *        talk connect HOST PORT SECONDS CLIENTS
 *                                        connect, one byte there and back, close; so many clients at once
 *        talk hold HOST PORT COUNT       opens COUNT connections, one byte there and back on each
 *        talk stall HOST PORT COUNT      opens COUNT connections to PORT, sends while anything is taken, reads nothing
 * hold and stall print when all stand, and keep them until they are killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 64, MOST_FILES = 4096, MOST_SAMPLES = 4 << 20 };
enum { CHUNK_BYTES = 64 << 10, ROUND_MILLIS = 500, ROUNDS = 8, TRY_MILLIS = 10 };

/* What a watched socket is; it travels with its number in the event. */
enum kind { ECHO_LISTENER, FLOOD_LISTENER, ECHO, FLOOD };

static int epoll;
static struct addrinfo *target;
static uint32_t samples[MOST_SAMPLES]; /* nanoseconds */
static int sampled;

static int64_t now_nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "talk: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(int operation, int fd, uint32_t events, enum kind kind)
{
    struct epoll_event event = { .events = events, .data.u64 = (uint64_t) kind << 32 | (uint32_t) fd };
    if (epoll_ctl(epoll, operation, fd, &event))
        die("epoll_ctl");
}

/* Writes until nothing more is taken: whether the connection still stands, and in *progress whether anything was. */
static int flood(int fd, int *progress)
{
    static const char zeros[CHUNK_BYTES];
    while (send(fd, zeros, sizeof zeros, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        *progress = 1;
    return errno == EAGAIN;
}

static int echo(int fd)
{
    char bytes[64];
    ssize_t n = read(fd, bytes, sizeof bytes);
    return n > 0 ? send(fd, bytes, n, MSG_NOSIGNAL) == n : n < 0 && errno == EAGAIN;
}

static void listen_on(int port, enum kind kind)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    int on = 1, off = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* what is accepted has it too */
    if (bind(fd, (struct sockaddr *) &any, sizeof any) || listen(fd, BACKLOG))
        die("listen");
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, kind);
}

static void serve_one(enum kind kind, int fd)
{
    int ignored;
    if (kind == ECHO_LISTENER || kind == FLOOD_LISTENER) {
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
        if (accepted >= 0 && kind == ECHO_LISTENER)
            watch(EPOLL_CTL_ADD, accepted, EPOLLIN, ECHO);
        else if (accepted >= 0)
            watch(EPOLL_CTL_ADD, accepted, EPOLLOUT | EPOLLET, FLOOD);
    } else if (kind == ECHO ? !echo(fd) : !flood(fd, &ignored)) {
        close(fd);
    }
}

static void serve(int port)
{
    struct epoll_event events[EVENTS];
    listen_on(port, ECHO_LISTENER);
    listen_on(port + 1, FLOOD_LISTENER);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            serve_one(events[i].data.u64 >> 32, (int) (uint32_t) events[i].data.u64);
    }
}

static int open_socket(int flags)
{
    int on = 1, fd = socket(target->ai_family, SOCK_STREAM | flags, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, target->ai_addr, target->ai_addrlen) && errno != EINPROGRESS)
        die("connect");
    return fd;
}

static void round_trip(int fd)
{
    char byte = 0;
    if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
        die("send");
    ssize_t n = read(fd, &byte, 1);
    if (n != 1) {
        errno = n == 0 ? ECONNRESET : errno;
        die("read");
    }
}

static void sample(int64_t nanos)
{
    if (sampled < MOST_SAMPLES)
        samples[sampled++] = nanos > UINT32_MAX ? UINT32_MAX : nanos;
}

static int ascending(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *) a, other = *(const uint32_t *) b;
    return one < other ? -1 : one > other;
}

/* The rate, and microseconds by how many of a hundred took at most as long. */
static void tell(int64_t nanos)
{
    static const double percents[] = { 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99 };
    if (sampled == 0)
        die("nothing came back");
    qsort(samples, sampled, sizeof *samples, ascending);
    printf("{\"rate\": %.1f, \"micros\": {", sampled * 1e9 / nanos);
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        printf("%s\"%g\": %.2f", i ? ", " : "", percents[i], samples[(int) (percents[i] / 100 * sampled)] / 1e3);
    printf("}}\n");
}

static void ping(int seconds)
{
    int fd = open_socket(0);
    for (int i = 0; i < 100; i++)
        round_trip(fd);
    int64_t began = now_nanos(), before = began, end = began + seconds * INT64_C(1000000000);
    while (before < end) {
        round_trip(fd);
        int64_t after = now_nanos();
        sample(after - before);
        before = after;
    }
    tell(before - began);
}

static void connect_again(int64_t *began_of)
{
    int64_t began = now_nanos();
    int fd = open_socket(SOCK_NONBLOCK);
    if (fd >= MOST_FILES)
        die("too many files");
    began_of[fd] = began;
    watch(EPOLL_CTL_ADD, fd, EPOLLOUT, ECHO);
}

static void connect_all(int seconds, int clients)
{
    static int64_t began_of[MOST_FILES]; /* by the socket's number */
    struct epoll_event events[EVENTS];
    int64_t began = now_nanos(), now = began;
    for (int i = 0; i < clients; i++)
        connect_again(began_of);
    while (now < began + seconds * INT64_C(1000000000)) {
        int count = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < count; i++) {
            int fd = (int) (uint32_t) events[i].data.u64;
            if (events[i].events & EPOLLOUT) {
                if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
                    die("send");
                watch(EPOLL_CTL_MOD, fd, EPOLLIN, ECHO);
            } else {
                char byte;
                if (read(fd, &byte, 1) != 1)
                    die("read");
                close(fd);
                sample(now_nanos() - began_of[fd]);
                connect_again(began_of);
            }
        }
        now = now_nanos();
    }
    tell(now - began);
}

/* Each try has TRY_MILLIS to connect, and as much again for the byte. */
static void first(void)
{
    for (;;) {
        struct pollfd fd = { .fd = socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT };
        char byte = 0;
        if (!connect(fd.fd, target->ai_addr, target->ai_addrlen) || errno == EINPROGRESS) {
            int connected = poll(&fd, 1, TRY_MILLIS) == 1 && send(fd.fd, &byte, 1, MSG_NOSIGNAL) == 1;
            fd.events = POLLIN;
            if (connected && poll(&fd, 1, TRY_MILLIS) == 1 && read(fd.fd, &byte, 1) == 1)
                return;
        }
        close(fd.fd);
        usleep(1000);
    }
}

static void hold(int count)
{
    for (int i = 0; i < count; i++)
        round_trip(open_socket(0));
}

static void stall(int count)
{
    int *fds = calloc(count, sizeof *fds), progress = 1;
    for (int i = 0; i < count; i++)
        fds[i] = open_socket(0);
    for (int round = 0; round < ROUNDS && progress; round++) {
        usleep(ROUND_MILLIS * 1000);
        progress = 0;
        for (int i = 0; i < count; i++)
            if (!flood(fds[i], &progress))
                die("send");
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: talk serve PORT | first HOST PORT | ping HOST PORT SECONDS"
                    " | connect HOST PORT SECONDS CLIENTS | hold HOST PORT COUNT | stall HOST PORT COUNT\n");
    return 2;
}

int main(int argc, char **argv)
{
    epoll = epoll_create1(0);
    if (argc == 3 && !strcmp(argv[1], "serve"))
        serve(atoi(argv[2]));
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    if (argc < 4 || getaddrinfo(argv[2], argv[3], &hints, &target))
        return usage();
    if (argc == 4 && !strcmp(argv[1], "first")) {
        first();
        printf("{\"nanos\": %ld}\n", (long) now_nanos());
        return 0;
    }
    if (argc < 5)
        return usage();
    int number = atoi(argv[4]);
    if (argc == 5 && !strcmp(argv[1], "ping")) {
        ping(number);
    } else if (argc == 6 && !strcmp(argv[1], "connect")) {
        connect_all(number, atoi(argv[5]));
    } else if (argc == 5 && (!strcmp(argv[1], "hold") || !strcmp(argv[1], "stall"))) {
        (*argv[1] == 'h' ? hold : stall)(number);
        printf("{\"stand\": %d}\n", number);
        fflush(stdout);
        pause();
    } else {
        return usage();
    }
}
