/* links: core_data */
/* Arrays in the formats of NumPy and MNIST become prepared data sets; what is wrong with them is said with the file's
 * name, the shape that was found and the shape that is wanted. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/import/division.h"
#include "core/data/import/importers.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

enum { SAMPLES = 60, HEIGHT = 5, WIDTH = 4, CLASSES = 3, PIXELS = HEIGHT * WIDTH };

static void write_bytes(const char *name, const void *head, size_t head_size, const void *body, size_t body_size)
{
    FILE *file = fopen(scratch_file(&scratch_place, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, head_size, file), head_size);
    assert_int_equal(fwrite(body, 1, body_size, file), body_size);
    assert_int_equal(fclose(file), 0);
}

static void write_npy(const char *name, const char *type, const char *shape, const void *body, size_t body_size)
{
    char head[128];
    snprintf(head + 10, sizeof head - 10, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    size_t used = 10 + strlen(head + 10);
    memset(head + used, ' ', sizeof head - used);
    head[127] = '\n';
    memcpy(head, "\x93NUMPY\1\0\x76\0", 10);
    write_bytes(name, head, sizeof head, body, body_size);
}

/* value of pixel p of sample i */
static uint8_t pixel(int i, int p)
{
    return (uint8_t)(i * 37 + p * 11);
}

static uint8_t images[SAMPLES * PIXELS];
static int64_t labels[SAMPLES];

static int make(void **state)
{
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % CLASSES;
        for (int p = 0; p < PIXELS; p++) images[i * PIXELS + p] = pixel(i, p);
    }
    return scratch_set_up(state);
}

typedef struct {
    const char *key, *value;
} option;

static status prepare(const char *kind, const option *given)
{
    import_request r = {.what = importer_find(kind), .output = scratch_file(&scratch_place, "out.h5")};
    assert_non_null(r.what);
    for (; given->key != NULL; given++) {
        bool found = false;
        for (int k = 0; r.what->keys[k].name != NULL; k++) {
            if (strcmp(r.what->keys[k].name, given->key) != 0) continue;
            r.values[k] = given->value;
            found = true;
        }
        assert_true(found);
    }
    status s = import_check(&r);
    return failed(s) ? s : r.what->run(&r);
}

static status prepare_npy(const char *more, const char *value)
{
    return prepare("npy", (option[]){{"images", scratch_file(&scratch_place, "x.npy")},
                                     {"labels", scratch_file(&scratch_place, "y.npy")},
                                     {more, value},
                                     {NULL, NULL}});
}

static void refuse_npy(const char *words)
{
    check_says(prepare_npy(NULL, NULL), words);
    assert_false(file_exists(scratch_file(&scratch_place, "out.h5")));
}

static void *load(dataset *out)
{
    size_t bytes;
    const char *path = scratch_file(&scratch_place, "out.h5");
    check_ok(dataset_measure(&bytes, path));
    void *block = malloc(bytes);
    assert_non_null(block);
    check_ok(dataset_load(block, bytes, path));
    *out = dataset_attach(block);
    return block;
}

static void check_content(void)
{
    dataset d;
    void *block = load(&d);
    assert_int_equal(d.count, SAMPLES);
    assert_int_equal(d.height, HEIGHT);
    assert_int_equal(d.width, WIDTH);
    assert_int_equal(d.channels, 1);
    assert_int_equal(d.classes, CLASSES);
    assert_memory_equal(d.samples, images, sizeof images);
    for (int i = 0; i < SAMPLES; i++) assert_int_equal(d.labels[i], labels[i]);
    free(block);
}

static void arrays_of_numpy(void **state)
{
    (void)state;
    write_npy("x.npy", "|u1", "(60, 5, 4)", images, sizeof images);
    write_npy("y.npy", "<i8", "(60,)", labels, sizeof labels);
    check_ok(prepare_npy(NULL, NULL));
    check_content();
}

static void channels_first(void **state)
{
    (void)state;
    /* (10, 3, 5, 8): channel k of pixel p of sample i */
    uint8_t turned[10 * 3 * 40];
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < 3; k++)
            for (int p = 0; p < 40; p++) turned[(i * 3 + k) * 40 + p] = (uint8_t)(pixel(i, p) + 70 * k);
    int64_t ten[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    write_npy("x.npy", "|u1", "(10, 3, 5, 8)", turned, sizeof turned);
    write_npy("y.npy", "<i8", "(10, 1)", ten, sizeof ten);
    refuse_npy("samples of shape (10, 3, 5, 8) where (N, height, width, channels) is wanted");
    check_ok(prepare_npy("channels-first", ""));
    dataset d;
    void *block = load(&d);
    for (int i = 0; i < 10; i++)
        for (int p = 0; p < 40; p++)
            for (int k = 0; k < 3; k++)
                assert_int_equal(((const uint8_t *)d.samples)[(i * 40 + p) * 3 + k], turned[(i * 3 + k) * 40 + p]);
    free(block);
}

