#define _POSIX_C_SOURCE 200809L
#include "core/data/prepared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/file.h"
#include "core/data/dataset_format.h"
#include "core/io/h5.h"
#include "core/io/seal.h"

struct prepared_file {
    h5_id file;
    prepared what; /* borrows */
    checksum sum;  /* of the content so far */
    int written;   /* samples */
    file_replacement place;
};

static size_t sample_bytes(const prepared *p)
{
    return (size_t)p->height * p->width * p->channels;
}

static status finish_sum(char *text, checksum *sum, const prepared *p)
{
    checksum_add_int32(sum, p->labels, (size_t)p->count);
    checksum_add(sum, p->split, (size_t)p->count);
    return checksum_end(sum, text);
}

status prepared_checksum(char *text, const prepared *p)
{
    checksum sum = checksum_begin();
    checksum_add(&sum, p->samples, (size_t)p->count * sample_bytes(p));
    return finish_sum(text, &sum, p);
}

void prepared_source(char *out, size_t size, const char *what, const char *path)
{
    char name[256];
    file_basename(name, sizeof name, path);
    snprintf(out, size, "%s, read from %s", what, name);
}

double prepared_validation_fraction(const uint8_t *marks, int count)
{
    int in_split[SPLIT_COUNT] = {0};
    for (int i = 0; i < count; i++) in_split[marks[i]]++;
    return (double)in_split[SPLIT_VALIDATION] / (in_split[SPLIT_TRAIN] + in_split[SPLIT_VALIDATION]);
}

/* ---- what is refused ---- */

static status check_names(const prepared *p)
{
    if (p->name[0] == '\0' || strlen(p->name) >= DATASET_NAME)
        return status_fail(STATUS_CONFIG, "the name \"%.80s\" of the data set must have 1 to %d bytes", p->name,
                           DATASET_NAME - 1);
    if (p->classes < 2 || p->classes > DATASET_MAX_CLASSES)
        return status_fail(STATUS_DATA, "%d classes; 2 to %d are possible", p->classes, DATASET_MAX_CLASSES);
    for (int k = 0; k < p->classes; k++)
        if (p->class_names[k][0] == '\0' || strlen(p->class_names[k]) >= DATASET_NAME)
            return status_fail(STATUS_DATA, "the name \"%.80s\" of class %d must have 1 to %d bytes", p->class_names[k],
                               k, DATASET_NAME - 1);
    return status_ok();
}

static status check_members(const prepared *p)
{
    static const char *const names[SPLIT_COUNT] = {"training", "validation", "test"};
    int in_split[SPLIT_COUNT] = {0}, trained[DATASET_MAX_CLASSES] = {0};
    for (int i = 0; i < p->count; i++) {
        if (p->labels[i] < 0 || p->labels[i] >= p->classes)
            return status_fail(STATUS_DATA, "sample %d has label %d; the classes are 0 to %d", i, (int)p->labels[i],
                               p->classes - 1);
        if (p->split[i] >= SPLIT_COUNT)
            return status_fail(STATUS_DATA, "sample %d has split %d; 0, 1 and 2 exist", i, p->split[i]);
        in_split[p->split[i]]++;
        trained[p->labels[i]] += p->split[i] == SPLIT_TRAIN;
    }
    for (int s = 0; s < SPLIT_COUNT; s++)
        if (in_split[s] == 0) return status_fail(STATUS_DATA, "the %s split is empty", names[s]);
    for (int k = 0; k < p->classes; k++)
        if (trained[k] == 0)
            return status_fail(STATUS_DATA,
                               "class %d (%s) has no training sample: no network can learn it; leave the class out, or "
                               "give it samples",
                               k, p->class_names[k]);
    return status_ok();
}

status prepared_check(const prepared *p)
{
    TRY(check_names(p));
    return check_members(p);
}

/* ---- writing ---- */

static status write_text(h5_id file, const prepared *p, const char *source_checksum, const char *content)
{
    TRY(h5_set_text(file, ".", "format", DATASET_FORMAT));
    TRY(h5_set_integer(file, ".", "format_version", DATASET_VERSION));
    TRY(h5_set_text(file, ".", "name", p->name));
    TRY(h5_set_text(file, ".", "source", p->source));
    TRY(h5_set_text(file, ".", "source_checksum", source_checksum));
    TRY(h5_set_text(file, ".", "content_checksum", content));
    TRY(h5_set_integer(file, ".", "split_seed", (int64_t)p->split_seed));
    return h5_set_number(file, ".", "validation_fraction", p->validation_fraction);
}

