#include "core/data/dataset.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "core/data/prepared.h"
#include "core/io/h5.h"
#include "core/io/probe.h"
#include "core/io/seal.h"

_Static_assert(sizeof(((dataset *)0)->source_checksum) == CHECKSUM_TEXT, "a checksum text fits");

/* The block: this header, then the arrays at the stored offsets. Offsets, not pointers, because every process maps the
 * block at another address. */
typedef struct {
    uint64_t mark;                              /* BLOCK_MARK: the block was loaded completely */
    dataset shape;                              /* everything but the pointers, which are NULL here */
    size_t index, labels, samples, class_names; /* offsets in bytes from the start of the block, multiples of 64 */
    size_t bytes;                               /* of the whole block */
} block_header;

static const uint64_t BLOCK_MARK = 0x7465736174616462u;
static const size_t MAX_SAMPLE_BYTES = (size_t)1 << 40; /* keeps every product below far from overflow */

/* An open file and its name for messages (those of h5 name it themselves). */
typedef struct {
    h5_id file;
    const char *path; /* borrowed */
} source;

static size_t reserve(size_t *bytes, size_t count)
{
    size_t offset = (*bytes + 63) / 64 * 64;
    *bytes = offset + count;
    return offset;
}

static size_t sample_bytes(const dataset *shape)
{
    return (size_t)shape->count * shape->height * shape->width * shape->channels;
}

/* Where everything lies: a pure function of the shape, so that dataset_measure and dataset_load agree. */
static block_header block_layout(const dataset *shape)
{
    block_header header = {.shape = *shape, .bytes = sizeof(block_header)};
    header.index = reserve(&header.bytes, (size_t)shape->count * sizeof(int32_t));
    header.labels = reserve(&header.bytes, (size_t)shape->count * sizeof(int32_t));
    header.samples = reserve(&header.bytes, sample_bytes(shape));
    header.class_names = reserve(&header.bytes, (size_t)shape->classes * DATASET_NAME);
    return header;
}

static status read_shape(dataset *shape, const source *from)
{
    size_t dims[4], classes, labels, splits;
    TRY(h5_dims(from->file, "samples", 4, dims));
    TRY(h5_dims(from->file, "labels", 1, &labels));
    TRY(h5_dims(from->file, "split", 1, &splits));
    TRY(h5_dims(from->file, "class_names", 1, &classes));
    size_t total = 1;
    for (int i = 0; i < 4; i++) {
        if (dims[i] == 0 || dims[i] > INT32_MAX / 2 || dims[i] > MAX_SAMPLE_BYTES / total)
            return status_fail(STATUS_DATA, "%s: samples have the impossible shape (%zu, %zu, %zu, %zu)", from->path,
                               dims[0], dims[1], dims[2], dims[3]);
        total *= dims[i];
    }
    if (labels != dims[0] || splits != dims[0])
        return status_fail(STATUS_DATA, "%s: %zu samples, but %zu labels and %zu split marks", from->path, dims[0],
                           labels, splits);
    if (classes < 2 || classes > DATASET_MAX_CLASSES)
        return status_fail(STATUS_DATA, "%s: %zu classes; 2 to %d are possible", from->path, classes,
                           DATASET_MAX_CLASSES);
    *shape = (dataset){.count = (int)dims[0],
                       .height = (int)dims[1],
                       .width = (int)dims[2],
                       .channels = (int)dims[3],
                       .classes = (int)classes};
    return status_ok();
}

static status read_text(char *out, size_t size, const source *from, const char *attribute)
{
    char *text;
    TRY(h5_get_text(&text, from->file, ".", attribute));
    bool fits = strlen(text) < size;
    if (fits) strcpy(out, text);
    if (fits) text_printable(out);
    free(text);
    if (!fits)
        return status_fail(STATUS_DATA, "%s: attribute %s is longer than %zu bytes", from->path, attribute, size - 1);
    return status_ok();
}

static status check_format(const source *from)
{
    static const char hint[] = "%s is not a prepared data set; make one with `bitfront prepare`";
    char *format;
    if (failed(h5_get_text(&format, from->file, ".", "format"))) return status_fail(STATUS_DATA, hint, from->path);
    bool known = strcmp(format, PREPARED_FORMAT) == 0;
    free(format);
    if (!known) return status_fail(STATUS_DATA, hint, from->path);
    int64_t version;
    TRY(h5_get_integer(&version, from->file, ".", "format_version"));
    if (version != PREPARED_VERSION)
        return status_fail(STATUS_DATA,
                           "%s: data set format version %lld, this program knows version %d; prepare it again",
                           from->path, (long long)version, PREPARED_VERSION);
    return status_ok();
}

static status read_header(dataset *shape, const source *from)
{
    TRY(check_format(from));
    TRY(read_shape(shape, from));
    TRY(read_text(shape->name, sizeof shape->name, from, "name"));
    TRY(read_text(shape->source_checksum, sizeof shape->source_checksum, from, "source_checksum"));
    TRY(read_text(shape->content_checksum, sizeof shape->content_checksum, from, "content_checksum"));
    double scale;
    TRY(h5_get_number(&scale, from->file, "samples", "scale"));
    int64_t is_signed;
    TRY(h5_get_integer(&is_signed, from->file, "samples", "signed"));
    if (!(scale > 0 && scale < 1e30) || (is_signed != 0 && is_signed != 1))
        return status_fail(STATUS_DATA, "%s: scale %g or signed %lld of the samples is impossible", from->path, scale,
                           (long long)is_signed);
    shape->scale = (float)scale;
    shape->is_signed = (int)is_signed;
    return status_ok();
}

