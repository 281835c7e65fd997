#include "core/data/import/import_speech_commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/archive.h"
#include "core/base/checksum.h"
#include "core/data/dataset.h"
#include "core/data/import/import_speech_audio.h"
#include "core/data/import/speech_clips.h"
#include "core/data/prepared.h"

enum { FRAMES = 49, COEFFICIENTS = 10, SAMPLE_BYTES = FRAMES * COEFFICIENTS, RECORD_BYTES = 1 + SAMPLE_BYTES };
enum {
    CLASSES = SPEECH_CLASSES,
    MAX_PATH = 4096,
    MAX_FILE_BYTES = 1 << 27
}; /* 270,000 records; the whole set has 105,829 clips */

static const char *const file_names[SPLIT_COUNT] = {"train.bin", "val.bin", "test.bin"};

typedef struct {
    uint8_t *raw[SPLIT_COUNT]; /* owned: (records, RECORD_BYTES) of each file */
    int records[SPLIT_COUNT], count;
    int8_t *samples; /* (count, FRAMES, COEFFICIENTS, 1) */
    int32_t *labels; /* (count) */
    uint8_t *split;  /* (count) */
    char checksum[CHECKSUM_TEXT];
} speech;

static void speech_free(speech *s)
{
    for (int i = 0; i < SPLIT_COUNT; i++) free(s->raw[i]);
    free(s->samples);
    free(s->labels);
    free(s->split);
}

static status check_records(const uint8_t *raw, size_t size, const char *path)
{
    if (size == 0 || size % RECORD_BYTES != 0)
        return status_fail(STATUS_DATA,
                           "%s: %zu bytes are not a whole number of records of %d: the file is incomplete or "
                           "something else",
                           path, size, RECORD_BYTES);
    int counts[CLASSES] = {0};
    for (size_t r = 0; r < size / RECORD_BYTES; r++) {
        int label = raw[r * RECORD_BYTES];
        if (label >= CLASSES)
            return status_fail(STATUS_DATA, "%s: record %zu (counted from 0) has label %d; the classes are 0 to %d",
                               path, r, label, CLASSES - 1);
        counts[label]++;
    }
    for (int k = 0; k < CLASSES; k++)
        if (counts[k] == 0)
            return status_fail(STATUS_DATA, "%s: no record of class %d (%s)", path, k, speech_class_names[k]);
    return status_ok();
}

static status read_files(speech *s, const char *folder)
{
    checksum sum = checksum_begin();
    status outcome = status_ok();
    for (int i = 0; i < SPLIT_COUNT; i++) {
        char path[MAX_PATH];
        size_t size = 0;
        outcome = archive_find(path, sizeof path, folder, file_names[i]);
        if (!failed(outcome)) outcome = archive_read_file(&s->raw[i], &size, path, MAX_FILE_BYTES);
        if (!failed(outcome)) outcome = check_records(s->raw[i], size, path);
        if (failed(outcome)) break;
        checksum_add(&sum, s->raw[i], size);
        s->records[i] = (int)(size / RECORD_BYTES);
        s->count += s->records[i];
    }
    status summed = checksum_end(&sum, s->checksum); /* also frees the sum after a failure */
    return failed(outcome) ? outcome : summed;
}

static status convert(speech *s)
{
    s->samples = malloc((size_t)s->count * SAMPLE_BYTES);
    s->labels = malloc((size_t)s->count * sizeof *s->labels);
    s->split = malloc((size_t)s->count);
    if (s->samples == NULL || s->labels == NULL || s->split == NULL)
        return status_fail(STATUS_MEMORY, "no memory for %d records", s->count);
    size_t n = 0;
    for (int i = 0; i < SPLIT_COUNT; i++)
        for (int r = 0; r < s->records[i]; r++, n++) {
            const uint8_t *record = s->raw[i] + (size_t)r * RECORD_BYTES;
            s->labels[n] = record[0];
            s->split[n] = (uint8_t)i;
            memcpy(s->samples + n * SAMPLE_BYTES, record + 1, SAMPLE_BYTES);
        }
    return status_ok();
}

static status import(speech *s, const char *folder, const char *out)
{
    TRY(read_files(s, folder));
    TRY(convert(s));
    char source[400];
    prepared_source(source, sizeof source, "Speech Commands v2 features (49x10, int8)", folder);
    return prepared_write(out, &(prepared){.name = "speech-commands-12",
                                           .source = source,
                                           .source_checksum = s->checksum,
                                           .height = FRAMES,
                                           .width = COEFFICIENTS,
                                           .channels = 1,
                                           .classes = CLASSES,
                                           .count = s->count,
                                           .is_signed = 1,
                                           .scale = 1.0f,
                                           .samples = s->samples,
                                           .labels = s->labels,
                                           .split = s->split,
                                           .class_names = speech_class_names,
                                           .split_seed = 0, /* the source decides */
                                           .validation_fraction = prepared_validation_fraction(s->split, s->count)});
}

status import_speech_commands(const char *features_dir, const char *out)
{
    speech s = {.count = 0};
    status outcome = import(&s, features_dir, out);
    speech_free(&s);
    return status_in(outcome, "preparing Speech Commands");
}

static const import_key keys[] = {
    {.name = "source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .letter = 'i',
     .help = "speech_commands_v0.02.tar.gz, or the folder that it was unpacked to"},
    {.name = "test-source",
     .value = "PATH",
     .type = IMPORT_PATH,
     .help = "speech_commands_test_set_v0.02.tar.gz, likewise; default: the files of testing_list.txt"},
    {.name = "copies",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "0",
     .high = 100,
     .help = "of each training clip, shifted in time and with background noise; default 0"},
    {.name = "seed",
     .value = "N",
     .type = IMPORT_INTEGER,
     .fallback = "1",
     .high = INT_MAX,
     .letter = 'r',
     .help = "of the copies; default 1"},
    {.name = "skip-bad", .type = IMPORT_SWITCH, .help = "leave out files that cannot be read, and count them"},
    {.name = "name", .value = "TEXT", .type = IMPORT_TEXT, .help = "of the data set; default speech-commands-12"},
    {.name = "features",
     .value = "DIR",
     .type = IMPORT_PATH,
     .letter = 'f',
     .help = "instead of --source: a folder with train.bin, val.bin, test.bin (or .xz) of ready features"},
    IMPORT_KEYS_END,
};

static status run(const import_request *r)
{
    bool source = import_given(r, "source"), features = import_given(r, "features");
    if (source == features)
        return status_fail(STATUS_CONFIG, "prepare: speech_commands needs --source PATH or --features DIR");
    if (source) return import_speech_audio(r);
    if (import_given(r, "test-source") || import_given(r, "copies"))
        return status_fail(STATUS_CONFIG, "prepare: --test-source and --copies need --source, the sounds themselves");
    return import_who(r)->rank == 0 ? import_speech_commands(import_text(r, "features"), r->output) : status_ok();
}

const importer importer_speech_commands = {
    .name = "speech_commands",
    .summary = "keywords of Google Speech Commands v0.02: 49x10 MFCCs, 12 classes",
    .details =
        "Splits are those of the official lists, with windows of the background sounds as silence and all other\n"
        "words as unknown: train with class_weights = true.\n",
    .keys = keys,
    .shared = true,
    .run = run,
};
