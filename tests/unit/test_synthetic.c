/* links: core_data */
/* The embedded data set is the same on every machine, balanced, stable when it grows, and not solved by templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/import/digit_image.h"
#include "core/data/import/glyph.h"
#include "core/data/import/synthetic.h"
#include "tests/support/scratch.h"

static void expect_ok(status s)
{
    if (failed(s)) fail_msg("%s", s.message);
}

/* Prepares and loads; the caller frees *block. */
static dataset prepare(void **block, uint64_t seed, int train, int validation, int test)
{
    const char *path = scratch_file(&scratch_place, "digits.h5");
    size_t bytes;
    expect_ok(synthetic_prepare(path, seed, train, validation, test));
    expect_ok(dataset_measure(&bytes, path));
    *block = malloc(bytes);
    assert_non_null(*block);
    expect_ok(dataset_load(*block, bytes, path));
    return dataset_attach(*block);
}

static const uint8_t *image(const dataset *data, split s, int k)
{
    return (const uint8_t *)data->samples + (size_t)data->split_index[s][k] * DIGIT_BYTES;
}

static void test_the_drawing_is_the_same_on_every_machine(void **state)
{
    (void)state;
    void *block;
    dataset data = prepare(&block, 1, 400, 100, 100);
    /* Changes only when the drawing is changed on purpose; then every stored result on this data set is of another one.
     */
    assert_string_equal(data.source_checksum,
                        "sha256:1cf2a9fcad2435a88d7f0b778bacb038f0bc6798dd05773a753ccc8f477e30da");
    free(block);
}

static void test_all_splits_are_balanced(void **state)
{
    (void)state;
    void *block;
    dataset data = prepare(&block, 3, 200, 70, 50);
    static const int sizes[SPLIT_COUNT] = {200, 70, 50};
    assert_string_equal(data.name, "synthetic-digits");
    assert_int_equal(data.classes, 10);
    assert_true(data.height == 32 && data.width == 32 && data.channels == 3 && data.scale == 1.0f / 255.0f);
    assert_string_equal(data.class_names + 7 * DATASET_NAME, "seven");
    for (int s = 0; s < SPLIT_COUNT; s++) {
        int counts[10] = {0};
        assert_int_equal(data.split_count[s], sizes[s]);
        for (int k = 0; k < sizes[s]; k++) counts[data.labels[data.split_index[s][k]]]++;
        for (int digit = 0; digit < 10; digit++) assert_int_equal(counts[digit], sizes[s] / 10);
    }
    free(block);
}

static void test_more_training_images_leave_all_others_as_they_were(void **state)
{
    (void)state;
    void *small_block, *large_block;
    dataset small = prepare(&small_block, 3, 20, 10, 30), large = prepare(&large_block, 3, 50, 20, 30);
    static const int common[SPLIT_COUNT] = {20, 10, 30};
    for (int s = 0; s < SPLIT_COUNT; s++)
        for (int k = 0; k < common[s]; k++)
            assert_memory_equal(image(&small, (split)s, k), image(&large, (split)s, k), DIGIT_BYTES);
    free(small_block);
    free(large_block);
}

static void test_every_sample_and_seed_has_its_own_image(void **state)
{
    (void)state;
    enum { N = 60 };
    static uint8_t images[N][DIGIT_BYTES];
    for (int i = 0; i < N; i++) digit_image_draw(images[i], 4, (uint64_t)(i % 2), (uint32_t)(i / 2));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            int same = 0;
            for (int p = 0; p < DIGIT_BYTES; p++) same += images[i][p] == images[j][p];
            assert_in_range(same, 0, DIGIT_BYTES / 2); /* flat, saturated areas may agree */
        }
}

static void test_glyphs_stay_in_their_square(void **state)
{
    (void)state;
    for (int digit = 0; digit < 10; digit++)
        for (uint32_t sample = 0; sample < 50; sample++) {
            segment segments[GLYPH_SEGMENTS];
            draws d = draws_of(1, sample);
            int count = glyph_trace(segments, digit, 0, &d);
            assert_in_range(count, 2, GLYPH_SEGMENTS);
            float top = 1, bottom = 0;
            for (int i = 0; i < count; i++) {
                const point ends[2] = {segments[i].from, segments[i].to};
                for (int e = 0; e < 2; e++) {
                    assert_true(ends[e].x >= 0.1f && ends[e].x <= 0.9f);
                    assert_true(ends[e].y >= -0.05f && ends[e].y <= 1.05f);
                    if (ends[e].y < top) top = ends[e].y;
                    if (ends[e].y > bottom) bottom = ends[e].y;
                }
            }
            assert_true(top < 0.05f && bottom > 0.95f); /* the whole height is used */
        }
}

/* The nearest of ten mean images is a linear classifier. A data set that it solved would show no difference between
 * precisions; chance is 10 %. */
static void test_mean_images_do_not_classify(void **state)
{
    (void)state;
    enum { TRAIN = 2000, TEST = 500 };
    static double means[10][DIGIT_BYTES];
    static uint8_t one[DIGIT_BYTES];
    for (int i = 0; i < TRAIN; i++) {
        digit_image_draw(one, i % 10, 1, (uint32_t)i);
        for (int p = 0; p < DIGIT_BYTES; p++) means[i % 10][p] += one[p] / (TRAIN / 10.0);
    }
    int correct = 0;
    for (int i = 0; i < TEST; i++) {
        digit_image_draw(one, i % 10, 1, (uint32_t)(1 << 20 | i));
        int best = 0;
        double best_distance = 0;
        for (int digit = 0; digit < 10; digit++) {
            double distance = 0;
            for (int p = 0; p < DIGIT_BYTES; p++) distance += (one[p] - means[digit][p]) * (one[p] - means[digit][p]);
            if (digit == 0 || distance < best_distance) {
                best = digit;
                best_distance = distance;
            }
        }
        correct += best == i % 10;
    }
    assert_in_range(correct, 0, TEST * 25 / 100);
}

static void test_impossible_requests_are_refused(void **state)
{
    (void)state;
    const char *path = scratch_file(&scratch_place, "none.h5");
    status s = synthetic_prepare(path, 1, 0, 10, 10);
    assert_int_equal(s.code, STATUS_CONFIG);
    assert_non_null(strstr(s.message, "0 training images"));
    s = synthetic_prepare(path, 1, 10, 10, -5);
    assert_int_equal(s.code, STATUS_CONFIG);
    assert_non_null(strstr(s.message, "-5 test images"));
    assert_false(file_exists(path));
    s = synthetic_prepare(scratch_file(&scratch_place, "missing/none.h5"), 1, 10, 10, 10);
    assert_int_equal(s.code, STATUS_IO);
    assert_non_null(strstr(s.message, "missing/none.h5"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_drawing_is_the_same_on_every_machine),
        cmocka_unit_test(test_all_splits_are_balanced),
        cmocka_unit_test(test_more_training_images_leave_all_others_as_they_were),
        cmocka_unit_test(test_every_sample_and_seed_has_its_own_image),
        cmocka_unit_test(test_glyphs_stay_in_their_square),
        cmocka_unit_test(test_mean_images_do_not_classify),
        cmocka_unit_test(test_impossible_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
