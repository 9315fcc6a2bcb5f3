/* A disk between the bot and its database, for tests: `LD_PRELOAD` puts it under the real program. It notes every write,
 * cut, sync and removal of the database and its WAL with its time, so that what a power failure would have left at any of
 * these moments can be made of it; and it fails calls when it is told to.
 *
 * INTERLOCK_DISK_LOG    file to which is noted: records as in `struct note`, each write followed by its bytes.
 * INTERLOCK_DISK_FAULT  file that says what fails, `OP NTH ERRNO once|on`: the NTH call of OP (read, write, sync) since the
 *                       file last changed, and with `on` every later one. Empty or absent: nothing. Each call that was
 *                       failed adds a byte to the file of this name with `.hits`. With HANG for an error it comes back only when
 *                       the file says something else, and does what it was to do.
 *
 * Not noted: the shared memory beside the WAL, which nothing reads after a power failure. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 4096, HANG = 9999 };
enum op { WRITE = 1, CUT = 2, SYNC = 3, REMOVE = 4 };

struct note {
    uint8_t op, file;
    /* The low half of the process's number: in one life no two that follow each other share it. */
    uint16_t by;
    uint32_t length;
    uint64_t offset, at_ns;
};

/* By descriptor: 0 is none of ours, 1 the database, 2 its WAL. */
static unsigned char ours[FILES];
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static int log_to = -1;

static unsigned char which(const char *path) {
    size_t n = path ? strlen(path) : 0;
    if (n >= 12 && strcmp(path + n - 12, "interlock.db") == 0) return 1;
    if (n >= 16 && strcmp(path + n - 16, "interlock.db-wal") == 0) return 2;
    return 0;
}

static unsigned char file_of(int fd) { return fd >= 0 && fd < FILES ? ours[fd] : 0; }

static void note(enum op op, unsigned char file, uint64_t offset, const void *data, size_t length) {
    const char *path = getenv("INTERLOCK_DISK_LOG");
    if (!path) return;
    if (log_to < 0) log_to = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct note head = {.op = op, .file = file, .by = (uint16_t)getpid(), .length = (uint32_t)length, .offset = offset,
                        .at_ns = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec};
    /* One call, so that a kill leaves a whole record or none but at the very end. */
    char *both = malloc(sizeof head + length);
    if (!both) abort();
    memcpy(both, &head, sizeof head);
    if (length) memcpy(both + sizeof head, data, length);
    if (syscall(SYS_write, log_to, both, sizeof head + length) != (long)(sizeof head + length)) abort();
    free(both);
}

/* The error with which this call is to fail; 0 for none. */
static int fault(const char *op) {
    static char last[64];
    static long count;
    const char *path = getenv("INTERLOCK_DISK_FAULT");
    if (!path) return 0;
    char said[64] = {0}, wanted[16], how[16];
    long nth;
    int error, result = 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    long got = syscall(SYS_read, fd, said, sizeof said - 1);
    syscall(SYS_close, fd);
    if (got <= 0 || sscanf(said, "%15s %ld %d %15s", wanted, &nth, &error, how) != 4 || strcmp(wanted, op) != 0) return 0;
    pthread_mutex_lock(&one);
    if (strcmp(said, last) != 0) {
        memcpy(last, said, sizeof last);
        count = 0;
    }
    count++;
    if (count == nth || (count > nth && strcmp(how, "on") == 0)) result = error;
    pthread_mutex_unlock(&one);
    if (result) {
        char hits[4096];
        snprintf(hits, sizeof hits, "%s.hits", path);
        int to = (int)syscall(SYS_openat, AT_FDCWD, hits, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (to >= 0) {
            syscall(SYS_write, to, "x", 1);
            syscall(SYS_close, to);
        }
    }
    if (result != HANG) return result;
    for (;;) {
        char now[64] = {0};
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
        fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return 0;
        syscall(SYS_read, fd, now, sizeof now - 1);
        syscall(SYS_close, fd);
        if (strcmp(now, said) != 0) return 0;
    }
}

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < FILES) ours[fd] = which(path);
    return fd;
}

#define OPEN(name)                                                            \
    int name(const char *path, int flags, ...) {                              \
        va_list rest;                                                         \
        va_start(rest, flags);                                                \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;     \
        va_end(rest);                                                         \
        return opened(openat(AT_FDCWD, path, flags, mode), path);             \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < FILES) ours[fd] = 0;
    long done = syscall(SYS_close, fd);
    return (int)done;
}

static ssize_t reads(int fd) {
    int error = file_of(fd) ? fault("read") : 0;
    if (error) errno = error;
    return error ? -1 : 0;
}
ssize_t read(int fd, void *to, size_t length) { return reads(fd) ? -1 : syscall(SYS_read, fd, to, length); }
ssize_t pread(int fd, void *to, size_t length, off_t at) {
    return reads(fd) ? -1 : syscall(SYS_pread64, fd, to, length, at);
}
ssize_t pread64(int fd, void *to, size_t length, off64_t at) {
    return reads(fd) ? -1 : syscall(SYS_pread64, fd, to, length, at);
}

/* `at` below 0: where the file stands. */
static ssize_t write_at(int fd, const void *from, size_t length, off_t at) {
    unsigned char file = file_of(fd);
    int error = file ? fault("write") : 0;
    /* A full disk takes what still fits. */
    if (error == ENOSPC && length > 1) length /= 2;
    else if (error) {
        errno = error;
        return -1;
    }
    if (file) {
        pthread_mutex_lock(&one);
        note(WRITE, file, (uint64_t)(at < 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : at), from, length);
    }
    ssize_t done = at < 0 ? syscall(SYS_write, fd, from, length) : syscall(SYS_pwrite64, fd, from, length, at);
    if (file) pthread_mutex_unlock(&one);
    return done;
}
ssize_t write(int fd, const void *from, size_t length) { return write_at(fd, from, length, -1); }
ssize_t pwrite(int fd, const void *from, size_t length, off_t at) { return write_at(fd, from, length, at); }
ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) { return write_at(fd, from, length, at); }

static int cut(int fd, off_t length) {
    unsigned char file = file_of(fd);
    if (!file) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&one);
    note(CUT, file, (uint64_t)length, NULL, 0);
    long done = syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&one);
    return (int)done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

static int sync_with(long call, int fd) {
    unsigned char file = file_of(fd);
    if (!file) return (int)syscall(call, fd);
    int error = fault("sync");
    if (error) {
        errno = error;
        return -1;
    }
    long done = syscall(call, fd);
    if (done == 0) {
        pthread_mutex_lock(&one);
        note(SYNC, file, 0, NULL, 0);
        pthread_mutex_unlock(&one);
    }
    return (int)done;
}
int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

int unlink(const char *path) {
    unsigned char file = which(path);
    if (file) {
        pthread_mutex_lock(&one);
        note(REMOVE, file, 0, NULL, 0);
        pthread_mutex_unlock(&one);
    }
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
