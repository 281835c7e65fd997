#define _XOPEN_SOURCE 700 /* realpath, mmap */
#include "core/data/dataset.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/checksum.h"
#include "core/base/environment.h"
#include "core/base/file.h"
#include "core/base/share.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "core/data/dataset_header.h"
#include "core/data/prepared.h"
#include "core/io/h5.h"
#include "core/io/probe.h"
#include "core/io/seal.h"

/* The block: this header, then the arrays at the stored offsets. Offsets, not pointers, because every process maps the
 * block at another address. */
typedef struct {
    uint64_t mark;                              /* BLOCK_MARK: the block was loaded completely */
    dataset shape;                              /* everything but the pointers, which are NULL here */
    size_t index, labels, samples, class_names; /* offsets in bytes from the start of the block, multiples of 64 */
    size_t bytes;                               /* of the whole block */
    bool mapped;                                /* the samples stay in the file: ... */
    uint64_t offset;                            /* ... from this byte on ... */
    char path[PATH_MAX];                        /* ... of this file */
} block_header;

static const uint64_t BLOCK_MARK = 0x7465736174616462u;

static size_t reserve(size_t *bytes, size_t count)
{
    size_t offset = (*bytes + 63) / 64 * 64;
    *bytes = offset + count;
    return offset;
}

/* Samples above this number of bytes stay in the file. */
static size_t memory_limit(void)
{
    int64_t megabytes;
    if (environment_whole(&megabytes, ENVIRONMENT_DATA_MEMORY)) return (size_t)megabytes << 20;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page / 2 : SIZE_MAX;
}

/* Where everything lies: a pure function of the shape, so that dataset_measure and dataset_load agree. */
static block_header block_layout(const dataset_header *h)
{
    const dataset *shape = &h->shape;
    block_header header = {.shape = *shape, .bytes = sizeof(block_header), .offset = h->samples_offset};
    header.mapped = dataset_sample_bytes(shape) > memory_limit();
    header.index = reserve(&header.bytes, (size_t)shape->count * sizeof(int32_t));
    header.labels = reserve(&header.bytes, (size_t)shape->count * sizeof(int32_t));
    header.samples = reserve(&header.bytes, header.mapped ? 0 : dataset_sample_bytes(shape));
    header.class_names = reserve(&header.bytes, (size_t)shape->classes * DATASET_NAME);
    return header;
}

/* Samples that stay in the file must lie there as they are, and completely. */
static status check_mappable(block_header *header, const dataset_header *h, const dataset_source *from)
{
    struct stat info;
    size_t bytes = dataset_sample_bytes(&h->shape);
    if (!h->plain)
        return status_fail(
            STATUS_DATA,
            "%s: its %zu MB of samples are more than half of the memory, so they must be read from the "
            "file while training, but they are stored in chunks: write them without chunks and compression",
            from->path, bytes / 1000000);
    if (realpath(from->path, header->path) == NULL || stat(header->path, &info) != 0)
        return status_fail(STATUS_IO, "cannot find %s: %s", from->path, strerror(errno));
    if (h->samples_offset > (uint64_t)info.st_size || bytes > (uint64_t)info.st_size - h->samples_offset)
        return status_fail(STATUS_DATA, "%s is shorter than its samples: it is incomplete", from->path);
    return status_ok();
}

/* ---- the checksum of a file that does not say it ---- */

static status sum_samples(checksum *sum, const dataset *shape, const dataset_source *from)
{
    enum { PIECE = 4 << 20 };
    const h5_type type = shape->is_signed ? H5_I8 : H5_U8;
    size_t sample = dataset_sample_bytes(shape) / (size_t)shape->count, most = sample < PIECE ? PIECE / sample : 1;
    uint8_t *piece = malloc(most * sample);
    if (piece == NULL) return status_fail(STATUS_MEMORY, "no memory to read %s", from->path);
    status s = status_ok();
    for (size_t first = 0; first < (size_t)shape->count && !failed(s); first += most) {
        size_t left = (size_t)shape->count - first, rows = left < most ? left : most;
        s = h5_part_read(from->file, "samples", type, first, rows, piece);
        if (!failed(s)) checksum_add(sum, piece, rows * sample);
    }
    free(piece);
    return s;
}

