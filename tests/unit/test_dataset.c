/* links: core_data */
/* A prepared file comes back as it was written, at whatever address, and anything wrong in it is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/base/checksum.h"
#include "core/data/dataset.h"
#include "core/data/prepared.h"
#include "core/io/h5.h"
#include "tests/support/scratch.h"

enum { COUNT = 12, HEIGHT = 3, WIDTH = 5, CHANNELS = 2, CLASSES = 3, SAMPLE = HEIGHT * WIDTH * CHANNELS };

typedef struct {
    scratch place;
    uint8_t samples[COUNT * SAMPLE];
    int32_t labels[COUNT];
    uint8_t split[COUNT];
    prepared content;
} fixture;

static const char *const class_names[CLASSES] = {"apple", "pear", "plum"};

static int make(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->place = scratch_make();
    for (int i = 0; i < COUNT * SAMPLE; i++) f->samples[i] = (uint8_t)(i * 37 + 11);
    for (int i = 0; i < COUNT; i++) {
        f->labels[i] = i * 7 % CLASSES;
        f->split[i] = (uint8_t)(i % 4 == 1 ? SPLIT_VALIDATION : i % 4 == 3 ? SPLIT_TEST : SPLIT_TRAIN);
    }
    f->content = (prepared){.name = "fruit",
                            .source = "basket.bin",
                            .source_checksum = "sha256:00ff",
                            .height = HEIGHT,
                            .width = WIDTH,
                            .channels = CHANNELS,
                            .classes = CLASSES,
                            .count = COUNT,
                            .scale = 0.25f,
                            .samples = f->samples,
                            .labels = f->labels,
                            .split = f->split,
                            .class_names = class_names,
                            .split_seed = 9,
                            .validation_fraction = 1.0 / 3};
    *state = f;
    return 0;
}

static int unmake(void **state)
{
    fixture *f = *state;
    scratch_remove(&f->place);
    free(f);
    return 0;
}

static void expect_ok(status s)
{
    if (failed(s)) fail_msg("%s", s.message);
}

static void expect_failure(status s, status_code code, const char *part)
{
    assert_int_equal(s.code, code);
    if (strstr(s.message, part) == NULL) fail_msg("\"%s\" does not say \"%s\"", s.message, part);
}

static void *load(const char *path, size_t *bytes)
{
    expect_ok(dataset_measure(bytes, path));
    void *block = malloc(*bytes);
    assert_non_null(block);
    expect_ok(dataset_load(block, *bytes, path));
    return block;
}

/* What dataset_load says about the file. */
static status load_status(const char *path)
{
    size_t bytes;
    TRY(dataset_measure(&bytes, path));
    void *block = malloc(bytes);
    assert_non_null(block);
    status s = dataset_load(block, bytes, path);
    free(block);
    return s;
}

static void test_a_written_data_set_is_read_back(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    assert_false(file_exists(scratch_file(&f->place, "fruit.h5.tmp")));
    size_t bytes;
    void *block = load(path, &bytes);
    dataset data = dataset_attach(block);
    assert_string_equal(data.name, "fruit");
    assert_string_equal(data.source_checksum, "sha256:00ff");
    assert_memory_equal(data.content_checksum, "sha256:", 7);
    assert_int_equal(data.height, HEIGHT);
    assert_int_equal(data.width, WIDTH);
    assert_int_equal(data.channels, CHANNELS);
    assert_int_equal(data.classes, CLASSES);
    assert_int_equal(data.count, COUNT);
    assert_int_equal(data.is_signed, 0);
    assert_true(data.scale == 0.25f);
    assert_memory_equal(data.samples, f->samples, sizeof f->samples);
    assert_memory_equal(data.labels, f->labels, sizeof f->labels);
    for (int k = 0; k < CLASSES; k++) assert_string_equal(data.class_names + k * DATASET_NAME, class_names[k]);
    free(block);
}

static void test_splits_list_each_sample_once_in_increasing_order(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    size_t bytes;
    void *block = load(path, &bytes);
    dataset data = dataset_attach(block);
    int total = 0;
    for (int s = 0; s < SPLIT_COUNT; s++) {
        for (int k = 0; k < data.split_count[s]; k++) {
            assert_int_equal(f->split[data.split_index[s][k]], s);
            if (k > 0) assert_true(data.split_index[s][k] > data.split_index[s][k - 1]);
        }
        total += data.split_count[s];
    }
    assert_int_equal(total, COUNT);
    free(block);
}

