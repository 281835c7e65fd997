/* links: core_data */
/* CIFAR-10 from a folder, from compressed files and from the archive gives the same images, Speech Commands features
 * come through unchanged; what is wrong with a source is said by name. Stand-in sources are made here: for CIFAR-10 one
 * batch file with balanced labels and six names for it. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/import/import_cifar10.h"
#include "core/data/import/import_speech_commands.h"
#include "tests/support/scratch.h"

enum { RECORDS = 10000, PLANE = 1024, RECORD_BYTES = 3073, BATCH_BYTES = RECORDS * RECORD_BYTES };

static const char *const batch_names[6] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                           "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
static scratch place;
static uint8_t *batch; /* (RECORDS, RECORD_BYTES): label i mod 10, else a pattern of record, channel and pixel */

static void expect_ok(status s)
{
    if (failed(s)) fail_msg("%s", s.message);
}

/* The import must fail with these words and leave nothing at the output path. */
static void expect_refusal(const char *source, double fraction, status_code code, const char *first, const char *second)
{
    const char *out = scratch_file(&place, "refused.h5");
    status s = import_cifar10(source, out, 1, fraction);
    if (s.code != code) fail_msg("code %d for \"%s\"", (int)s.code, s.message);
    if (strstr(s.message, first) == NULL) fail_msg("\"%s\" does not say \"%s\"", s.message, first);
    if (strstr(s.message, second) == NULL) fail_msg("\"%s\" does not say \"%s\"", s.message, second);
    assert_false(file_exists(out));
    assert_false(file_exists(scratch_file(&place, "refused.h5.tmp")));
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    unlink(path); /* it may be a symbolic link */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* A folder in which all six names lead to the stand-in batch. */
static const char *make_folder(const char *name)
{
    const char *folder = scratch_file(&place, name);
    expect_ok(file_make_directory(folder));
    for (int b = 0; b < 6; b++) run("ln -s '%s/batch.bin' '%s/%s'", place.path, folder, batch_names[b]);
    return folder;
}

static uint8_t pattern(int record, int channel, int pixel)
{
    return (uint8_t)(record * 7 + channel * 85 + pixel * 3 + pixel / 256);
}

static int make(void **state)
{
    (void)state;
    place = scratch_make();
    batch = malloc(BATCH_BYTES);
    if (batch == NULL) return -1;
    for (int r = 0; r < RECORDS; r++) {
        uint8_t *record = batch + (size_t)r * RECORD_BYTES;
        record[0] = (uint8_t)(r % 10);
        for (int k = 0; k < 3; k++)
            for (int p = 0; p < PLANE; p++) record[1 + k * PLANE + p] = pattern(r, k, p);
    }
    write_file(scratch_file(&place, "batch.bin"), batch, BATCH_BYTES);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    free(batch);
    scratch_remove(&place);
    return 0;
}

static void *load(const char *path)
{
    size_t bytes;
    expect_ok(dataset_measure(&bytes, path));
    void *block = malloc(bytes);
    assert_non_null(block);
    expect_ok(dataset_load(block, bytes, path));
    return block;
}

static void check_images(const dataset *data)
{
    const uint8_t *images = data->samples;
    for (int i = 0; i < 60000; i += 377) {
        assert_int_equal(data->labels[i], i % RECORDS % 10);
        for (int p = 0; p < PLANE; p++)
            for (int k = 0; k < 3; k++)
                assert_int_equal(images[((size_t)i * PLANE + p) * 3 + k], pattern(i % RECORDS, k, p));
    }
}

/* Validation images are spread over the five training batches like a random choice; the test batch stays apart. */
static void check_split(const dataset *data, int validation)
{
    assert_int_equal(data->split_count[SPLIT_TRAIN], 50000 - validation);
    assert_int_equal(data->split_count[SPLIT_VALIDATION], validation);
    assert_int_equal(data->split_count[SPLIT_TEST], 10000);
    assert_int_equal(data->split_index[SPLIT_TEST][0], 50000);
    int in_batch[5] = {0};
    for (int i = 0; i < validation; i++) in_batch[data->split_index[SPLIT_VALIDATION][i] / 10000]++;
    for (int b = 0; b < 5; b++) assert_in_range(in_batch[b], validation / 5 - 200, validation / 5 + 200); /* 5 sigma */
}

static int common_validation_images(const dataset *a, const dataset *b)
{
    int common = 0, i = 0, j = 0;
    while (i < a->split_count[SPLIT_VALIDATION] && j < b->split_count[SPLIT_VALIDATION]) {
        int32_t left = a->split_index[SPLIT_VALIDATION][i], right = b->split_index[SPLIT_VALIDATION][j];
        common += left == right;
        i += left <= right;
        j += right <= left;
    }
    return common;
}

/* One test for three imports, because each takes seconds: a folder; the official archive; the folder that holds its
 * folder, with one file as .xz and one as .gz, and another seed and fraction. */
static void test_every_packing_gives_the_same_images_and_the_seed_chooses_the_split(void **state)
{
    (void)state;
    const char *folder = make_folder("cifar-10-batches-bin");
    run("cd '%s' && tar -chzf cifar-10-binary.tar.gz --hard-dereference cifar-10-batches-bin", place.path);
    const char *archive = scratch_file(&place, "cifar-10-binary.tar.gz");
    const char *a = scratch_file(&place, "a.h5"), *b = scratch_file(&place, "b.h5"), *c = scratch_file(&place, "c.h5");
    expect_ok(import_cifar10(folder, a, 1, 0.2));
    expect_ok(import_cifar10(archive, b, 1, 0.2));
    run("cd '%s' && mkdir mixed && mv cifar-10-batches-bin mixed/ && cd mixed/cifar-10-batches-bin && "
        "xz -0 <data_batch_2.bin >data_batch_2.bin.xz && gzip -1 <test_batch.bin >test_batch.bin.gz && "
        "rm data_batch_2.bin test_batch.bin",
        place.path);
    expect_ok(import_cifar10(scratch_file(&place, "mixed"), c, 8, 0.1));

    void *blocks[3] = {load(a), load(b), load(c)};
    dataset data[3];
    for (int i = 0; i < 3; i++) {
        data[i] = dataset_attach(blocks[i]);
        assert_int_equal(data[i].count, 60000);
        assert_int_equal(data[i].classes, 10);
        assert_string_equal(data[i].class_names + 9 * DATASET_NAME, "truck");
        assert_true(data[i].height == 32 && data[i].width == 32 && data[i].channels == 3);
        assert_true(data[i].scale == 1.0f / 255.0f);
        assert_memory_equal(data[i].source_checksum, "sha256:", 7);
        assert_string_equal(data[i].source_checksum, data[0].source_checksum);
        check_images(&data[i]);
        check_split(&data[i], i == 2 ? 5000 : 10000);
    }
    assert_int_equal(common_validation_images(&data[0], &data[1]), 10000);
    assert_in_range(common_validation_images(&data[0], &data[2]), 1000 - 150, 1000 + 150); /* 5000 * 10000 / 50000 */
    for (int i = 0; i < 3; i++) free(blocks[i]);

    /* The archive cut in half must not pass for a smaller archive. */
    run("head -c $(($(stat -c %%s '%s') / 2)) '%s' >'%s/half.tar.gz'", archive, archive, place.path);
    expect_refusal(scratch_file(&place, "half.tar.gz"), 0.2, STATUS_DATA, "half.tar.gz", "incomplete");
}

static void test_a_missing_batch_is_named_with_its_place(void **state)
{
    (void)state;
    const char *folder = make_folder("missing");
    run("rm '%s/data_batch_4.bin'", folder);
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_4.bin is missing", folder);
    run("cd '%s' && tar -cf nothing.tar missing/test_batch.bin --dereference", place.path);
    expect_refusal(scratch_file(&place, "nothing.tar"), 0.2, STATUS_DATA, "data_batch_1.bin is missing", "nothing.tar");
    expect_refusal(scratch_file(&place, "nowhere"), 0.2, STATUS_IO, "nowhere", "does not exist");
}

static void test_a_batch_of_the_wrong_size_is_refused_with_both_sizes(void **state)
{
    (void)state;
    const char *folder = make_folder("short");
    write_file(scratch_file(&place, "short/data_batch_1.bin"), batch, 3 * RECORD_BYTES);
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_1.bin: 9219 bytes", "30730000");
    write_file(scratch_file(&place, "short/data_batch_1.bin"), "", 0);
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_1.bin", "is empty");
    run("cd '%s/short' && rm data_batch_1.bin && head -c 1000000 data_batch_2.bin | xz -0 | head -c 3000 "
        ">data_batch_1.bin.xz",
        place.path);
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_1.bin.xz", "incomplete");
    run("cd '%s/short' && rm data_batch_1.bin.xz && cat data_batch_2.bin data_batch_2.bin data_batch_2.bin "
        ">data_batch_1.bin",
        place.path);
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_1.bin", "larger than expected");
}

static void test_a_wrong_label_is_refused_with_its_record(void **state)
{
    (void)state;
    const char *folder = make_folder("label");
    batch[(size_t)1234 * RECORD_BYTES] = 10;
    write_file(scratch_file(&place, "label/data_batch_1.bin"), batch, BATCH_BYTES);
    batch[(size_t)1234 * RECORD_BYTES] = 1234 % 10;
    expect_refusal(folder, 0.2, STATUS_DATA, "data_batch_1.bin: record 1234", "label 10");
}

static void test_wrong_class_counts_are_refused(void **state)
{
    (void)state;
    const char *folder = make_folder("counts");
    batch[0] = 3;
    write_file(scratch_file(&place, "counts/data_batch_5.bin"), batch, BATCH_BYTES);
    expect_refusal(folder, 0.2, STATUS_DATA, "class 0 (airplane) has 4999 training", "instead of 5000");
    run("cd '%s/counts' && mv data_batch_5.bin test_batch.bin && cp data_batch_1.bin data_batch_5.bin", place.path);
    expect_refusal(folder, 0.2, STATUS_DATA, "class 0 (airplane) has 999 test", "instead of 1000");
    batch[0] = 0;
}

static void test_a_source_of_another_kind_is_refused(void **state)
{
    (void)state;
    write_file(scratch_file(&place, "letter.txt"), "hello", 5);
    expect_refusal(scratch_file(&place, "letter.txt"), 0.2, STATUS_DATA, "letter.txt",
                   "is not a .zip, .tar, .tar.gz or .tar.xz archive");
    const char *folder = make_folder("fraction");
    expect_refusal(folder, 0.0, STATUS_CONFIG, "validation fraction 0", "between 0 and 1");
    expect_refusal(folder, 1.0, STATUS_CONFIG, "validation fraction 1", "between 0 and 1");
}

/* sha256 over data_batch_1.bin ... data_batch_5.bin, test_batch.bin of the original, one after another. */
static const char original[] = "sha256:013ba16d14ecc4829da62bf2af648ca30f600491ecb3e7f329c827db0dd17522";

static void test_the_real_cifar10(void **state)
{
    (void)state;
    const char *source = "../shared/data/cifar10";
    if (!file_exists(source)) {
        print_message("skipped: %s is not here, so the real CIFAR-10 is not checked\n", source);
        skip();
    }
    const char *out = scratch_file(&place, "cifar10.h5");
    expect_ok(import_cifar10(source, out, 14, 0.2));
    void *block = load(out);
    dataset data = dataset_attach(block);
    assert_string_equal(data.source_checksum, original);
    /* The first images of the original: a frog in data_batch_1, a cat in test_batch. */
    assert_int_equal(data.labels[0], 6);
    assert_int_equal(data.labels[50000], 3);
    free(block);
}

/* The stand-in for Speech Commands: 3, 1 and 2 records of each class. */
enum { SPEECH_RECORD = 491, SPEECH_CLASSES = 12 };

static const char *const speech_names[3] = {"train.bin", "val.bin", "test.bin"};
static const int speech_records[3] = {3 * SPEECH_CLASSES, SPEECH_CLASSES, 2 * SPEECH_CLASSES};

static const char *make_speech(const char *name)
{
    static uint8_t bytes[3 * SPEECH_CLASSES * SPEECH_RECORD];
    const char *folder = scratch_file(&place, name);
    expect_ok(file_make_directory(folder));
    for (int f = 0; f < 3; f++) {
        for (int r = 0; r < speech_records[f]; r++) {
            bytes[r * SPEECH_RECORD] = (uint8_t)(r % SPEECH_CLASSES);
            for (int i = 1; i < SPEECH_RECORD; i++) bytes[r * SPEECH_RECORD + i] = (uint8_t)(f * 90 + r * 5 + i);
        }
        char file[64];
        snprintf(file, sizeof file, "%s/%s", name, speech_names[f]);
        write_file(scratch_file(&place, file), bytes, (size_t)speech_records[f] * SPEECH_RECORD);
    }
    return folder;
}

static void test_speech_files_become_the_three_splits(void **state)
{
    (void)state;
    const char *folder = make_speech("speech"), *out = scratch_file(&place, "speech.h5");
    run("xz -0 '%s/val.bin'", folder);
    expect_ok(import_speech_commands(folder, out));
    void *block = load(out);
    dataset data = dataset_attach(block);
    assert_true(data.height == 49 && data.width == 10 && data.channels == 1 && data.classes == 12);
    assert_true(data.is_signed == 1 && data.scale == 1.0f);
    assert_string_equal(data.class_names + 10 * DATASET_NAME, "silence");
    const int8_t *samples = data.samples;
    for (int f = 0; f < 3; f++) {
        assert_int_equal(data.split_count[f], speech_records[f]);
        for (int r = 0; r < speech_records[f]; r++) {
            int n = data.split_index[f][r];
            assert_int_equal(data.labels[n], r % SPEECH_CLASSES);
            for (int i = 1; i < SPEECH_RECORD; i++)
                assert_int_equal(samples[n * 490 + i - 1], (int8_t)(uint8_t)(f * 90 + r * 5 + i));
        }
    }
    free(block);
}

static void expect_speech_refusal(const char *folder, const char *first, const char *second)
{
    const char *out = scratch_file(&place, "refused.h5");
    status s = import_speech_commands(folder, out);
    assert_int_equal(s.code, STATUS_DATA);
    if (strstr(s.message, first) == NULL || strstr(s.message, second) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", s.message, first, second);
    assert_false(file_exists(out));
}

static void test_wrong_speech_files_are_refused(void **state)
{
    (void)state;
    const char *folder = make_speech("wrong-speech");
    run("truncate -s -1 '%s/val.bin'", folder);
    expect_speech_refusal(folder, "val.bin: 5891 bytes", "records of 491");
    run("truncate -s -490 '%s/val.bin'", folder);
    expect_speech_refusal(folder, "val.bin: no record of class 11", "unknown");
    run("printf '\\014' | dd of='%s/val.bin' bs=1 seek=982 conv=notrunc status=none", folder);
    expect_speech_refusal(folder, "val.bin: record 2", "label 12");
    run("rm '%s/val.bin'", folder);
    expect_speech_refusal(folder, "val.bin is missing", folder);
}

static void test_the_real_speech_commands(void **state)
{
    (void)state;
    const char *source = "../shared/data/speech-commands-12";
    if (!file_exists(source)) {
        print_message("skipped: %s is not here, so the real Speech Commands are not checked\n", source);
        skip();
    }
    const char *out = scratch_file(&place, "speech-real.h5");
    expect_ok(import_speech_commands(source, out));
    void *block = load(out);
    dataset data = dataset_attach(block);
    assert_int_equal(data.split_count[SPLIT_TRAIN], 34604);
    assert_int_equal(data.split_count[SPLIT_VALIDATION], 4166);
    assert_int_equal(data.split_count[SPLIT_TEST], 4576);
    int silence = 0;
    for (int i = 0; i < data.split_count[SPLIT_TEST]; i++)
        silence += data.labels[data.split_index[SPLIT_TEST][i]] == 10;
    assert_int_equal(silence, 94);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_packing_gives_the_same_images_and_the_seed_chooses_the_split),
        cmocka_unit_test(test_a_missing_batch_is_named_with_its_place),
        cmocka_unit_test(test_a_batch_of_the_wrong_size_is_refused_with_both_sizes),
        cmocka_unit_test(test_a_wrong_label_is_refused_with_its_record),
        cmocka_unit_test(test_wrong_class_counts_are_refused),
        cmocka_unit_test(test_a_source_of_another_kind_is_refused),
        cmocka_unit_test(test_the_real_cifar10),
        cmocka_unit_test(test_speech_files_become_the_three_splits),
        cmocka_unit_test(test_wrong_speech_files_are_refused),
        cmocka_unit_test(test_the_real_speech_commands),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
