/*
 * Datagrams of 1,400 bytes at a given rate, both ends of it: who sends paces itself by the clock and never waits for an
 * answer; who receives counts.
 *
 * usage: datagrams serve PORT
 *        datagrams send HOST PORT SECONDS MBIT/S up|down|both [segment]
 *            up: the client sends; down: the server does; both: both at once, on the same socket. segment: the sender
 *            hands over 32 datagrams in one call (UDP_SEGMENT of udp(7)). Prints one line of JSON, in bytes of payload.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM_BYTES = 1400, SEGMENTS = 32, BATCH = 64, SOCKET_BUFFER_BYTES = 4 << 20, ASKS = 50 };

/* The first byte of a datagram. */
enum kind { DATA, START, STARTED, COUNT, COUNTED };

struct start {
    uint8_t kind, sends, segment;
    uint32_t seconds, mbits;
};

struct counted {
    uint8_t kind;
    uint64_t received, sent;
};

struct sender {
    int fd;
    struct start order;
    struct sockaddr_storage to;
    socklen_t to_length; /* 0: fd is connected */
    uint64_t sent;
};

static volatile uint64_t received;

static void die(const char *what)
{
    fprintf(stderr, "datagrams: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int open_socket(int family)
{
    int size = SOCKET_BUFFER_BYTES, fd = socket(family, SOCK_DGRAM, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    return fd;
}

/* Sends up to so many datagrams: how many the socket took. */
static int send_some(struct sender *sender, int count)
{
    static char zeros[SEGMENTS * DATAGRAM_BYTES];
    struct iovec iov = { zeros, DATAGRAM_BYTES };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_name = sender->to_length ? &sender->to : NULL,
                              .msg_namelen = sender->to_length };
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control = { 0 };
    if (sender->order.segment) {
        iov.iov_len = count * DATAGRAM_BYTES;
        message.msg_control = &control;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = IPPROTO_UDP;
        header->cmsg_type = UDP_SEGMENT;
        header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        *(uint16_t *) CMSG_DATA(header) = DATAGRAM_BYTES;
        return sendmsg(sender->fd, &message, 0) < 0 ? 0 : count;
    }
    struct mmsghdr messages[SEGMENTS];
    for (int i = 0; i < count; i++)
        messages[i].msg_hdr = message;
    int taken = sendmmsg(sender->fd, messages, count, 0);
    return taken < 0 ? 0 : taken;
}

/* What is due by the clock, and no more: what could not be sent in time is not made up for beyond one batch. */
static void *send_all(void *argument)
{
    struct sender *sender = argument;
    double bytes_a_nano = sender->order.mbits / 8e3;
    int64_t began = now_nanos(), end = began + sender->order.seconds * INT64_C(1000000000), now;
    uint64_t due, offered = 0;
    while ((now = now_nanos()) < end) {
        due = (uint64_t) ((now - began) * bytes_a_nano) / DATAGRAM_BYTES;
        if (due < offered + SEGMENTS) {
            usleep(50);
            continue;
        }
        sender->sent += (uint64_t) send_some(sender, SEGMENTS) * DATAGRAM_BYTES;
        offered = due > offered + 100 * SEGMENTS ? due : offered + SEGMENTS;
    }
    return NULL;
}

/* Receives a batch: the first byte and the source of the last; counts all but control. */
static int receive(int fd, void *first, size_t length, struct sockaddr_storage *from, socklen_t *from_length)
{
    static char buffers[BATCH][2048];
    static struct sockaddr_storage names[BATCH];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec iovs[BATCH];
    for (int i = 0; i < BATCH; i++) {
        iovs[i] = (struct iovec) { buffers[i], sizeof buffers[i] };
        messages[i].msg_hdr = (struct msghdr) { .msg_iov = &iovs[i], .msg_iovlen = 1, .msg_name = &names[i],
                                                .msg_namelen = sizeof names[i] };
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL), kind = DATA;
    for (int i = 0; i < count; i++) {
        if (buffers[i][0] == DATA) {
            received += messages[i].msg_len;
        } else {
            kind = buffers[i][0];
            memcpy(first, buffers[i], length);
            *from = names[i];
            *from_length = messages[i].msg_hdr.msg_namelen;
        }
    }
    return kind;
}

static void serve(int port)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    int off = 0, fd = open_socket(AF_INET6);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *) &any, sizeof any))
        die("bind");
    struct sender sender = { .fd = fd };
    pthread_t thread;
    int sending = 0;
    for (;;) {
        struct start start;
        struct sockaddr_storage from;
        socklen_t from_length;
        int kind = receive(fd, &start, sizeof start, &from, &from_length);
        if (kind == START) {
            if (sending)
                pthread_join(thread, NULL);
            sender = (struct sender) { .fd = fd, .order = start, .to = from, .to_length = from_length };
            received = 0;
            sending = start.sends && !pthread_create(&thread, NULL, send_all, &sender);
            sendto(fd, &(uint8_t) { STARTED }, 1, 0, (struct sockaddr *) &from, from_length);
        } else if (kind == COUNT) {
            struct counted counted = { .kind = COUNTED, .received = received, .sent = sender.sent };
            sendto(fd, &counted, sizeof counted, 0, (struct sockaddr *) &from, from_length);
        }
    }
}