/* The splits of all samples. Read wide, because a conversion to bytes would make 0 of -1. */
static status read_marks(uint8_t *marks, size_t count, const dataset_source *from)
{
    int32_t *wide = malloc(count * sizeof *wide);
    if (wide == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu split marks", count);
    status s = h5_read(from->file, "split", H5_I32, count, wide);
    for (size_t i = 0; i < count && !failed(s); i++) {
        if (wide[i] < 0 || wide[i] >= SPLIT_COUNT)
            s = status_fail(STATUS_DATA, "%s: sample %zu has split %d; 0, 1 and 2 exist", from->path, i, (int)wide[i]);
        else
            marks[i] = (uint8_t)wide[i];
    }
    free(wide);
    return s;
}

static status sum_rest(checksum *sum, const dataset *shape, const dataset_source *from)
{
    size_t count = (size_t)shape->count;
    int32_t *labels = malloc(count * sizeof *labels);
    uint8_t *marks = malloc(count);
    status s =
        labels != NULL && marks != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for %zu labels", count);
    if (!failed(s)) s = h5_read(from->file, "labels", H5_I32, count, labels);
    if (!failed(s)) s = read_marks(marks, count, from);
    if (!failed(s)) {
        checksum_add_int32(sum, labels, count);
        checksum_add(sum, marks, count);
    }
    free(labels);
    free(marks);
    return s;
}

/* What the file says, or else what it holds. */
static status compute_checksum(char text[CHECKSUM_TEXT], const dataset *shape, const dataset_source *from)
{
    checksum sum = checksum_begin();
    status s = sum_samples(&sum, shape, from);
    if (!failed(s)) s = sum_rest(&sum, shape, from);
    status ended = checksum_end(&sum, text);
    return failed(s) ? s : ended;
}

static status complete(dataset_header *h, const dataset_source *from)
{
    if (h->has_checksum) return status_ok();
    TRY(compute_checksum(h->shape.content_checksum, &h->shape, from));
    if (h->shape.source_checksum[0] == '\0') strcpy(h->shape.source_checksum, h->shape.content_checksum);
    return status_ok();
}

/* ---- reading ---- */

static status read_class_names(char *out, const dataset_source *from, int classes)
{
    char **names;
    size_t count;
    TRY(h5_read_strings(&names, &count, from->file, "class_names"));
    status outcome = status_ok();
    for (size_t i = 0; i < (size_t)classes && i < count; i++) {
        if (strlen(names[i]) >= DATASET_NAME) {
            outcome = status_fail(STATUS_DATA, "%s: the name of class %zu is longer than %d bytes", from->path, i,
                                  DATASET_NAME - 1);
            break;
        }
        text_printable(strcpy(out + i * DATASET_NAME, names[i]));
    }
    free(names);
    return outcome;
}

/* index[count]: the sample numbers of train, then validation, then test. */
static void sort_splits(int32_t *index, dataset *shape, const uint8_t *marks)
{
    int start[SPLIT_COUNT] = {0};
    for (int i = 0; i < shape->count; i++) shape->split_count[marks[i]]++;
    for (int s = 1; s < SPLIT_COUNT; s++) start[s] = start[s - 1] + shape->split_count[s - 1];
    for (int i = 0; i < shape->count; i++) index[start[marks[i]]++] = i;
}

static status check_content(const dataset *shape, const char computed[CHECKSUM_TEXT], const dataset_source *from)
{
    if (strcmp(shape->content_checksum, computed) == 0) return status_ok();
    return status_fail(
        STATUS_DATA,
        "%s: samples, labels and split do not match the stored content_checksum: the file was damaged or "
        "edited; prepare it again, or, after editing it on purpose, remove that attribute",
        from->path);
}

static status checksum_of(char computed[CHECKSUM_TEXT], const char *block, const block_header *header,
                          const uint8_t *marks, const dataset_source *from)
{
    const dataset *shape = &header->shape;
    if (header->mapped) return compute_checksum(computed, shape, from);
    return prepared_checksum(computed, &(prepared){.height = shape->height,
                                                   .width = shape->width,
                                                   .channels = shape->channels,
                                                   .count = shape->count,
                                                   .samples = block + header->samples,
                                                   .labels = (const int32_t *)(block + header->labels),
                                                   .split = marks});
}

static status read_arrays(char *block, block_header *header, uint8_t *marks, bool has_checksum,
                          const dataset_source *from)
{
    char computed[CHECKSUM_TEXT];
    dataset *shape = &header->shape;
    int32_t *labels = (int32_t *)(block + header->labels);
    char *names = block + header->class_names;
    if (!header->mapped)
        TRY(h5_read(from->file, "samples", shape->is_signed ? H5_I8 : H5_U8, dataset_sample_bytes(shape),
                    block + header->samples));
    TRY(h5_read(from->file, "labels", H5_I32, (size_t)shape->count, labels));
    TRY(read_marks(marks, (size_t)shape->count, from));
    TRY(read_class_names(names, from, shape->classes));
    TRY(dataset_check_members(shape, labels, marks, from->path));
    sort_splits((int32_t *)(block + header->index), shape, marks);
    TRY(checksum_of(computed, block, header, marks, from));
    if (has_checksum) return check_content(shape, computed, from);
    strcpy(shape->content_checksum, computed);
    if (shape->source_checksum[0] == '\0') strcpy(shape->source_checksum, computed);
    return status_ok();
}

static status load_open(char *block, size_t bytes, const dataset_source *from)
{
    dataset_header h;
    TRY(dataset_header_read(&h, from));
    block_header header = block_layout(&h);
    if (header.bytes > bytes)
        return status_fail(STATUS_DATA,
                           "%s needs %zu bytes of memory, not the %zu measured before: it was replaced meanwhile",
                           from->path, header.bytes, bytes);
    if (header.mapped) TRY(check_mappable(&header, &h, from));
    uint8_t *marks = malloc((size_t)header.shape.count);
    if (marks == NULL) return status_fail(STATUS_MEMORY, "no memory for %d split marks", header.shape.count);
    memset(block, 0, header.samples);
    memset(block + header.class_names, 0, header.bytes - header.class_names);
    status outcome = read_arrays(block, &header, marks, h.has_checksum, from);
    free(marks);
    TRY(outcome);
    header.mark = BLOCK_MARK;
    memcpy(block, &header, sizeof header);
    return status_ok();
}

static status load_unchecked(void *block, size_t bytes, const char *path)
{
    dataset_source from = {.path = path};
    TRY(h5_open_read(&from.file, path));
    status outcome = load_open(block, bytes, &from);
    status closed = h5_close(from.file);
    return failed(outcome) ? outcome : closed;
}

static status read_header_of(dataset_header *out, const char *path, bool completely)
{
    dataset_source from = {.path = path};
    TRY(h5_open_read(&from.file, path));
    status outcome = dataset_header_read(out, &from);
    if (!failed(outcome) && completely) outcome = complete(out, &from);
    status closed = h5_close(from.file);
    return failed(outcome) ? outcome : closed;
}

/* The whole of a file, for nothing. */
static status try_file(void *path)
{
    dataset_header h;
    TRY(read_header_of(&h, path, false));
    size_t bytes = block_layout(&h).bytes;
    void *block = size_allocate(bytes);
    if (block == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the %zu MB of data set %s", bytes / 1000000,
                           (const char *)path);
    status s = load_unchecked(block, bytes, path);
    free(block);
    return s;
}

/* A seal says that the file is as it was written; without one HDF5 may not survive it. */
static status check_trust(bool *sealed, const char *path)
{
    TRY(seal_look(sealed, path));
    return *sealed ? status_ok() : probe_read(path, try_file, (void *)path);
}

static status read_file(dataset_header *out, const char *path, bool completely)
{
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "data set %.300s does not exist; make it with: bitfront prepare synthetic -o %.300s "
                           "(or of your own data, see bitfront prepare --help)%s",
                           path, path, share_nearest(path, NULL).text);
    bool sealed;
    TRY(check_trust(&sealed, path));
    TRY(read_header_of(out, path, completely));
    out->shape.is_sealed = sealed;
    return status_ok();
}