static status write_rest(prepared_file *f, const char *source_checksum)
{
    const prepared *p = &f->what;
    const size_t count = (size_t)p->count;
    char content[CHECKSUM_TEXT];
    if (f->written != p->count) return status_fail(STATUS_DATA, "%d samples came instead of %d", f->written, p->count);
    TRY(h5_set_number(f->file, "samples", "scale", (double)p->scale));
    TRY(h5_set_integer(f->file, "samples", "signed", p->is_signed));
    if (p->features != NULL) TRY(h5_set_text(f->file, "samples", "features", p->features));
    TRY(h5_write(f->file, "labels", H5_I32, 1, &count, p->labels,
                 (h5_about){"1", "class of each sample, an index into class_names"}));
    TRY(h5_write(f->file, "split", H5_U8, 1, &count, p->split, (h5_about){"1", "which split each sample belongs to"}));
    TRY(h5_set_text(f->file, "split", "legend", "0 train, 1 validation, 2 test"));
    TRY(h5_write_strings(f->file, "class_names", (size_t)p->classes, p->class_names,
                         (h5_about){"1", "name of each class"}));
    TRY(finish_sum(content, &f->sum, p));
    return write_text(f->file, p, source_checksum, content);
}

static status open_file(prepared_file *f)
{
    const prepared *p = &f->what;
    const size_t dims[4] = {(size_t)p->count, (size_t)p->height, (size_t)p->width, (size_t)p->channels};
    TRY(h5_create_large(&f->file, f->place.temporary));
    /* Plain: pictures hardly shrink (CIFAR-10 by 8 %), and content_checksum guards the bytes better than fletcher32. */
    status s = h5_part_create(f->file, "samples", p->is_signed ? H5_I8 : H5_U8, 4, dims,
                              (h5_about){"1", "samples (sample, row, column, channel); real value = sample * scale"});
    if (failed(s)) h5_discard(f->file);
    return s;
}

status prepared_open(prepared_file **out, const char *path, const prepared *p)
{
    prepared_file *f = calloc(1, sizeof *f);
    if (f == NULL) return status_fail(STATUS_MEMORY, "no memory to write %.200s", path);
    f->what = *p;
    status s = file_replace_begin(&f->place, path);
    if (!failed(s)) {
        s = open_file(f);
        if (failed(s)) file_replace_abandon(&f->place);
    }
    if (failed(s)) {
        free(f);
        return s;
    }
    f->sum = checksum_begin();
    *out = f;
    return s;
}

status prepared_add(prepared_file *f, const void *samples, int count)
{
    const prepared *p = &f->what;
    if (count > p->count - f->written)
        return status_fail(STATUS_DATA, "more than the %d samples that were announced", p->count);
    TRY(h5_part_write(f->file, "samples", p->is_signed ? H5_I8 : H5_U8, (size_t)f->written, (size_t)count, samples));
    checksum_add(&f->sum, samples, (size_t)count * sample_bytes(p));
    f->written += count;
    return status_ok();
}

void prepared_discard(prepared_file *f)
{
    char text[CHECKSUM_TEXT];
    if (f == NULL) return;
    if (f->sum.context != NULL) (void)failed(checksum_end(&f->sum, text));
    h5_discard(f->file);
    file_replace_abandon(&f->place);
    free(f);
}

status prepared_close(prepared_file *f, const char *source_checksum)
{
    status s = write_rest(f, source_checksum);
    if (failed(s)) {
        prepared_discard(f);
        return s;
    }
    s = h5_close(f->file);
    if (!failed(s)) s = seal_append(f->place.temporary);
    if (!failed(s))
        s = file_replace_end(&f->place);
    else
        file_replace_abandon(&f->place);
    free(f);
    return s;
}

status prepared_write(const char *path, const prepared *p)
{
    prepared_file *f;
    TRY(prepared_open(&f, path, p));
    status s = prepared_add(f, p->samples, p->count);
    if (!failed(s)) return prepared_close(f, p->source_checksum);
    prepared_discard(f);
    return s;
}