static void test_the_block_can_be_mapped_at_another_address(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    size_t bytes;
    void *block = load(path, &bytes);
    void *other = malloc(bytes);
    assert_non_null(other);
    memcpy(other, block, bytes);
    memset(block, 0xAB, bytes);
    free(block);
    dataset data = dataset_attach(other);
    assert_memory_equal(data.samples, f->samples, sizeof f->samples);
    assert_memory_equal(data.labels, f->labels, sizeof f->labels);
    assert_int_equal(data.split_index[SPLIT_VALIDATION][0], 1);
    assert_int_equal(data.split_index[SPLIT_TEST][0], 3);
    assert_string_equal(data.class_names + DATASET_NAME, "pear");
    free(other);
}

static void test_signed_samples_keep_their_sign(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "signed.h5");
    f->content.is_signed = 1;
    expect_ok(prepared_write(path, &f->content));
    size_t bytes;
    void *block = load(path, &bytes);
    dataset data = dataset_attach(block);
    assert_int_equal(data.is_signed, 1);
    assert_memory_equal(data.samples, f->samples, sizeof f->samples);
    free(block);
}

static void test_every_data_set_says_unit_and_description(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    h5_id file;
    expect_ok(h5_open_read(&file, path));
    char **names, *text;
    size_t count;
    expect_ok(h5_list(&names, &count, file));
    assert_int_equal(count, 4);
    static const char *const attributes[] = {"unit", "description"};
    for (size_t i = 0; i < count; i++)
        for (int a = 0; a < 2; a++) {
            expect_ok(h5_get_text(&text, file, names[i], attributes[a]));
            assert_true(strlen(text) > 0);
            free(text);
        }
    free(names);
    expect_ok(h5_get_text(&text, file, "split", "legend"));
    assert_string_equal(text, "0 train, 1 validation, 2 test");
    free(text);
    expect_ok(h5_close(file));
}

static void test_equal_content_gives_equal_bytes(void **state)
{
    fixture *f = *state;
    char *first, *second;
    expect_ok(prepared_write(scratch_file(&f->place, "a.h5"), &f->content));
    expect_ok(prepared_write(scratch_file(&f->place, "b.h5"), &f->content));
    FILE *a = fopen(scratch_file(&f->place, "a.h5"), "rb"), *b = fopen(scratch_file(&f->place, "b.h5"), "rb");
    assert_non_null(a);
    assert_non_null(b);
    first = malloc(1 << 20);
    second = malloc(1 << 20);
    assert_true(first != NULL && second != NULL);
    size_t size = fread(first, 1, 1 << 20, a);
    assert_int_equal(fread(second, 1, 1 << 20, b), size);
    assert_true(size > COUNT * SAMPLE);
    assert_memory_equal(first, second, size);
    fclose(a);
    fclose(b);
    free(first);
    free(second);
}