static void floats(void **state)
{
    (void)state;
    float values[SAMPLES * PIXELS];
    for (int i = 0; i < SAMPLES * PIXELS; i++) values[i] = (float)images[i] / 255.0f;
    write_npy("x.npy", "<f4", "(60, 5, 4)", values, sizeof values);
    write_npy("y.npy", "<i8", "(60,)", labels, sizeof labels);
    refuse_npy("samples are floats");
    check_ok(prepare_npy("limit", "1"));
    check_content();
    check_says(prepare_npy("limit", "0.5"), "is outside of 0 to 0.5");
    values[7] = -0.25f;
    write_npy("x.npy", "<f4", "(60, 5, 4)", values, sizeof values);
    check_says(prepare_npy("limit", "1"), "the value -0.25 is outside of 0 to 1");
    check_says(prepare_npy("limit", "nan"), "--limit wants a number");
}

/* Each fault in its file, with the others in order. */
static void faults_of_samples(void **state)
{
    (void)state;
    write_npy("y.npy", "<i8", "(60,)", labels, sizeof labels);
    write_npy("x.npy", "|u1", "(60, 20)", images, sizeof images);
    refuse_npy("samples of shape (60, 20) where");
    write_npy("x.npy", "|u1", "(60, 5, 5)", images, sizeof images);
    refuse_npy("ends within its numbers: it is incomplete");
    write_npy("x.npy", "|u1", "(60, 5, 3)", images, sizeof images);
    refuse_npy("goes on behind the (60, 5, 3) numbers");
    write_npy("x.npy", "|u1", "(60, 0, 4)", images, sizeof images);
    refuse_npy("holds nothing");
    write_npy("x.npy", "|u1", "(4000000000, 4000000000, 4)", images, sizeof images);
    refuse_npy("impossible shape");
    write_npy("x.npy", "|u1", "(59, 5, 4)", images, sizeof images);
    refuse_npy("has 60 labels for 59 samples");
    write_npy("x.npy", "<i4", "(15, 5, 4)", images, sizeof images);
    refuse_npy("integers of 4 bytes");
    write_npy("x.npy", "<c8", "(15, 5, 4)", images, sizeof images);
    refuse_npy("numbers of type '<c8'");
    write_npy("x.npy", "|O", "(15, 5, 4)", images, sizeof images);
    refuse_npy("Python objects");
    write_npy("x.npy", "|u1", "(60, 5", images, sizeof images);
    refuse_npy("a strange 'shape'");
    write_bytes("x.npy", "\x93NUMPY\1\0\x0c\0", 10, "{'descr': '<", 12);
    refuse_npy("a cut 'descr'");
    write_bytes("x.npy", "\x93NUMPY\1\0\x0d\0", 10, "{'descr': '\0<", 13);
    refuse_npy("a strange 'descr'");
    write_bytes("x.npy", "P5 4 5 255\n", 11, images, sizeof images);
    refuse_npy("is not a NumPy array");
    write_bytes("x.npy", "", 0, "", 0);
    refuse_npy("x.npy is empty");
}

static void faults_of_labels(void **state)
{
    (void)state;
    int64_t wrong[SAMPLES];
    write_npy("x.npy", "|u1", "(60, 5, 4)", images, sizeof images);
    for (int i = 0; i < SAMPLES; i++) wrong[i] = labels[i] + 1;
    write_npy("y.npy", "<i8", "(60,)", wrong, sizeof wrong);
    refuse_npy("--labels-from 1");
    check_ok(prepare_npy("labels-from", "1"));
    check_content();
    remove(scratch_file(&scratch_place, "out.h5"));
    for (int i = 0; i < SAMPLES; i++) wrong[i] = labels[i] == 1 ? 3 : labels[i];
    write_npy("y.npy", "<i8", "(60,)", wrong, sizeof wrong);
    refuse_npy("no sample has label 1");
    wrong[17] = -1;
    write_npy("y.npy", "<i8", "(60,)", wrong, sizeof wrong);
    refuse_npy("sample 17 has label -1");
    wrong[17] = INT64_MAX;
    write_npy("y.npy", "<i8", "(60,)", wrong, sizeof wrong);
    refuse_npy("sample 17 has label 9223372036854775");
    memset(wrong, 0, sizeof wrong);
    write_npy("y.npy", "<i8", "(60,)", wrong, sizeof wrong);
    refuse_npy("all samples have one label");
    write_npy("y.npy", "<i8", "(20, 3)", labels, sizeof labels);
    refuse_npy("one-hot");
    write_npy("y.npy", "<f8", "(60,)", labels, sizeof labels);
    refuse_npy("labels are floats");
    write_npy("y.npy", "<U6", "(20,)", labels, sizeof labels);
    refuse_npy("holds texts");
    write_npy("y.npy", "<i8", "(60,)", labels, sizeof labels);
    check_says(prepare_npy("class-names", "a,b"), "2 class names in \"a,b\", but the labels go from 0 to 2");
    check_says(prepare_npy("validation", "2"), "--validation wants a number from 0.001 to 0.9, not \"2\"");
}