static status read_class_names(char *out, const source *from, int classes)
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
        strcpy(out + i * DATASET_NAME, names[i]);
        text_printable(out + i * DATASET_NAME);
    }
    free(names);
    return outcome;
}

/* index[count]: the sample numbers of train, then validation, then test. */
static status sort_splits(int32_t *index, dataset *shape, const uint8_t *marks, const source *from)
{
    static const char *const names[SPLIT_COUNT] = {"train", "validation", "test"};
    int start[SPLIT_COUNT] = {0};
    for (int i = 0; i < shape->count; i++) {
        if (marks[i] >= SPLIT_COUNT)
            return status_fail(STATUS_DATA, "%s: sample %d has split %d; 0, 1 and 2 exist", from->path, i, marks[i]);
        shape->split_count[marks[i]]++;
    }
    for (int s = 0; s < SPLIT_COUNT; s++) {
        if (shape->split_count[s] == 0)
            return status_fail(STATUS_DATA, "%s: the %s split is empty", from->path, names[s]);
        if (s > 0) start[s] = start[s - 1] + shape->split_count[s - 1];
    }
    for (int i = 0; i < shape->count; i++) index[start[marks[i]]++] = i;
    return status_ok();
}

static status check_labels(const int32_t *labels, int count, int classes, const source *from)
{
    for (int i = 0; i < count; i++)
        if (labels[i] < 0 || labels[i] >= classes)
            return status_fail(STATUS_DATA, "%s: sample %d has label %d; the classes are 0 to %d", from->path, i,
                               (int)labels[i], classes - 1);
    return status_ok();
}

static status check_content(const prepared *content, const source *from)
{
    char stored[CHECKSUM_TEXT], computed[CHECKSUM_TEXT];
    TRY(read_text(stored, sizeof stored, from, "content_checksum"));
    TRY(prepared_checksum(computed, content));
    if (strcmp(stored, computed) != 0)
        return status_fail(STATUS_DATA,
                           "%s: samples, labels and split do not match the stored checksum: the file was "
                           "damaged or edited; prepare it again",
                           from->path);
    return status_ok();
}

static status read_arrays(char *block, block_header *header, uint8_t *marks, const source *from)
{
    dataset *shape = &header->shape;
    int32_t *labels = (int32_t *)(block + header->labels);
    void *samples = block + header->samples;
    TRY(h5_read(from->file, "samples", shape->is_signed ? H5_I8 : H5_U8, sample_bytes(shape), samples));
    TRY(h5_read(from->file, "labels", H5_I32, (size_t)shape->count, labels));
    TRY(h5_read(from->file, "split", H5_U8, (size_t)shape->count, marks));
    TRY(check_labels(labels, shape->count, shape->classes, from));
    TRY(sort_splits((int32_t *)(block + header->index), shape, marks, from));
    TRY(read_class_names(block + header->class_names, from, shape->classes));
    return check_content(&(prepared){.height = shape->height,
                                     .width = shape->width,
                                     .channels = shape->channels,
                                     .count = shape->count,
                                     .samples = samples,
                                     .labels = labels,
                                     .split = marks},
                         from);
}

static status load_open(char *block, size_t bytes, const source *from)
{
    dataset shape;
    TRY(read_header(&shape, from));
    block_header header = block_layout(&shape);
    if (header.bytes > bytes)
        return status_fail(STATUS_DATA,
                           "%s needs %zu bytes of memory, not the %zu measured before: it was replaced meanwhile",
                           from->path, header.bytes, bytes);
    uint8_t *marks = malloc((size_t)shape.count);
    if (marks == NULL) return status_fail(STATUS_MEMORY, "no memory for %d split marks", shape.count);
    memset(block, 0, header.samples);
    memset(block + header.class_names, 0, header.bytes - header.class_names);
    status outcome = read_arrays(block, &header, marks, from);
    free(marks);
    TRY(outcome);
    header.mark = BLOCK_MARK;
    memcpy(block, &header, sizeof header);
    return status_ok();
}

static status read_header_of(dataset *shape, const char *path)
{
    source from = {.path = path};
    TRY(h5_open_read(&from.file, path));
    status outcome = read_header(shape, &from);
    status closed = h5_close(from.file);
    return failed(outcome) ? outcome : closed;
}

static status load_unchecked(void *block, size_t bytes, const char *path)
{
    source from = {.path = path};
    TRY(h5_open_read(&from.file, path));
    status outcome = load_open(block, bytes, &from);
    status closed = h5_close(from.file);
    return failed(outcome) ? outcome : closed;
}

/* The whole of a file, for nothing. */
static status try_file(void *path)
{
    dataset shape;
    TRY(read_header_of(&shape, path));
    size_t bytes = block_layout(&shape).bytes;
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

static status read_shape_of_file(dataset *shape, const char *path)
{
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "data set %s does not exist; make it with: bitfront prepare synthetic -o %s "
                           "(or prepare cifar10, see bitfront prepare --help)",
                           path, path);
    bool sealed;
    TRY(check_trust(&sealed, path));
    TRY(read_header_of(shape, path));
    shape->is_sealed = sealed;
    return status_ok();
}

status dataset_measure(size_t *bytes, const char *path)
{
    dataset shape;
    TRY(read_shape_of_file(&shape, path));
    *bytes = block_layout(&shape).bytes;
    return status_ok();
}

status dataset_content_checksum(char *text, const char *path)
{
    dataset shape;
    TRY(read_shape_of_file(&shape, path));
    snprintf(text, sizeof shape.content_checksum, "%s", shape.content_checksum);
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
    data.samples = base + header->samples;
    data.class_names = base + header->class_names;
    return data;
}
