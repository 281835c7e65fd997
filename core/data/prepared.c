#define _POSIX_C_SOURCE 200809L
#include "core/data/prepared.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/checksum.h"
#include "core/data/dataset.h"
#include "core/io/h5.h"
#include "core/io/seal.h"

static size_t sample_bytes(const prepared *p)
{
    return (size_t)p->count * p->height * p->width * p->channels;
}

status prepared_checksum(char *text, const prepared *p)
{
    checksum sum = checksum_begin();
    checksum_add(&sum, p->samples, sample_bytes(p));
    checksum_add_int32(&sum, p->labels, (size_t)p->count);
    checksum_add(&sum, p->split, (size_t)p->count);
    return checksum_end(&sum, text);
}

void prepared_basename(char *out, size_t size, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    snprintf(out, size, "%.*s", (int)(end - start), path + start);
}

static status write_arrays(h5_id file, const prepared *p)
{
    const size_t dims[4] = {(size_t)p->count, (size_t)p->height, (size_t)p->width, (size_t)p->channels};
    /* Plain: pictures hardly shrink (CIFAR-10 by 8 %), and content_checksum guards the bytes better than fletcher32. */
    TRY(h5_write_plain(file, "samples", p->is_signed ? H5_I8 : H5_U8, 4, dims, p->samples,
                       (h5_about){"1", "samples (sample, row, column, channel); real value = sample * scale"}));
    TRY(h5_set_number(file, "samples", "scale", (double)p->scale));
    TRY(h5_set_integer(file, "samples", "signed", p->is_signed));
    TRY(h5_write(file, "labels", H5_I32, 1, dims, p->labels,
                 (h5_about){"1", "class of each sample, an index into class_names"}));
    TRY(h5_write(file, "split", H5_U8, 1, dims, p->split, (h5_about){"1", "which split each sample belongs to"}));
    TRY(h5_set_text(file, "split", "legend", "0 train, 1 validation, 2 test"));
    return h5_write_strings(file, "class_names", (size_t)p->classes, p->class_names,
                            (h5_about){"1", "name of each class"});
}

static status write_attributes(h5_id file, const prepared *p)
{
    char content[CHECKSUM_TEXT];
    TRY(prepared_checksum(content, p));
    TRY(h5_set_text(file, ".", "format", PREPARED_FORMAT));
    TRY(h5_set_integer(file, ".", "format_version", PREPARED_VERSION));
    TRY(h5_set_text(file, ".", "name", p->name));
    TRY(h5_set_text(file, ".", "source", p->source));
    TRY(h5_set_text(file, ".", "source_checksum", p->source_checksum));
    TRY(h5_set_text(file, ".", "content_checksum", content));
    TRY(h5_set_integer(file, ".", "split_seed", (int64_t)p->split_seed));
    return h5_set_number(file, ".", "validation_fraction", p->validation_fraction);
}

static status write_file(const char *path, const prepared *p)
{
    h5_id file;
    TRY(h5_create(&file, path));
    status outcome = write_arrays(file, p);
    if (!failed(outcome)) outcome = write_attributes(file, p);
    if (!failed(outcome)) return h5_close(file);
    h5_discard(file);
    return outcome;
}

status prepared_write(const char *path, const prepared *p)
{
    file_replacement new;
    TRY(file_replace_begin(&new, path));
    status outcome = write_file(new.temporary, p);
    if (!failed(outcome)) outcome = seal_append(new.temporary);
    if (!failed(outcome)) return file_replace_end(&new);
    file_replace_abandon(&new);
    return outcome;
}