static void files_of_mnist(void **state)
{
    (void)state;
    const uint8_t head[16] = {0, 0, 8, 3, 0, 0, 0, SAMPLES, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    uint8_t codes[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) codes[i] = (uint8_t)labels[i];
    write_bytes("t10k-images-idx3-ubyte", head, sizeof head, images, sizeof images);
    write_bytes("t10k-labels-idx1-ubyte", (const uint8_t[]){0, 0, 8, 1, 0, 0, 0, SAMPLES}, 8, codes, sizeof codes);
    const option folder[] = {{"source", scratch_place.path}, {NULL, NULL}};
    check_ok(prepare("idx", folder));
    check_content();
    remove(scratch_file(&scratch_place, "out.h5"));
    write_bytes("t10k-labels-idx1-ubyte", (const uint8_t[]){0, 0, 8, 1, 0xB2, 0xD0, 0x5E, 0}, 8, codes, sizeof codes);
    check_says(prepare("idx", folder), "has 3000000000 labels for 60 samples");
    write_bytes("t10k-labels-idx1-ubyte", "text", 4, codes, sizeof codes);
    check_says(prepare("idx", folder), "is not an idx file");
    assert_false(file_exists(scratch_file(&scratch_place, "out.h5")));
}

/* Every class is divided in the given parts, whatever its size; the seed decides, and nothing else. */
static void division_is_stratified(void **state)
{
    (void)state;
    enum { COUNT = 1200 };
    static const char *const names[3] = {"a", "b", "c"};
    int32_t label[COUNT];
    uint8_t marks[3][COUNT];
    for (int i = 0; i < COUNT; i++) label[i] = i < 900 ? 0 : i < 1190 ? 1 : 2;
    for (int k = 0; k < 3; k++) {
        memset(marks[k], DIVISION_OPEN, COUNT);
        marks[k][0] = SPLIT_TEST;
        check_ok(division_draw(marks[k], label, COUNT, 3, names, k == 2 ? 6 : 5, 0.2, 0.1));
    }
    assert_memory_equal(marks[0], marks[1], COUNT);
    assert_memory_not_equal(marks[0], marks[2], COUNT);
    int counts[3][SPLIT_COUNT] = {{0}};
    for (int i = 0; i < COUNT; i++) counts[label[i]][marks[0][i]]++;
    static const int wanted[3][SPLIT_COUNT] = {{629, 180, 91}, {203, 58, 29}, {7, 2, 1}};
    assert_memory_equal(counts, wanted, sizeof wanted);
    uint8_t two[2] = {DIVISION_OPEN, DIVISION_OPEN};
    check_says(division_draw(two, (const int32_t[]){0, 0}, 2, 1, names, 1, 0.2, 0.1), "class a has 2 samples: too few");
}

/* The names, options and texts that the command shows are complete, and a name means the same everywhere. */
static void importers_are_complete(void **state)
{
    (void)state;
    for (int i = 0; importers[i] != NULL; i++) {
        const importer *a = importers[i];
        assert_true(a->name[0] && a->summary[0] && a->details[strlen(a->details) - 1] == '\n' && a->run != NULL);
        assert_ptr_equal(importer_find(a->name), a);
        int count = 0;
        for (const import_key *k = a->keys; k->name != NULL; k++, count++) {
            assert_true(k->help != NULL && (k->value == NULL) == (k->type == IMPORT_SWITCH));
            for (int j = 0; importers[j] != NULL; j++)
                for (const import_key *other = importers[j]->keys; other->name != NULL; other++)
                    if (strcmp(other->name, k->name) == 0) {
                        assert_int_equal(other->value == NULL, k->value == NULL);
                        assert_int_equal(other->letter, k->letter);
                    }
        }
        assert_true(count < IMPORT_MAX_KEYS);
    }
    assert_null(importer_find("nothing"));
}

static void mnist_test_set(void **state)
{
    (void)state;
    const char *folder = "../shared/data/mnist-test";
    if (!file_exists(folder)) {
        print_message("skipped: %s is not there\n", folder);
        skip();
    }
    check_ok(prepare("idx", (option[]){{"source", folder}, {NULL, NULL}}));
    dataset d;
    void *block = load(&d);
    int counts[10] = {0};
    for (int i = 0; i < d.count; i++) counts[d.labels[i]]++;
    static const int published[10] = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
    assert_memory_equal(counts, published, sizeof counts);
    assert_int_equal(d.split_count[SPLIT_TEST], 1000);
    free(block);
}

#define placed(test) cmocka_unit_test_setup_teardown(test, make, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        placed(arrays_of_numpy),
        placed(channels_first),
        placed(floats),
        placed(faults_of_samples),
        placed(faults_of_labels),
        placed(files_of_mnist),
        cmocka_unit_test(division_is_stratified),
        cmocka_unit_test(importers_are_complete),
        placed(mnist_test_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
