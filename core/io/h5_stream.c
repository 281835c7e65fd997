#define _POSIX_C_SOURCE 200809L
/* A driver of HDF5 for new files that are larger than memory. HDF5 that cannot write is left with a file that it can
 * neither flush nor close. So this driver never tells it: it keeps the first error, and what follows in memory, because
 * HDF5 crashes when it does not find what it has written. h5_check, h5_fail and h5_close report the error. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

#include "core/base/fail_point.h"
#include "core/io/h5.h"
#include "core/io/h5_internal.h"

enum { CACHE_BYTES = 1 << 18, SYNC_BYTES = 64 << 20 };

/* Bytes that could not be written. */
typedef struct kept {
    struct kept *next; /* written later; owned */
    haddr_t at;
    size_t count;
    char bytes[];
} kept;

typedef struct {
    H5FD_t base; /* the first member: HDF5's part */
    int fd;
    char *path;         /* owned */
    haddr_t end;        /* of what HDF5 has allocated */
    haddr_t written;    /* end of what was written */
    size_t unsynced;    /* bytes since the last sync: no long one is left for the end */
    int passed;         /* fail points of this file */
    int why;            /* errno of the first error, or 0 */
    kept *first, *last; /* after it */
} stream;

static hid_t driver = -1;
static int closing_error; /* of the stream that was closed last */

static const fail_step POINTS[] = {FAIL_WRITE_BEFORE, FAIL_WRITE_MIDDLE, FAIL_WRITE_AFTER};
enum { POINT_COUNT = sizeof POINTS / sizeof *POINTS };

static void pass_point(stream *s)
{
    if (s->why == 0) s->why = fail_file(s->path, POINTS[s->passed]);
    s->passed++;
}

static H5FD_t *stream_open(const char *path, unsigned flags, hid_t access, haddr_t most)
{
    (void)flags;
    (void)access;
    (void)most;
    stream *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->path = strdup(path);
    s->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->path != NULL && s->fd >= 0) return &s->base;
    if (s->fd >= 0) close(s->fd);
    free(s->path);
    free(s);
    return NULL;
}

static herr_t stream_close(H5FD_t *file)
{
    stream *s = (stream *)file;
    while (s->passed < POINT_COUNT) pass_point(s);
    if (close(s->fd) != 0 && s->why == 0) s->why = errno;
    closing_error = s->why;
    for (kept *k = s->first; k != NULL;) {
        kept *next = k->next;
        free(k);
        k = next;
    }
    free(s->path);
    free(s);
    return 0;
}

/* As of the driver for files in memory: HDF5 lays a file out in the same way for both. */
static herr_t stream_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t stream_get_end(const H5FD_t *file, H5FD_mem_t kind)
{
    (void)kind;
    return ((const stream *)file)->end;
}

static herr_t stream_set_end(H5FD_t *file, H5FD_mem_t kind, haddr_t end)
{
    (void)kind;
    ((stream *)file)->end = end;
    return 0;
}

static haddr_t stream_get_written(const H5FD_t *file, H5FD_mem_t kind)
{
    (void)kind;
    return ((const stream *)file)->written;
}

static herr_t stream_get_handle(H5FD_t *file, hid_t access, void **handle)
{
    (void)access;
    *handle = file;
    return 0;
}

/* Lays what could not be written over what was read. */
static void overlay(const stream *s, haddr_t at, size_t count, char *out)
{
    for (const kept *k = s->first; k != NULL; k = k->next) {
        haddr_t from = k->at > at ? k->at : at;
        haddr_t to = k->at + k->count < at + count ? k->at + k->count : at + count;
        if (from < to) memcpy(out + (from - at), k->bytes + (from - k->at), (size_t)(to - from));
    }
}

static herr_t keep(stream *s, haddr_t at, size_t count, const void *bytes)
{
    kept *k = malloc(sizeof *k + count);
    if (k == NULL) return -1;
    *k = (kept){.at = at, .count = count};
    memcpy(k->bytes, bytes, count);
    if (s->last != NULL)
        s->last->next = k;
    else
        s->first = k;
    s->last = k;
    return 0;
}

