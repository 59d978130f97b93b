/*
 * What wireleap_tun uses of Linux: the one header that jextract reads. README.md in the folder above explains it.
 * includes/ lists the names that become Java; everything else that these headers declare is left out.
 */

/*
 * glibc declares these with a transparent union (under _GNU_SOURCE) or with variable arguments, and neither can be bound
 * as it stands: such a declaration is renamed while its header is read, and declared again below.
 */
#define accept4     accept4_in_glibc
#define bind        bind_in_glibc
#define connect     connect_in_glibc
#define getpeername getpeername_in_glibc
#define getsockname getsockname_in_glibc
#define recvfrom    recvfrom_in_glibc
#define sendto      sendto_in_glibc
#define fcntl       fcntl_in_glibc
#define ioctl       ioctl_in_glibc
#define open        open_in_glibc
#define prctl       prctl_in_glibc

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h> /* without it TUNSETIFF and its kin vanish without a word */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/capability.h>
#include <linux/errqueue.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/veth.h>
#include <linux/virtio_net.h>

#undef accept4
#undef bind
#undef connect
#undef getpeername
#undef getsockname
#undef recvfrom
#undef sendto
#undef fcntl
#undef ioctl
#undef open
#undef prctl

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int bind(int fd, const struct sockaddr *address, socklen_t length);
int connect(int fd, const struct sockaddr *address, socklen_t length);
int getpeername(int fd, struct sockaddr *address, socklen_t *length);
int getsockname(int fd, struct sockaddr *address, socklen_t *length);
ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length);
ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length);

/* x86-64 and AArch64 pass variable arguments in the registers where fixed ones go. */
int fcntl(int fd, int command, long argument);
int ioctl(int fd, unsigned long request, void *argument);
int open(const char *path, int flags, mode_t mode);
int prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);

/* The one struct here whose layout depends on the processor: 12 bytes on x86-64, 16 elsewhere. */
struct epoll_event_packed {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

struct epoll_event_aligned {
    uint32_t events;
    uint64_t data;
};

/* Newer than the oldest headers that this is generated with. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#endif
#ifndef TUN_F_USO6
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif
