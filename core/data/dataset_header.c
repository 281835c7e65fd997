#include "core/data/dataset_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/file.h"
#include "core/base/text.h"

_Static_assert(sizeof(((dataset *)0)->source_checksum) == CHECKSUM_TEXT, "a checksum text fits");

static const size_t MAX_SAMPLE_BYTES = (size_t)1 << 40; /* keeps every product below far from overflow */

size_t dataset_sample_bytes(const dataset *shape)
{
    return (size_t)shape->count * shape->height * shape->width * shape->channels;
}

/* ---- shapes ---- */

/* "(600, 28, 28)" */
static const char *shape_text(char text[160], const h5_description *d)
{
    int used = snprintf(text, 160, "(");
    for (int i = 0; i < d->rank; i++)
        used += snprintf(text + used, (size_t)(160 - used), "%s%zu", i ? ", " : "", d->dims[i]);
    snprintf(text + used, (size_t)(160 - used), d->rank == 1 ? ",)" : ")");
    return text;
}

static status describe(h5_description *d, const dataset_source *from, const char *name, const char *wanted)
{
    if (!h5_exists(from->file, name))
        return status_fail(STATUS_DATA, "%s: data set %s is missing; %s is wanted", from->path, name, wanted);
    TRY(h5_describe(d, from->file, name));
    if (d->missing_filter[0] == '\0') return status_ok();
    return status_fail(STATUS_DATA,
                       "%s: data set %s is compressed with %s, which this program's HDF5 cannot undo; write it without "
                       "compression, or with compression=\"gzip\"",
                       from->path, name, d->missing_filter);
}

static const char *cause_of_rank(const h5_description *d)
{
    if (d->rank == 3) return "grey images need a last axis of 1: samples[..., None]";
    if (d->rank == 2) return "rows of numbers need a reshape";
    return "bring it to four dimensions with reshape";
}

static status check_samples(const h5_description *d, const dataset_source *from)
{
    char text[160];
    shape_text(text, d);
    if (d->rank != 4)
        return status_fail(STATUS_DATA,
                           "%s: data set samples has shape %s where (N, height, width, channels) is wanted; %s",
                           from->path, text, cause_of_rank(d));
    if (d->kind == H5_FLOAT)
        return status_fail(STATUS_DATA,
                           "%s: data set samples holds floats where uint8 or int8 is wanted; for values from 0 to 1: "
                           "numpy.rint(255 * samples).astype(\"uint8\")",
                           from->path);
    if ((d->kind != H5_UNSIGNED && d->kind != H5_SIGNED) || d->element != 1)
        return status_fail(
            STATUS_DATA,
            "%s: data set samples has elements of %zu bytes where uint8 or int8 is wanted; if all values "
            "are 0 to 255: samples.astype(\"uint8\")",
            from->path, d->element);
    if ((d->dims[1] == 1 || d->dims[1] == 3) && d->dims[2] > 4 && d->dims[2] == d->dims[3])
        return status_fail(
            STATUS_DATA,
            "%s: data set samples has shape %s where (N, height, width, channels) is wanted; the channels "
            "seem to come first: samples.transpose(0, 2, 3, 1)",
            from->path, text);
    size_t total = 1;
    for (int i = 0; i < 4; i++) {
        if (d->dims[i] == 0 || d->dims[i] > INT32_MAX / 2 || d->dims[i] > MAX_SAMPLE_BYTES / total)
            return status_fail(STATUS_DATA, "%s: samples have the impossible shape %s", from->path, text);
        total *= d->dims[i];
    }
    return status_ok();
}

/* labels and split: one whole number a sample. */
static status check_column(const h5_description *d, const dataset_source *from, const char *name, size_t count)
{
    char text[160];
    shape_text(text, d);
    if (d->rank != 1)
        return status_fail(STATUS_DATA, "%s: data set %s has shape %s where (N,) is wanted%s", from->path, name, text,
                           d->rank == 2 && d->dims[1] > 1 ? "; if each row has a one at its class: argmax(axis=1)"
                                                          : "; flatten it with reshape(-1)");
    if (d->kind != H5_UNSIGNED && d->kind != H5_SIGNED)
        return status_fail(STATUS_DATA, "%s: data set %s holds %s where whole numbers are wanted", from->path, name,
                           d->kind == H5_FLOAT  ? "floats"
                           : d->kind == H5_TEXT ? "texts"
                                                : "something else");
    if (d->dims[0] == count) return status_ok();
    return status_fail(STATUS_DATA, "%s: %zu samples, but data set %s has %zu entries", from->path, count, name,
                       d->dims[0]);
}

static status check_names(const h5_description *d, const dataset_source *from)
{
    char text[160];
    if (d->rank != 1 || d->kind != H5_TEXT)
        return status_fail(STATUS_DATA,
                           "%s: data set class_names has shape %s where a list of texts, (classes,), is "
                           "wanted",
                           from->path, shape_text(text, d));
    if (d->dims[0] >= 2 && d->dims[0] <= DATASET_MAX_CLASSES) return status_ok();
    return status_fail(STATUS_DATA, "%s: %zu classes; 2 to %d are possible", from->path, d->dims[0],
                       DATASET_MAX_CLASSES);
}