status dataset_measure(size_t *bytes, const char *path)
{
    dataset_header h;
    TRY(read_file(&h, path, false));
    *bytes = block_layout(&h).bytes;
    return status_ok();
}

status dataset_content_checksum(char *text, const char *path)
{
    dataset_header h;
    TRY(read_file(&h, path, true));
    snprintf(text, sizeof h.shape.content_checksum, "%s", h.shape.content_checksum);
    return status_ok();
}

status dataset_load(void *block, size_t bytes, const char *path)
{
    bool sealed;
    TRY(check_trust(&sealed, path));
    TRY(load_unchecked(block, bytes, path));
    ((block_header *)block)->shape.is_sealed = sealed;
    return status_ok();
}

dataset dataset_attach(const void *block)
{
    const block_header *header = block;
    const char *base = block;
    assert(header->mark == BLOCK_MARK);
    dataset data = header->shape;
    const int32_t *index = (const int32_t *)(base + header->index);
    for (int s = 0; s < SPLIT_COUNT; s++) {
        data.split_index[s] = index;
        index += data.split_count[s];
    }
    data.labels = (const int32_t *)(base + header->labels);
    data.samples = header->mapped ? NULL : base + header->samples;
    data.class_names = base + header->class_names;
    return data;
}

status dataset_open(dataset *out, const void *block)
{
    const block_header *header = block;
    dataset data = dataset_attach(block);
    if (header->mapped) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), before = header->offset % page;
        int fd = open(header->path, O_RDONLY | O_CLOEXEC);
        char *start = fd < 0 ? MAP_FAILED
                             : mmap(NULL, dataset_sample_bytes(&data) + before, PROT_READ, MAP_SHARED, fd,
                                    (off_t)(header->offset - before));
        int why = errno;
        if (fd >= 0) close(fd);
        if (start == MAP_FAILED)
            return status_fail(STATUS_IO, "cannot map the samples of %.300s: %s", header->path, strerror(why));
        data.samples = start + before;
    }
    *out = data;
    return status_ok();
}
