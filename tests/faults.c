// Makes system calls that change a data directory fail, for tests of broken and full disks.
//
// UNDERPASS_FAULT_DIR    only files below this directory are touched
// UNDERPASS_FAULT_ERRNO  what the failing calls say; with 0 the process is killed instead
// UNDERPASS_FAULT_CALLS  "all", or "sync" for those that wait for the disk
// UNDERPASS_FAULT_FIRST  the first call that fails, from 1
// UNDERPASS_FAULT_COUNT  how many fail
// UNDERPASS_FAULT_LOG    gets a line for each call that failed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls;

static int below(const char *path) {
    const char *dir = getenv("UNDERPASS_FAULT_DIR");
    return dir && path && strncmp(path, dir, strlen(dir)) == 0;
}

// Whether the call on this file fails; errno is set then.
static int fails(const char *name, const char *path) {
    const char *kind = getenv("UNDERPASS_FAULT_CALLS");
    if (!below(path) || (kind && strcmp(kind, "sync") == 0 && !strstr(name, "sync")))
        return 0;
    long first = atol(getenv("UNDERPASS_FAULT_FIRST"));
    long count = atol(getenv("UNDERPASS_FAULT_COUNT"));
    long number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (number < first || number - first >= count)
        return 0;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int log = real_open(getenv("UNDERPASS_FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || real_write(log, line, length) != length)
        abort();
    close(log);
    errno = atoi(getenv("UNDERPASS_FAULT_ERRNO"));
    if (errno == 0)
        kill(getpid(), SIGKILL);
    return 1;
}

static int fails_at(const char *name, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(name, path);
}

#define ON_FD(result, name, parameters, arguments)                                                 \
    result name parameters {                                                                       \
        if (fails_at(#name, fd))                                                                   \
            return -1;                                                                             \
        result(*real) parameters = dlsym(RTLD_NEXT, #name);                                        \
        return real arguments;                                                                     \
    }

ON_FD(ssize_t, write, (int fd, const void *data, size_t length), (fd, data, length))
ON_FD(ssize_t, writev, (int fd, const struct iovec *data, int count), (fd, data, count))
ON_FD(ssize_t, pwrite, (int fd, const void *data, size_t length, off_t at), (fd, data, length, at))
ON_FD(ssize_t, pwrite64, (int fd, const void *data, size_t length, off64_t at),
      (fd, data, length, at))
ON_FD(int, ftruncate, (int fd, off_t length), (fd, length))
ON_FD(int, ftruncate64, (int fd, off64_t length), (fd, length))
ON_FD(int, fsync, (int fd), (fd))
ON_FD(int, fdatasync, (int fd), (fd))

int rename(const char *from, const char *to) {
    if (fails("rename", to))
        return -1;
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return real(from, to);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                                  \
        va_end(list);                                                                              \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);                             \
        if ((flags & O_CREAT) && access(path, F_OK) != 0 && fails("create", path))                 \
            return -1;                                                                             \
        return real(path, flags, mode);                                                            \
    }

OPEN(open)
OPEN(open64)