static status read_shape(dataset_header *out, const dataset_source *from)
{
    h5_description samples, labels, marks, names;
    TRY(describe(&samples, from, "samples", "(N, height, width, channels) of uint8 or int8"));
    TRY(check_samples(&samples, from));
    TRY(describe(&labels, from, "labels", "(N,) of int32, classes counted from 0"));
    TRY(check_column(&labels, from, "labels", samples.dims[0]));
    TRY(describe(&marks, from, "split", "(N,) of uint8: 0 train, 1 validation, 2 test"));
    TRY(check_column(&marks, from, "split", samples.dims[0]));
    TRY(describe(&names, from, "class_names", "a text for each class"));
    TRY(check_names(&names, from));
    *out = (dataset_header){.shape = {.count = (int)samples.dims[0],
                                      .height = (int)samples.dims[1],
                                      .width = (int)samples.dims[2],
                                      .channels = (int)samples.dims[3],
                                      .classes = (int)names.dims[0],
                                      .is_signed = samples.kind == H5_SIGNED},
                            .plain = samples.plain,
                            .samples_offset = samples.offset};
    return status_ok();
}

/* ---- attributes ---- */

/* *there = false when the file has no such attribute. */
static status read_text(char *out, size_t size, bool *there, const dataset_source *from, const char *attribute)
{
    char *text;
    *there = h5_has_attribute(from->file, ".", attribute);
    if (!*there) return status_ok();
    TRY(h5_get_text(&text, from->file, ".", attribute));
    bool fits = strlen(text) < size;
    if (fits) text_printable(strcpy(out, text));
    free(text);
    if (fits) return status_ok();
    return status_fail(STATUS_DATA, "%s: attribute %s is longer than %zu bytes", from->path, attribute, size - 1);
}

static status check_format(const dataset_source *from)
{
    static const char hint[] = "%s is not a prepared data set: its attribute format is not \"" DATASET_FORMAT
                               "\"; make one with `bitfront prepare`";
    char *format;
    const status read = h5_get_text(&format, from->file, ".", "format");
    if (failed(read)) return read.code == STATUS_DATA ? status_fail(STATUS_DATA, hint, from->path) : read;
    bool known = strcmp(format, DATASET_FORMAT) == 0;
    free(format);
    if (!known) return status_fail(STATUS_DATA, hint, from->path);
    int64_t version;
    TRY(h5_get_integer(&version, from->file, ".", "format_version"));
    if (version == DATASET_VERSION) return status_ok();
    return status_fail(STATUS_DATA, "%s: data set format version %lld, this program knows version %d; prepare it again",
                       from->path, (long long)version, DATASET_VERSION);
}

/* The real value of a sample: by default 0 ... 1 for bytes of images, the number itself for signed ones. */
static status read_scale(dataset *shape, const dataset_source *from)
{
    double scale = shape->is_signed ? 1.0 : 1.0 / 255.0;
    int64_t is_signed = shape->is_signed;
    if (h5_has_attribute(from->file, "samples", "scale")) TRY(h5_get_number(&scale, from->file, "samples", "scale"));
    if (h5_has_attribute(from->file, "samples", "signed"))
        TRY(h5_get_integer(&is_signed, from->file, "samples", "signed"));
    if (!(scale > 1e-30 && scale < 1e30))
        return status_fail(STATUS_DATA, "%s: the scale %g of the samples is impossible", from->path, scale);
    if (is_signed != shape->is_signed)
        return status_fail(STATUS_DATA, "%s: the samples are %s, but their attribute signed is %lld", from->path,
                           shape->is_signed ? "int8" : "uint8", (long long)is_signed);
    shape->scale = (float)scale;
    return status_ok();
}

status dataset_header_read(dataset_header *out, const dataset_source *from)
{
    bool named, has_source;
    TRY(check_format(from));
    TRY(read_shape(out, from));
    dataset *shape = &out->shape;
    TRY(read_text(shape->name, sizeof shape->name, &named, from, "name"));
    if (!named) {
        char base[256];
        file_basename(base, sizeof base, from->path);
        snprintf(shape->name, sizeof shape->name, "%.*s", DATASET_NAME - 1, base);
    }
    TRY(read_text(shape->content_checksum, sizeof shape->content_checksum, &out->has_checksum, from,
                  "content_checksum"));
    TRY(read_text(shape->source_checksum, sizeof shape->source_checksum, &has_source, from, "source_checksum"));
    if (!has_source) strcpy(shape->source_checksum, shape->content_checksum);
    return read_scale(shape, from);
}

/* ---- what the numbers say ---- */

static status check_labels(const dataset *shape, const int32_t *labels, const char *path)
{
    int smallest = INT32_MAX, largest = -1;
    for (int i = 0; i < shape->count; i++) {
        if (labels[i] < smallest) smallest = labels[i];
        if (labels[i] > largest) largest = labels[i];
    }
    if (smallest >= 0 && largest < shape->classes) return status_ok();
    if (smallest == 1 && largest == shape->classes)
        return status_fail(STATUS_DATA, "%s: the labels go from 1 to %d; classes are counted from 0: write labels - 1",
                           path, largest);
    for (int i = 0; i < shape->count; i++)
        if (labels[i] < 0 || labels[i] >= shape->classes)
            return status_fail(STATUS_DATA, "%s: sample %d has label %d; the classes are 0 to %d", path, i,
                               (int)labels[i], shape->classes - 1);
    return status_ok();
}

status dataset_check_members(const dataset *shape, const int32_t *labels, const uint8_t *marks, const char *path)
{
    static const char *const names[SPLIT_COUNT] = {"train", "validation", "test"};
    int in_split[SPLIT_COUNT] = {0};
    TRY(check_labels(shape, labels, path));
    for (int i = 0; i < shape->count; i++) in_split[marks[i]]++;
    for (int s = 0; s < SPLIT_COUNT; s++)
        if (in_split[s] == 0)
            return status_fail(STATUS_DATA,
                               "%s: the %s split is empty: no sample has split %d; validation decides which epoch is "
                               "kept, test is what is reported, and both need samples of their own",
                               path, names[s], s);
    return status_ok();
}
