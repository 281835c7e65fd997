/* The importer "idx": MNIST and data sets in its format. */
#include <limits.h>
#include <string.h>

#include "core/data/archive.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/import_arrays.h"

enum { MAX_PATH = 4096 };

static const import_key keys[] = {
    {.name = "source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .letter = 'i',
     .help = "a folder with train-images-idx3-ubyte, ... as MNIST has them (or .gz, .xz)"},
    {.name = "images", .value = "FILE", .type = IMPORT_PATH, .help = "instead of --source: the samples"},
    {.name = "labels", .value = "FILE", .type = IMPORT_PATH, .help = "... and their labels"},
    ARRAY_KEYS,
    DIVISION_KEYS,
    IMPORT_KEYS_END,
};

/* The files of one split in the folder; *there = false when it has none of them. */
static status find_pair(bool *there, char *images, char *labels, const char *folder, const char *images_name,
                        const char *labels_name)
{
    status found = archive_find(images, MAX_PATH, folder, images_name);
    *there = !failed(found);
    return *there ? archive_find(labels, MAX_PATH, folder, labels_name) : status_ok();
}

enum { FILES = 4 };

/* paths: where the files are; borrowed by the job. */
static status find_parts(array_job *job, char paths[FILES][MAX_PATH], const char *folder)
{
    bool train, test;
    TRY(find_pair(&train, paths[0], paths[1], folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte"));
    TRY(find_pair(&test, paths[2], paths[3], folder, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"));
    if (!train && !test)
        return status_fail(STATUS_DATA,
                           "%.300s has neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte (also with .gz or "
                           ".xz); for other names say --images FILE --labels FILE",
                           folder);
    if (train) job->parts[job->part_count++] = (array_part){paths[0], NULL, paths[1], NULL, DIVISION_OPEN};
    /* Without training images the test images are all there is. */
    if (test)
        job->parts[job->part_count++] =
            (array_part){paths[2], NULL, paths[3], NULL, train ? SPLIT_TEST : DIVISION_OPEN};
    job->source = folder;
    return status_ok();
}

static status import_folder(const import_request *r, array_job *job)
{
    char paths[FILES][MAX_PATH];
    TRY(import_ranks_agree(import_who(r), find_parts(job, paths, import_text(r, "source"))));
    return import_arrays(job);
}

static status run(const import_request *r)
{
    array_job job = {.open = idx_open, .request = r};
    bool source = import_given(r, "source"), images = import_given(r, "images"), labels = import_given(r, "labels");
    if (source == images || images != labels)
        return status_fail(STATUS_CONFIG,
                           "prepare: idx needs --source FOLDER, or --images FILE together with --labels FILE");
    if (source) return import_folder(r, &job);
    job.source = import_text(r, "images");
    job.parts[job.part_count++] = (array_part){job.source, NULL, import_text(r, "labels"), NULL, DIVISION_OPEN};
    return import_arrays(&job);
}

const importer importer_idx = {
    .name = "idx",
    .summary = "MNIST, and other data in its format",
    .details =
        "Of the training files, --validation is drawn class by class for validation; the t10k files are the test\n"
        "split. Where only one pair of files is given, --test is drawn as well.\n",
    .keys = keys,
    .shared = true,
    .run = run,
};