/* Asks until the answer is there; data that arrives meanwhile counts. */
static void ask(int fd, const void *question, size_t length, int answer, void *to, size_t to_length)
{
    struct sockaddr_storage from;
    socklen_t from_length;
    for (int i = 0; i < ASKS; i++) {
        send(fd, question, length, 0);
        int64_t until = now_nanos() + 100000000;
        while (now_nanos() < until) {
            struct pollfd readable = { .fd = fd, .events = POLLIN };
            if (poll(&readable, 1, 100) > 0 && receive(fd, to, to_length, &from, &from_length) == answer)
                return;
        }
    }
    errno = ETIMEDOUT;
    die("the server");
}

static void send_and_count(int fd, int seconds, int mbits, int up, int down, int segment)
{
    struct start start = { .kind = START, .sends = down, .segment = segment, .seconds = seconds, .mbits = mbits };
    struct counted counted = { 0 };
    ask(fd, &start, sizeof start, STARTED, &counted, 1);
    struct sender sender = { .fd = fd, .order = start };
    pthread_t thread;
    if (up && pthread_create(&thread, NULL, send_all, &sender))
        die("pthread_create");
    int64_t end = now_nanos() + seconds * INT64_C(1000000000) + 300000000; /* what is under way may arrive */
    struct sockaddr_storage from;
    socklen_t from_length;
    while (now_nanos() < end) {
        struct pollfd readable = { .fd = fd, .events = POLLIN };
        if (poll(&readable, 1, 20) > 0)
            receive(fd, &counted, 1, &from, &from_length);
    }
    if (up)
        pthread_join(thread, NULL);
    uint64_t down_received = received;
    ask(fd, &(uint8_t) { COUNT }, 1, COUNTED, &counted, sizeof counted);
    printf("{\"up_sent\": %lu, \"up_received\": %lu, \"down_sent\": %lu, \"down_received\": %lu}\n",
           (unsigned long) sender.sent, (unsigned long) counted.received, (unsigned long) counted.sent,
           (unsigned long) down_received);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "serve"))
        serve(atoi(argv[2]));
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM }, *target;
    if (argc < 7 || argc > 8 || strcmp(argv[1], "send") || getaddrinfo(argv[2], argv[3], &hints, &target)) {
        fprintf(stderr, "usage: datagrams serve PORT | send HOST PORT SECONDS MBIT/S up|down|both [segment]\n");
        return 2;
    }
    int fd = open_socket(target->ai_family);
    if (connect(fd, target->ai_addr, target->ai_addrlen))
        die("connect");
    send_and_count(fd, atoi(argv[4]), atoi(argv[5]), strcmp(argv[6], "down"), strcmp(argv[6], "up"), argc == 8);
}
