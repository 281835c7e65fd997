/* The importer "npy": NumPy arrays. */
#include <limits.h>
#include <string.h>

#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/import_arrays.h"

static const import_key keys[] = {
    {.name = "source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .letter = 'i',
     .help = "an .npz with the arrays x_train, y_train (and x_test, y_test), or x, y"},
    {.name = "images", .value = "FILE", .type = IMPORT_PATH, .help = "instead of --source: the samples"},
    {.name = "labels", .value = "FILE", .type = IMPORT_PATH, .help = "... and their labels"},
    {.name = "test-images", .value = "FILE", .type = IMPORT_PATH, .help = "samples of the test split"},
    {.name = "test-labels", .value = "FILE", .type = IMPORT_PATH, .help = "... and their labels"},
    {.name = "channels-first", .type = IMPORT_SWITCH, .help = "samples are (N, channels, height, width)"},
    {.name = "limit",
     .value = "X",
     .type = IMPORT_NUMBER,
     .low = 1e-12,
     .high = 1e12,
     .help = "float samples: this value becomes the largest of the 8-bit codes"},
    {.name = "signed", .type = IMPORT_SWITCH, .help = "float samples: from -X to X instead of 0 to X"},
    ARRAY_KEYS,
    DIVISION_KEYS,
    IMPORT_KEYS_END,
};

/* Names that arrays of a split may have, the usual ones first. */
typedef struct {
    const char *images, *labels;
    uint8_t mark;
} name_pair;

static const name_pair pairs[] = {
    {"x_train", "y_train", DIVISION_OPEN},
    {"train_images", "train_labels", DIVISION_OPEN},
    {"x", "y", DIVISION_OPEN},
    {"images", "labels", DIVISION_OPEN},
    {"x_val", "y_val", SPLIT_VALIDATION},
    {"val_images", "val_labels", SPLIT_VALIDATION},
    {"x_test", "y_test", SPLIT_TEST},
    {"test_images", "test_labels", SPLIT_TEST},
};

static bool has_mark(const array_job *job, uint8_t mark)
{
    for (int p = 0; p < job->part_count; p++)
        if (job->parts[p].mark == mark) return true;
    return false;
}

static status find_parts(array_job *job, const char *path)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool images, labels;
        TRY(npy_has(&images, path, pairs[i].images));
        if (!images || has_mark(job, pairs[i].mark)) continue;
        TRY(npy_has(&labels, path, pairs[i].labels));
        if (!labels)
            return status_fail(STATUS_DATA, "%.300s has the array %s, but no %s", path, pairs[i].images,
                               pairs[i].labels);
        job->parts[job->part_count++] = (array_part){path, pairs[i].images, path, pairs[i].labels, pairs[i].mark};
    }
    if (!has_mark(job, DIVISION_OPEN))
        return status_fail(STATUS_DATA,
                           "%.300s has no array to train on: x_train with y_train, train_images with train_labels, x "
                           "with y, or images with labels",
                           path);
    /* With a validation split of its own, all of what else is there trains. */
    for (int p = 0; p < job->part_count; p++)
        if (job->parts[p].mark == DIVISION_OPEN && has_mark(job, SPLIT_VALIDATION) && has_mark(job, SPLIT_TEST))
            job->parts[p].mark = SPLIT_TRAIN;
    return status_ok();
}

static status import_npz(const import_request *r, array_job *job)
{
    job->source = import_text(r, "source");
    if (!npy_is_zip(job->source))
        return status_fail(STATUS_DATA, "%.300s is not an .npz; for .npy files say --images FILE --labels FILE",
                           job->source);
    TRY(import_ranks_agree(import_who(r), find_parts(job, job->source)));
    return import_arrays(job);
}

static status run(const import_request *r)
{
    array_job job = {.open = npy_open, .request = r, .channels_first = import_switch(r, "channels-first")};
    if (import_given(r, "limit")) job.limit = import_number(r, "limit");
    bool source = import_given(r, "source"), images = import_given(r, "images"), tests = import_given(r, "test-images");
    if (source == images || images != import_given(r, "labels") || tests != import_given(r, "test-labels") ||
        (source && tests))
        return status_fail(STATUS_CONFIG,
                           "prepare: npy needs --source FILE.npz, or --images FILE.npy together with --labels FILE.npy "
                           "(and then both of --test-images and --test-labels, or neither)");
    if (source) return import_npz(r, &job);
    job.source = import_text(r, "images");
    job.parts[job.part_count++] = (array_part){job.source, NULL, import_text(r, "labels"), NULL, DIVISION_OPEN};
    if (tests)
        job.parts[job.part_count++] =
            (array_part){import_text(r, "test-images"), NULL, import_text(r, "test-labels"), NULL, SPLIT_TEST};
    return import_arrays(&job);
}

const importer importer_npy = {
    .name = "npy",
    .summary = "NumPy arrays (.npy or .npz): samples (N, height, width[, channels]), labels (N)",
    .details =
        "uint8 samples are images: 0 to 255 stand for 0 to 1. int8 samples stand for themselves. Floats become 8\n"
        "bits with --limit. --validation (and --test, without arrays for it) are drawn class by class.\n",
    .keys = keys,
    .shared = true,
    .run = run,
};