/* The published example of FIPS 180-4 and its form after several pieces. */
static void test_checksum_is_sha256(void **state)
{
    (void)state;
    char text[CHECKSUM_TEXT];
    checksum sum = checksum_begin();
    checksum_add(&sum, "a", 1);
    checksum_add(&sum, "bc", 2);
    expect_ok(checksum_end(&sum, text));
    assert_string_equal(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    char numbers[CHECKSUM_TEXT];
    const int32_t values[2] = {0x64636261, -2};
    sum = checksum_begin();
    checksum_add_int32(&sum, values, 2);
    expect_ok(checksum_end(&sum, numbers));
    sum = checksum_begin();
    checksum_add(&sum, "abcd\xfe\xff\xff\xff", 8);
    expect_ok(checksum_end(&sum, text));
    assert_string_equal(numbers, text);
}

static void test_the_content_checksum_covers_samples_labels_and_split(void **state)
{
    fixture *f = *state;
    char original[CHECKSUM_TEXT], changed[CHECKSUM_TEXT];
    expect_ok(prepared_checksum(original, &f->content));
    f->samples[COUNT * SAMPLE - 1] ^= 1;
    expect_ok(prepared_checksum(changed, &f->content));
    assert_string_not_equal(original, changed);
    f->samples[COUNT * SAMPLE - 1] ^= 1;
    f->labels[COUNT - 1] ^= 1;
    expect_ok(prepared_checksum(changed, &f->content));
    assert_string_not_equal(original, changed);
    f->labels[COUNT - 1] ^= 1;
    f->split[COUNT - 1] ^= 1;
    expect_ok(prepared_checksum(changed, &f->content));
    assert_string_not_equal(original, changed);
}

/* Flips one bit of one sample, found in the file by its bytes (small data sets are stored as they are). */
static void test_a_changed_sample_is_noticed(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    size_t size = fread(bytes, 1, 1 << 20, file), at = 0;
    while (at + sizeof f->samples < size && memcmp(bytes + at, f->samples, sizeof f->samples) != 0) at++;
    assert_true(at + sizeof f->samples < size);
    fseek(file, (long)at + 17, SEEK_SET);
    fputc(bytes[at + 17] ^ 4, file);
    fclose(file);
    free(bytes);
    expect_failure(load_status(path), STATUS_DATA, "checksum");
}

static void test_a_truncated_file_is_refused(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (int eighth = 0; eighth < 8; eighth++) {
        file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(bytes, 1, size * (size_t)eighth / 8, file);
        fclose(file);
        expect_failure(load_status(path), STATUS_DATA, path);
    }
}

static void test_wrong_content_is_refused(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    f->labels[5] = CLASSES;
    expect_ok(prepared_write(path, &f->content));
    expect_failure(load_status(path), STATUS_DATA, "sample 5 has label 3");
    f->labels[5] = -1;
    expect_ok(prepared_write(path, &f->content));
    expect_failure(load_status(path), STATUS_DATA, "sample 5 has label -1");
    f->labels[5] = 0;

    f->split[7] = 3;
    expect_ok(prepared_write(path, &f->content));
    expect_failure(load_status(path), STATUS_DATA, "sample 7 has split 3");
    for (int i = 0; i < COUNT; i++) f->split[i] = i < 6 ? SPLIT_TRAIN : SPLIT_TEST;
    expect_ok(prepared_write(path, &f->content));
    expect_failure(load_status(path), STATUS_DATA, "validation split is empty");
}

static void test_a_file_that_is_not_a_data_set_is_refused(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "other.h5");
    expect_failure(load_status(path), STATUS_CONFIG, path);
    h5_id file;
    expect_ok(h5_create(&file, path));
    expect_ok(h5_set_text(file, ".", "format", "something else"));
    expect_ok(h5_close(file));
    expect_failure(load_status(path), STATUS_DATA, "not a prepared data set");
    expect_ok(h5_create(&file, path));
    expect_ok(h5_set_text(file, ".", "format", DATASET_FORMAT));
    expect_ok(h5_set_integer(file, ".", "format_version", DATASET_VERSION + 1));
    expect_ok(h5_close(file));
    expect_failure(load_status(path), STATUS_DATA, "version 2");
    expect_ok(file_write_text(path, "hello"));
    expect_failure(load_status(path), STATUS_DATA, path);
}

static void test_a_block_too_small_is_refused(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "fruit.h5");
    expect_ok(prepared_write(path, &f->content));
    size_t bytes;
    expect_ok(dataset_measure(&bytes, path));
    void *block = malloc(bytes);
    assert_non_null(block);
    expect_failure(dataset_load(block, bytes - 1, path), STATUS_DATA, "replaced");
    free(block);
}

static void test_a_failed_write_leaves_nothing_behind(void **state)
{
    fixture *f = *state;
    const char *path = scratch_file(&f->place, "missing/fruit.h5");
    expect_failure(prepared_write(path, &f->content), STATUS_IO, "missing/fruit.h5");

    const char *taken = scratch_file(&f->place, "taken");
    expect_ok(file_make_directory(scratch_file(&f->place, "taken/inside")));
    expect_failure(prepared_write(taken, &f->content), STATUS_CONFIG, "it is a directory");
}

static void test_basename_drops_directories_and_slashes(void **state)
{
    (void)state;
    char name[32];
    file_basename(name, sizeof name, "/data/cifar/cifar-10-binary.tar.gz");
    assert_string_equal(name, "cifar-10-binary.tar.gz");
    file_basename(name, sizeof name, "../shared/cifar10//");
    assert_string_equal(name, "cifar10");
    file_basename(name, sizeof name, "plain");
    assert_string_equal(name, "plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_written_data_set_is_read_back, make, unmake),
        cmocka_unit_test_setup_teardown(test_splits_list_each_sample_once_in_increasing_order, make, unmake),
        cmocka_unit_test_setup_teardown(test_the_block_can_be_mapped_at_another_address, make, unmake),
        cmocka_unit_test_setup_teardown(test_signed_samples_keep_their_sign, make, unmake),
        cmocka_unit_test_setup_teardown(test_every_data_set_says_unit_and_description, make, unmake),
        cmocka_unit_test_setup_teardown(test_equal_content_gives_equal_bytes, make, unmake),
        cmocka_unit_test(test_checksum_is_sha256),
        cmocka_unit_test_setup_teardown(test_the_content_checksum_covers_samples_labels_and_split, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_changed_sample_is_noticed, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_truncated_file_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(test_wrong_content_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_not_a_data_set_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_block_too_small_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_failed_write_leaves_nothing_behind, make, unmake),
        cmocka_unit_test(test_basename_drops_directories_and_slashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
