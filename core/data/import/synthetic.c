#include "core/data/import/synthetic.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/checksum.h"
#include "core/data/dataset.h"
#include "core/data/import/digit_image.h"
#include "core/data/import/importer.h"
#include "core/data/prepared.h"

enum { DIGITS = 10, MAX_IMAGES = 1 << 20, SPLIT_BITS = 28 };

static const char *const class_names[DIGITS] = {"zero", "one", "two",   "three", "four",
                                                "five", "six", "seven", "eight", "nine"};

typedef struct {
    int count;
    uint8_t *images; /* (count, DIGIT_SIDE, DIGIT_SIDE, DIGIT_CHANNELS) */
    int32_t *labels; /* (count) */
    uint8_t *split;  /* (count) */
} album;

/* The number of a sample holds its split and its place there: a longer training split leaves the test images as they
 * were. */
static void draw_album(album *a, uint64_t seed, const int sizes[SPLIT_COUNT])
{
    int i = 0;
    for (int s = 0; s < SPLIT_COUNT; s++)
        for (int k = 0; k < sizes[s]; k++, i++) {
            a->labels[i] = k % DIGITS;
            a->split[i] = (uint8_t)s;
            digit_image_draw(a->images + (size_t)i * DIGIT_BYTES, k % DIGITS, seed,
                             (uint32_t)s << SPLIT_BITS | (uint32_t)k);
        }
}

/* The drawing stands for the raw source, so its checksum is that of the images, then the labels. */
static status checksum_album(char text[CHECKSUM_TEXT], const album *a)
{
    checksum sum = checksum_begin();
    checksum_add(&sum, a->images, (size_t)a->count * DIGIT_BYTES);
    checksum_add_int32(&sum, a->labels, (size_t)a->count);
    return checksum_end(&sum, text);
}

static status write_album(const char *out, const album *a, uint64_t seed, const int sizes[SPLIT_COUNT])
{
    char source[128], source_checksum[CHECKSUM_TEXT];
    snprintf(source, sizeof source, "drawn by bitfront from seed %llu", (unsigned long long)seed);
    TRY(checksum_album(source_checksum, a));
    int train = sizes[SPLIT_TRAIN], validation = sizes[SPLIT_VALIDATION];
    return prepared_write(out, &(prepared){.name = "synthetic-digits",
                                           .source = source,
                                           .source_checksum = source_checksum,
                                           .height = DIGIT_SIDE,
                                           .width = DIGIT_SIDE,
                                           .channels = DIGIT_CHANNELS,
                                           .classes = DIGITS,
                                           .count = a->count,
                                           .scale = 1.0f / 255.0f,
                                           .samples = a->images,
                                           .labels = a->labels,
                                           .split = a->split,
                                           .class_names = class_names,
                                           .split_seed = seed,
                                           .validation_fraction = (double)validation / (train + validation)});
}

status synthetic_prepare(const char *out, uint64_t seed, int train, int validation, int test)
{
    const int sizes[SPLIT_COUNT] = {train, validation, test};
    for (int s = 0; s < SPLIT_COUNT; s++)
        if (sizes[s] < 1 || sizes[s] > MAX_IMAGES)
            return status_fail(STATUS_CONFIG, "%d %s images asked for; 1 to %d are possible", sizes[s],
                               (const char *const[]){"training", "validation", "test"}[s], MAX_IMAGES);
    album a = {.count = train + validation + test};
    a.images = malloc((size_t)a.count * DIGIT_BYTES);
    a.labels = malloc((size_t)a.count * sizeof *a.labels);
    a.split = malloc((size_t)a.count);
    status outcome = status_ok();
    if (a.images == NULL || a.labels == NULL || a.split == NULL) {
        outcome = status_fail(STATUS_MEMORY, "no memory for %d images", a.count);
    } else {
        draw_album(&a, seed, sizes);
        outcome = write_album(out, &a, seed, sizes);
    }
    free(a.images);
    free(a.labels);
    free(a.split);
    return status_in(outcome, "drawing the synthetic data set");
}

static const import_key keys[] = {
    {.name = "seed",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "1",
     .high = INT_MAX,
     .letter = 'r',
     .help = "of everything that is drawn; default 1"},
    {.name = "train",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "8000",
     .low = 1,
     .high = MAX_IMAGES,
     .help = "training images; default 8000"},
    {.name = "validation",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "2000",
     .low = 1,
     .high = MAX_IMAGES,
     .help = "validation images; default 2000"},
    {.name = "test",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "2000",
     .low = 1,
     .high = MAX_IMAGES,
     .help = "test images; default 2000"},
    IMPORT_KEYS_END,
};

static status run(const import_request *r)
{
    return synthetic_prepare(r->output, (uint64_t)import_integer(r, "seed"), (int)import_integer(r, "train"),
                             (int)import_integer(r, "validation"), (int)import_integer(r, "test"));
}

const importer importer_synthetic = {
    .name = "synthetic",
    .summary = "32x32 colour images of digits, drawn by the program; for the demo and the tests",
    .details = "The same seed gives the same bytes on every machine.\n",
    .keys = keys,
    .run = run,
};