/* What was never written is zero. */
static herr_t stream_read(H5FD_t *file, H5FD_mem_t kind, hid_t transfer, haddr_t at, size_t count, void *out)
{
    (void)kind;
    (void)transfer;
    stream *s = (stream *)file;
    for (size_t done = 0; done < count;) {
        ssize_t got = pread(s->fd, (char *)out + done, count - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            if (s->why == 0) s->why = errno;
            return -1;
        }
        if (got == 0) {
            memset((char *)out + done, 0, count - done);
            break;
        }
        done += (size_t)got;
    }
    overlay(s, at, count, out);
    return 0;
}

static herr_t stream_write(H5FD_t *file, H5FD_mem_t kind, hid_t transfer, haddr_t at, size_t count, const void *bytes)
{
    (void)kind;
    (void)transfer;
    stream *s = (stream *)file;
    if (at + count > s->written) s->written = at + count;
    s->unsynced += count;
    if (s->passed < POINT_COUNT - 1) pass_point(s); /* "middle": between the first write and the second */
    for (size_t done = 0; s->why == 0 && done < count;) {
        ssize_t wrote = pwrite(s->fd, (const char *)bytes + done, count - done, (off_t)(at + done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0)
            s->why = wrote < 0 ? errno : ENOSPC;
        else
            done += (size_t)wrote;
    }
    if (s->why != 0) return keep(s, at, count, bytes);
    if (s->unsynced >= SYNC_BYTES) {
        if (fdatasync(s->fd) != 0) s->why = errno;
        s->unsynced = 0;
    }
    return 0;
}

/* The file ends where HDF5 has allocated its last byte. */
static herr_t stream_truncate(H5FD_t *file, hid_t transfer, hbool_t closing)
{
    (void)transfer;
    (void)closing;
    stream *s = (stream *)file;
    if (s->why == 0 && s->end != s->written && ftruncate(s->fd, (off_t)s->end) != 0) s->why = errno;
    s->written = s->end;
    return 0;
}

static const H5FD_class_t stream_class = {
#if H5_VERSION_GE(1, 14, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600, /* in HDF5's range for testing: the driver never leaves this program */
#endif
    .name = "bitfront_stream",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .open = stream_open,
    .close = stream_close,
    .query = stream_query,
    .get_eoa = stream_get_end,
    .set_eoa = stream_set_end,
    .get_eof = stream_get_written,
    .get_handle = stream_get_handle,
    .read = stream_read,
    .write = stream_write,
    .truncate = stream_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* HDF5 keeps what it may need again of a file; of a large new one it needs little again. */
static bool limit_cache(hid_t access)
{
    H5AC_cache_config_t cache = {.version = H5AC__CURR_CACHE_CONFIG_VERSION};
    if (H5Pget_mdc_config(access, &cache) < 0) return false;
    cache.min_size = cache.initial_size = cache.max_size = CACHE_BYTES;
    return H5Pset_mdc_config(access, &cache) >= 0;
}

bool h5_stream_use(h5_id access)
{
    if (driver < 0) driver = H5FDregister(&stream_class);
    return driver >= 0 && H5Pset_driver(access, driver, NULL) >= 0 && limit_cache(access);
}

/* NULL when the file was not made by h5_create_large. */
static const stream *find_stream(hid_t where)
{
    if (driver < 0) return NULL;
    hid_t file = H5Iget_file_id(where), access = file >= 0 ? H5Fget_access_plist(file) : -1;
    void *handle = NULL;
    if (access >= 0 && H5Pget_driver(access) == driver && H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0)
        handle = NULL;
    if (access >= 0) H5Pclose(access);
    if (file >= 0) H5Fclose(file);
    return handle;
}

bool h5_is_stream(h5_id where)
{
    return find_stream(where) != NULL;
}

static status written_status(int why, const char *path)
{
    return why == 0 ? status_ok() : status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(why));
}

status h5_check(h5_id where)
{
    const stream *s = find_stream(where);
    return s != NULL ? written_status(s->why, s->path) : status_ok();
}

/* Half a MB of metadata cache, which HDF5 and the heap keep for a next file: but large ones are rare. */
static void give_back(void)
{
    H5garbage_collect();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

status h5_stream_close(h5_id file, const char *path)
{
    if (H5Fclose(file) < 0) return h5_fail(file, "/", "close");
    give_back();
    return written_status(closing_error, path);
}
