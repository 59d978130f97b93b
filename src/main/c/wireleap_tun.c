/*
 * wireleap_tun as Wireleap's controller wants it: root's, with the setuid bit, beside the controller's files. It becomes
 * the daemon of the installed image, as root, with nothing of the caller's but two addresses and who the caller is.
 *
 * The caller is hostile: environment, arguments, descriptors, signals, timers, umask and directory are its choice, and
 * whatever it hands to a Java runtime that is root's would be a way to root. With arguments it is a person's command,
 * which runs without any privilege.
 *
 * cc -static -O2 -Wall -Wextra -Werror -s -o wireleap_tun wireleap_tun.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef IMAGE
#define IMAGE "/usr/lib/wireleap_tun"
#endif
#define PROGRAM IMAGE "/bin/wireleap_tun"
#define SIGNALS 64 /* of the kernel; libc hides two of them */

/* What the image's daemon is told of the environment, besides what is said here. */
static const char *const PASSED[] = {"WIRELEAP_ADDR_H2C=", "WIRELEAP_ADDR_TUN="};
#define PASSED_COUNT (sizeof PASSED / sizeof *PASSED)

static void die(const char *what, const char *why)
{
    char line[PATH_MAX];
    int length = snprintf(line, sizeof line, "wireleap_tun: %s: %s\n", what, why);
    if (length > 0 && write(STDERR_FILENO, line, length < PATH_MAX ? length : PATH_MAX - 1) < 0)
        _exit(1);
    _exit(1);
}

/* What is opened later must not become the log; and nothing of the caller's stays open but its input and output. */
static void own_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0)
        die("close_range (Linux 5.9)", strerror(errno));
}

/* By the kernel's own call: libc keeps its hands over the signals with which it carries setresuid to all threads. */
static void own_signals(void)
{
    const long nothing[8] = {0}; /* as struct kernel_sigaction: SIG_DFL, no flags */
    const struct itimerval never = {{0, 0}, {0, 0}};
    sigset_t none;
    for (int number = 1; number <= SIGNALS; number++)
        syscall(SYS_rt_sigaction, number, nothing, NULL, SIGNALS / CHAR_BIT); /* SIGKILL and SIGSTOP refuse */
    setitimer(ITIMER_REAL, &never, NULL);
    setitimer(ITIMER_VIRTUAL, &never, NULL);
    setitimer(ITIMER_PROF, &never, NULL);
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        die("sigprocmask", strerror(errno));
}

/* Nobody but root may be able to change what is going to run. */
static void require_roots(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0)
        die(path, strerror(errno));
    if (file.st_uid != 0 || (file.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        die(path, "must belong to root and be writable by nobody else; install it again");
}

static const char *passed(char **environment, const char *name)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, strlen(name)) == 0)
            return *environment;
    return NULL;
}

/* Where this program lies, as the kernel knows it: without links. */
static void own_directory(char *path, size_t size)
{
    struct stat counted, named;
    int failed = stat("/proc/self/exe", &counted);
    ssize_t length = readlink("/proc/self/exe", path, size);
    if (length <= 0 || (size_t) length == size || path[0] != '/')
        die("/proc/self/exe", "says nothing of where this program lies");
    path[length] = 0;
    /* By a hard link of it in another user's directory that user would start a daemon of its own, even by one that is gone
       by now: a link that still had a name when it was read was counted before, and one that had none cannot be found. */
    if (failed || lstat(path, &named) != 0 || named.st_dev != counted.st_dev || named.st_ino != counted.st_ino
            || counted.st_nlink != 1 || named.st_nlink != 1)
        die(path, "the launcher there must have this one name; remove its hard links, or install it again");
    char *slash = strrchr(path, '/');
    slash[slash == path] = 0; /* of "/wireleap_tun" the slash stays */
}

int main(int argc, char **argv, char **environment)
{
    const uid_t user = getuid();
    const gid_t group = getgid();
    char user_text[16], group_text[16], directory[PATH_MAX];
    const char *environment_then[PASSED_COUNT + 3] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
    const char *const arguments[] = {PROGRAM, "controlled", user_text, group_text, directory, NULL};
    size_t count = 2;

    own_descriptors();
    if (argc > 1) {
        if (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
            die("setresuid", strerror(errno));
        execve(PROGRAM, argv, environment);
        die(PROGRAM, strerror(errno));
    }
    if (geteuid() != 0)
        die("root's rights are missing",
            "install it by 'sudo wireleap_tun install --wireleap DIR', where setuid bits count (no nosuid)");
    own_signals();
    umask(077);
    own_directory(directory, sizeof directory);
    if (chdir("/") != 0 || setresuid(0, 0, 0) != 0)
        die("setresuid", strerror(errno));
    require_roots(IMAGE);
    require_roots(IMAGE "/bin");
    require_roots(PROGRAM);
    for (size_t i = 0; i < PASSED_COUNT; i++)
        if ((environment_then[count] = passed(environment, PASSED[i])) != NULL)
            count++;
    snprintf(user_text, sizeof user_text, "%u", user);
    snprintf(group_text, sizeof group_text, "%u", group);
    execve(PROGRAM, (char *const *) arguments, (char *const *) environment_then);
    die(PROGRAM, strerror(errno));
}
