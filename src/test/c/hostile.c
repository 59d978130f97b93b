/* usage: hostile PROGRAM: starts it as unkindly as a caller can. LauncherKernelTest starts the setuid launcher with it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { SIGNALS = 64, DESCRIPTORS = 50, VARIABLES = 10000, OTHERS = 12 };

int main(int argc, char **argv)
{
    static char *environment[VARIABLES + OTHERS + 1] = {
        "PATH=/evil", "JAVA_TOOL_OPTIONS=-javaagent:x.jar", "JDK_JAVA_OPTIONS=-version", "_JAVA_OPTIONS=-version",
        "LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "BASH_ENV=/evil", "ENV=/evil",
        "GLIBC_TUNABLES=glibc.malloc.check=1", "WIRELEAP_HOME=/etc", "WIRELEAP_ADDR_H2C=127.0.0.1:1/broker",
        "WIRELEAP_ADDR_TUN=10.13.49.0:2"};
    /* struct kernel_sigaction with SIG_IGN first; by the kernel's call, for libc hides two signals */
    const long ignore[8] = {(long) SIG_IGN};
    const unsigned long all = ~0UL;
    const struct itimerval soon = {{0, 0}, {0, 100000}}; /* while the program that is started sleeps */
    char *const arguments[] = {"wireleap_tun", NULL};

    if (argc != 2)
        return 2;
    for (int i = 0; i < VARIABLES; i++)
        if (asprintf(&environment[OTHERS + i], "VARIABLE%d=%050d", i, i) < 0)
            return 1;
    for (int i = 1; i <= SIGNALS; i++)
        syscall(SYS_rt_sigaction, i, ignore, NULL, SIGNALS / 8);
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, SIGNALS / 8) != 0 || setitimer(ITIMER_REAL, &soon, NULL) != 0)
        return 1;
    umask(0);
    for (int i = 0; i < DESCRIPTORS; i++)
        if (open("/etc/passwd", O_RDONLY) < 0)
            return 1;
    close(STDIN_FILENO);
    execve(argv[1], arguments, environment);
    perror(argv[1]);
    return 1;
}
