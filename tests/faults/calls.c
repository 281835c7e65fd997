/* calls: put before the C library (LD_PRELOAD), lets a call of the program bitfront fail, or stop there, so that tests
 * see what comes of it. Calls of the program itself count, and those of HDF5 for files; not what libraries do for their
 * own ends, which have their own ways to die without memory.
 *
 *   CALLS_FAIL=open:N    the N-th call that opens a file or directory fails with EMFILE; N+: so do all that follow
 *   CALLS_FAIL=memory:N  the N-th call of the program that wants memory fails with ENOMEM; N+: so do all that follow
 *   CALLS_FAIL=hdf5:N    the same for memory that HDF5 wants
 *   CALLS_FAIL=read:N    the N-th call that reads from a file fails with EIO; N+: so do all that follow
 *   CALLS_FAIL=pause:N   the N-th call that opens waits for a signal
 *   CALLS_RANK=R         only in rank R of Open MPI
 *   CALLS_ONCE=FILE      only by who creates FILE; so only once, however often the program is started again
 *   CALLS_COUNT=FILE     at its end the process appends "RANK opens memory hdf5 reads", the calls it made */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ERROR_SEEN = 0x20 }; /* in a FILE of the GNU C library: ferror */
typedef enum { OPENS, MEMORY, HDF5_MEMORY, READS, KINDS } call_kind;
typedef struct {
    uintptr_t low, high;
} code_range;

static struct {
    bool ready, armed, onwards, pauses, done;
    call_kind kind;
    unsigned long at, passed[KINDS];
    code_range program, hdf5;
    const char *once, *count, *rank;
} calls;

/* The first object is the program; it has no name. */
static int find_code(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    code_range *range = object->dlpi_name[0] == '\0' && calls.program.high == 0 ? &calls.program
                        : strstr(object->dlpi_name, "/libhdf5") != NULL && strstr(object->dlpi_name, "_hl") == NULL
                            ? &calls.hdf5
                            : NULL;
    for (int i = 0; range != NULL && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
        range->low = object->dlpi_addr + part->p_vaddr;
        range->high = range->low + part->p_memsz;
    }
    return 0;
}

static bool starts(const char **text, const char *word)
{
    if (strncmp(*text, word, strlen(word)) != 0) return false;
    *text += strlen(word);
    return true;
}

__attribute__((constructor)) static void prepare(void)
{
    if (strcmp(program_invocation_short_name, "bitfront") != 0) return;
    const char *fail = getenv("CALLS_FAIL"), *only = getenv("CALLS_RANK");
    calls.rank = getenv("OMPI_COMM_WORLD_RANK");
    if (calls.rank == NULL) calls.rank = "0";
    calls.once = getenv("CALLS_ONCE");
    calls.count = getenv("CALLS_COUNT");
    if (fail != NULL && (only == NULL || strcmp(only, calls.rank) == 0)) {
        calls.pauses = starts(&fail, "pause:");
        calls.kind = calls.pauses || starts(&fail, "open:") ? OPENS
                     : starts(&fail, "hdf5:")               ? HDF5_MEMORY
                     : starts(&fail, "read:")               ? READS
                                                            : MEMORY;
        if (calls.kind == MEMORY) starts(&fail, "memory:");
        char *rest;
        calls.at = strtoul(fail, &rest, 10);
        calls.onwards = *rest == '+';
        calls.armed = calls.at > 0;
    }
    dl_iterate_phdr(find_code, NULL);
    calls.ready = true;
}

__attribute__((destructor)) static void tell(void)
{
    if (!calls.ready || calls.count == NULL) return;
    char line[96];
    const int length = snprintf(line, sizeof line, "%s %lu %lu %lu %lu\n", calls.rank, calls.passed[OPENS],
                                calls.passed[MEMORY], calls.passed[HDF5_MEMORY], calls.passed[READS]);
    const int file = (int)syscall(SYS_openat, AT_FDCWD, calls.count, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file >= 0 && write(file, line, (size_t)length) < 0) perror(calls.count);
}

/* False when CALLS_ONCE says that it happened before. */
static bool is_first(void)
{
    if (calls.once == NULL || calls.done) return true;
    const int file = (int)syscall(SYS_openat, AT_FDCWD, calls.once, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file >= 0) syscall(SYS_close, file);
    calls.done = file >= 0;
    return calls.done;
}

static bool lies_in(const void *place, const code_range *range)
{
    return (uintptr_t)place >= range->low && (uintptr_t)place < range->high;
}

static bool fails(call_kind kind, const void *caller)
{
    if (!calls.ready) return false;
    if (lies_in(caller, &calls.hdf5))
        kind = kind == MEMORY ? HDF5_MEMORY : kind;
    else if (!lies_in(caller, &calls.program))
        return false;
    const unsigned long passing = ++calls.passed[kind];
    if (!calls.armed || kind != calls.kind || passing < calls.at || (passing > calls.at && !calls.onwards))
        return false;
    if (!is_first()) return false;
    if (calls.pauses) {
        if (passing == calls.at) pause();
        return false;
    }
    errno = kind == OPENS ? EMFILE : kind == READS ? EIO : ENOMEM;
    return true;
}

#define HERE __builtin_return_address(0)
/* *function := the next definition of `name`. */
static void find_next(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, unsigned) : 0;
    va_end(args);
    return fails(OPENS, HERE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*next)(const char *, const char *);
    if (next == NULL) find_next(&next, "fopen");
    return fails(OPENS, HERE) ? NULL : next(path, mode);
}

FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));

DIR *opendir(const char *path)
{
    static DIR *(*next)(const char *);
    if (next == NULL) find_next(&next, "opendir");
    return fails(OPENS, HERE) ? NULL : next(path);
}

ssize_t read(int file, void *out, size_t bytes)
{
    return fails(READS, HERE) ? -1 : (ssize_t)syscall(SYS_read, file, out, bytes);
}

ssize_t pread(int file, void *out, size_t bytes, off_t from)
{
    return fails(READS, HERE) ? -1 : (ssize_t)syscall(SYS_pread64, file, out, bytes, from);
}

ssize_t pread64(int file, void *out, size_t bytes, off_t from) __attribute__((alias("pread")));

size_t fread(void *out, size_t size, size_t count, FILE *file)
{
    static size_t (*next)(void *, size_t, size_t, FILE *);
    if (next == NULL) find_next(&next, "fread");
    if (!fails(READS, HERE)) return next(out, size, count, file);
    file->_flags |= ERROR_SEEN;
    return 0;
}

/* The C library's allocators under their other names: dlsym itself wants memory. */
extern void *__libc_malloc(size_t bytes), *__libc_calloc(size_t count, size_t bytes),
    *__libc_realloc(void *old, size_t bytes), *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
    return fails(MEMORY, HERE) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails(MEMORY, HERE) ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    return fails(MEMORY, HERE) ? NULL : __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return fails(MEMORY, HERE) ? NULL : __libc_memalign(alignment, bytes);
}
