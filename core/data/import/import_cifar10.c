#define _POSIX_C_SOURCE 200809L
#include "core/data/import/import_cifar10.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/rng.h"
#include "core/data/archive.h"
#include "core/base/checksum.h"
#include "core/data/dataset.h"
#include "core/data/import/importer.h"
#include "core/data/prepared.h"

/* One batch file: 10,000 records of one label byte, then 1,024 red, 1,024 green and 1,024 blue bytes, row by row. */
enum { SIDE = 32, PLANE = SIDE * SIDE, CHANNELS = 3, IMAGE_BYTES = CHANNELS * PLANE, RECORD_BYTES = 1 + IMAGE_BYTES };
enum { BATCH_RECORDS = 10000, BATCH_BYTES = BATCH_RECORDS * RECORD_BYTES, BATCHES = 6, CLASSES = 10 };
enum { TRAIN = 5 * BATCH_RECORDS, COUNT = BATCHES * BATCH_RECORDS, MAX_PATH = 4096 };

static const char *const batch_names[BATCHES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                                 "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
static const char *const class_names[CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                 "dog",      "frog",       "horse", "ship", "truck"};

typedef struct {
    uint8_t *batch[BATCHES]; /* owned raw files of BATCH_BYTES each */
    uint8_t *images;         /* (COUNT, SIDE, SIDE, CHANNELS) */
    int32_t *labels;         /* (COUNT) */
    uint8_t *split;          /* (COUNT) */
    char checksum[CHECKSUM_TEXT];
} cifar;

static void cifar_free(cifar *c)
{
    for (int b = 0; b < BATCHES; b++) free(c->batch[b]);
    free(c->images);
    free(c->labels);
    free(c->split);
}

static status check_batch(const uint8_t *bytes, size_t size, const char *where)
{
    if (size != BATCH_BYTES)
        return status_fail(STATUS_DATA,
                           "%s: %zu bytes, but a CIFAR-10 batch has %d (10,000 records of %d): the file is "
                           "incomplete or something else",
                           where, size, BATCH_BYTES, RECORD_BYTES);
    for (int r = 0; r < BATCH_RECORDS; r++)
        if (bytes[(size_t)r * RECORD_BYTES] >= CLASSES)
            return status_fail(STATUS_DATA, "%s: record %d (counted from 0) has label %d; the classes are 0 to 9",
                               where, r, bytes[(size_t)r * RECORD_BYTES]);
    return status_ok();
}

/* Takes over `bytes`. where: the file as the user knows it. */
static status keep_batch(cifar *c, int b, uint8_t *bytes, size_t size, const char *where)
{
    status outcome = check_batch(bytes, size, where);
    if (!failed(outcome) && c->batch[b] != NULL) outcome = status_fail(STATUS_DATA, "%s is there twice", where);
    if (failed(outcome))
        free(bytes);
    else
        c->batch[b] = bytes;
    return outcome;
}

static status read_folder(cifar *c, const char *folder)
{
    for (int b = 0; b < BATCHES; b++) {
        char path[MAX_PATH];
        uint8_t *bytes;
        size_t size;
        TRY(archive_find(path, sizeof path, folder, batch_names[b]));
        TRY(archive_read_file(&bytes, &size, path, 2 * (size_t)BATCH_BYTES));
        TRY(keep_batch(c, b, bytes, size, path));
    }
    return status_ok();
}

/* Index of the batch with this member name, whatever its folder; -1 for other members. */
static int batch_of_member(const char *member)
{
    const char *slash = strrchr(member, '/');
    const char *name = slash != NULL ? slash + 1 : member;
    for (int b = 0; b < BATCHES; b++)
        if (strcmp(name, batch_names[b]) == 0) return b;
    return -1;
}

static status read_members(cifar *c, archive *a)
{
    const char *member;
    for (;;) {
        TRY(archive_next(a, &member));
        if (member == NULL) return status_ok();
        int b = batch_of_member(member);
        if (b < 0) continue;
        char where[MAX_PATH];
        snprintf(where, sizeof where, "%s in %s", batch_names[b], a->path);
        uint8_t *bytes;
        size_t size;
        TRY(archive_read(&bytes, &size, a, 2 * (size_t)BATCH_BYTES));
        TRY(keep_batch(c, b, bytes, size, where));
    }
}

static status read_archive(cifar *c, const char *path)
{
    archive a;
    TRY(archive_open(&a, path));
    status outcome = read_members(c, &a);
    archive_close(&a);
    TRY(outcome);
    for (int b = 0; b < BATCHES; b++)
        if (c->batch[b] == NULL)
            return status_fail(STATUS_DATA,
                               "%s is missing in %s; the binary version of CIFAR-10 (cifar-10-binary.tar.gz) "
                               "is needed",
                               batch_names[b], path);
    return status_ok();
}

static status read_source(cifar *c, const char *source)
{
    struct stat info;
    if (stat(source, &info) != 0) return status_fail(STATUS_IO, "%s does not exist or cannot be read", source);
    if (!S_ISDIR(info.st_mode)) return read_archive(c, source);
    char inner[MAX_PATH]; /* the folder that the official archive makes */
    snprintf(inner, sizeof inner, "%s/cifar-10-batches-bin", source);
    return read_folder(c, file_exists(inner) ? inner : source);
}

static status checksum_batches(cifar *c)
{
    checksum sum = checksum_begin();
    for (int b = 0; b < BATCHES; b++) checksum_add(&sum, c->batch[b], BATCH_BYTES);
    return checksum_end(&sum, c->checksum);
}

/* Planes (channel, row, column) of the records -> (row, column, channel); frees the batch. */
static void convert_batch(cifar *c, int b)
{
    for (int r = 0; r < BATCH_RECORDS; r++) {
        const uint8_t *record = c->batch[b] + (size_t)r * RECORD_BYTES;
        size_t i = (size_t)b * BATCH_RECORDS + r;
        c->labels[i] = record[0];
        uint8_t *image = c->images + i * IMAGE_BYTES;
        for (int p = 0; p < PLANE; p++)
            for (int k = 0; k < CHANNELS; k++) image[p * CHANNELS + k] = record[1 + k * PLANE + p];
    }
    free(c->batch[b]);
    c->batch[b] = NULL;
}

static status check_class_counts(const int32_t *labels, int first, int end, const char *what, const char *source)
{
    int counts[CLASSES] = {0}, expected = (end - first) / CLASSES;
    for (int i = first; i < end; i++) counts[labels[i]]++;
    for (int k = 0; k < CLASSES; k++)
        if (counts[k] != expected)
            return status_fail(STATUS_DATA,
                               "%s: class %d (%s) has %d %s images instead of %d: the files are not the "
                               "original CIFAR-10",
                               source, k, class_names[k], counts[k], what, expected);
    return status_ok();
}

/* A random choice of validation images among the training images: the first ones of a Fisher-Yates shuffle. */
static status draw_split(uint8_t *marks, uint64_t seed, int validation)
{
    int32_t *order = malloc(TRAIN * sizeof *order);
    if (order == NULL) return status_fail(STATUS_MEMORY, "no memory to split the training images");
    for (int i = 0; i < TRAIN; i++) order[i] = i;
    memset(marks, SPLIT_TRAIN, TRAIN);
    memset(marks + TRAIN, SPLIT_TEST, COUNT - TRAIN);
    for (int i = 0; i < validation; i++) {
        int j = i + (int)rng_below(rng_draw(seed, RNG_SPLIT, (uint32_t)i, 0, 0).word[0], (uint32_t)(TRAIN - i));
        marks[order[j]] = SPLIT_VALIDATION;
        order[j] = order[i];
    }
    free(order);
    return status_ok();
}

static status convert(cifar *c, const char *source)
{
    c->images = malloc((size_t)COUNT * IMAGE_BYTES);
    c->labels = malloc(COUNT * sizeof *c->labels);
    c->split = malloc(COUNT);
    if (c->images == NULL || c->labels == NULL || c->split == NULL)
        return status_fail(STATUS_MEMORY, "no memory for %d images of %d bytes", COUNT, IMAGE_BYTES);
    TRY(checksum_batches(c));
    for (int b = 0; b < BATCHES; b++) convert_batch(c, b);
    TRY(check_class_counts(c->labels, 0, TRAIN, "training", source));
    return check_class_counts(c->labels, TRAIN, COUNT, "test", source);
}

static status write_prepared(const cifar *c, const char *source, const char *out, uint64_t seed, double fraction)
{
    char description[400];
    prepared_source(description, sizeof description, "CIFAR-10, binary version", source);
    return prepared_write(out, &(prepared){.name = "cifar10",
                                           .source = description,
                                           .source_checksum = c->checksum,
                                           .height = SIDE,
                                           .width = SIDE,
                                           .channels = CHANNELS,
                                           .classes = CLASSES,
                                           .count = COUNT,
                                           .scale = 1.0f / 255.0f,
                                           .samples = c->images,
                                           .labels = c->labels,
                                           .split = c->split,
                                           .class_names = class_names,
                                           .split_seed = seed,
                                           .validation_fraction = fraction});
}

static status import(cifar *c, const char *source, const char *out, uint64_t seed, double fraction)
{
    int validation = fraction > 0 && fraction < 1 ? (int)(fraction * TRAIN + 0.5) : 0;
    if (validation == 0 || validation == TRAIN)
        return status_fail(STATUS_CONFIG,
                           "validation fraction %g leaves no training or no validation images; it must be "
                           "between 0 and 1",
                           fraction);
    TRY(read_source(c, source));
    TRY(convert(c, source));
    TRY(draw_split(c->split, seed, validation));
    return write_prepared(c, source, out, seed, fraction);
}

status import_cifar10(const char *source, const char *out, uint64_t split_seed, double validation_fraction)
{
    cifar c = {0};
    status outcome = import(&c, source, out, split_seed, validation_fraction);
    cifar_free(&c);
    return status_in(outcome, "preparing CIFAR-10");
}

static const import_key keys[] = {
    {.name = "source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .needed = true,
     .letter = 'i',
     .help = "the .tar.gz archive, or a folder with the .bin, .bin.xz or .bin.gz files"},
    {.name = "seed",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "1",
     .high = INT_MAX,
     .letter = 'r',
     .help = "of the choice of validation images; default 1"},
    {.name = "validation",
     .value = "FRACTION",
     .type = IMPORT_NUMBER,
     .fallback = "0.2",
     .low = 1e-4,
     .high = 0.9999,
     .help = "part of the 50,000 training images; default 0.2"},
    IMPORT_KEYS_END,
};

static status run(const import_request *r)
{
    return import_cifar10(import_text(r, "source"), r->output, (uint64_t)import_integer(r, "seed"),
                          import_number(r, "validation"));
}

const importer importer_cifar10 = {
    .name = "cifar10",
    .summary = "the binary version of CIFAR-10: 32x32 colour images, 10 classes",
    .details = "The test batch is the test split.\n",
    .keys = keys,
    .run = run,
};
