/* links: core_data */
/* Order and augmentation are pure functions of their numbers; the one-pass augmentation equals three plain passes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/data/batch.h"

enum { COUNT = 64, HEIGHT = 32, WIDTH = 27, CHANNELS = 3, SAMPLE = HEIGHT * WIDTH * CHANNELS, SEED = 5 };

typedef struct {
    uint8_t samples[COUNT * SAMPLE];
    int32_t labels[COUNT];
    dataset data;
    real plain[COUNT * SAMPLE], loaded[COUNT * SAMPLE], expected[COUNT * SAMPLE], scratch[SAMPLE];
    int32_t all[COUNT], loaded_labels[COUNT];
} fixture;

static int make(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    for (int i = 0; i < COUNT * SAMPLE; i += 4) {
        rng_block block = rng_draw(1, RNG_INIT, (uint32_t)i, 0, 0);
        for (int k = 0; k < 4; k++) f->samples[i + k] = (uint8_t)(1 + rng_below(block.word[k], 255)); /* never 0 */
    }
    for (int i = 0; i < COUNT; i++) {
        f->labels[i] = i % 10;
        f->all[i] = i;
    }
    f->data = (dataset){.height = HEIGHT,
                        .width = WIDTH,
                        .channels = CHANNELS,
                        .classes = 10,
                        .count = COUNT,
                        .scale = 1.0f / 255.0f,
                        .labels = f->labels,
                        .samples = f->samples};
    *state = f;
    return 0;
}

static int unmake(void **state)
{
    free(*state);
    return 0;
}

static void test_an_order_is_a_permutation(void **state)
{
    (void)state;
    for (int count = 0; count < 40; count++) {
        int32_t order[40];
        bool seen[40] = {false};
        batch_order(order, count, SEED, 2);
        for (int i = 0; i < count; i++) {
            assert_true(order[i] >= 0 && order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

static void test_an_order_depends_on_seed_and_epoch_only(void **state)
{
    (void)state;
    enum { N = 1000 };
    static int32_t first[N], again[N], epoch[N], seed[N];
    batch_order(first, N, SEED, 2);
    batch_order(again, N, SEED, 2);
    batch_order(epoch, N, SEED, 3);
    batch_order(seed, N, SEED + 1, 2);
    assert_memory_equal(first, again, sizeof first);
    int same_epoch = 0, same_seed = 0;
    for (int i = 0; i < N; i++) {
        same_epoch += first[i] == epoch[i];
        same_seed += first[i] == seed[i];
    }
    assert_in_range(same_epoch, 0, 8); /* one fixed point is expected */
    assert_in_range(same_seed, 0, 8);
}

static void test_all_orders_are_equally_likely(void **state)
{
    (void)state;
    enum { ROUNDS = 24000 };
    int seen[256] = {0};
    for (int epoch = 0; epoch < ROUNDS; epoch++) {
        int32_t order[4];
        batch_order(order, 4, SEED, epoch);
        seen[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    int kinds = 0;
    for (int i = 0; i < 256; i++) {
        if (seen[i] == 0) continue;
        kinds++;
        assert_in_range(seen[i], 1000 - 155, 1000 + 155); /* five standard deviations of 31 */
    }
    assert_int_equal(kinds, 24);
}

static void test_plain_loading_scales_the_samples(void **state)
{
    fixture *f = *state;
    const int32_t some[3] = {7, 0, 63};
    batch_load(f->loaded, f->loaded_labels, &f->data, some, 3, NULL, SEED, 0);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(f->loaded_labels[n], f->labels[some[n]]);
        for (int i = 0; i < SAMPLE; i++)
            assert_true(f->loaded[n * SAMPLE + i] == (real)f->samples[some[n] * SAMPLE + i] * (real)(1.0f / 255.0f));
    }
}

static void test_signed_samples_load_as_negative_numbers(void **state)
{
    fixture *f = *state;
    f->data.is_signed = 1;
    f->data.scale = 0.5f;
    f->samples[0] = 0x80;
    f->samples[1] = 0xFF;
    f->samples[2] = 0x7F;
    batch_load(f->loaded, f->loaded_labels, &f->data, f->all, 1, NULL, SEED, 0);
    assert_true(f->loaded[0] == -64 && f->loaded[1] == (real)-0.5 && f->loaded[2] == (real)63.5);
}

static void test_augmentation_with_nothing_switched_on_changes_nothing(void **state)
{
    fixture *f = *state;
    const augment_settings off = {0};
    batch_load(f->plain, f->loaded_labels, &f->data, f->all, COUNT, NULL, SEED, 0);
    batch_load(f->loaded, f->loaded_labels, &f->data, f->all, COUNT, &off, SEED, 0);
    assert_memory_equal(f->loaded, f->plain, sizeof f->plain);
}

/* The three passes of METHOD.md 5.2, each from one image to another, in the obvious way. */
static void rotate(real *out, const real *in, double degrees)
{
    double angle = degrees * acos(-1.0) / 180.0, cy = (HEIGHT - 1) / 2.0, cx = (WIDTH - 1) / 2.0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int from_y = (int)floor(cy + cos(angle) * (y - cy) + sin(angle) * (x - cx) + 0.5);
            int from_x = (int)floor(cx + cos(angle) * (x - cx) - sin(angle) * (y - cy) + 0.5);
            bool inside = from_y >= 0 && from_y < HEIGHT && from_x >= 0 && from_x < WIDTH;
            for (int k = 0; k < CHANNELS; k++)
                out[(y * WIDTH + x) * CHANNELS + k] = inside ? in[(from_y * WIDTH + from_x) * CHANNELS + k] : 0;
        }
}

static void shift(real *out, const real *in, int down, int across)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            bool inside = y - down >= 0 && y - down < HEIGHT && x - across >= 0 && x - across < WIDTH;
            for (int k = 0; k < CHANNELS; k++)
                out[(y * WIDTH + x) * CHANNELS + k] = inside ? in[((y - down) * WIDTH + x - across) * CHANNELS + k] : 0;
        }
}

static void flip(real *out, const real *in)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            memcpy(out + (y * WIDTH + x) * CHANNELS, in + (y * WIDTH + WIDTH - 1 - x) * CHANNELS,
                   CHANNELS * sizeof *out);
}

static double symmetric(uint32_t word)
{
    return 2.0 * (double)rng_uniform(word) - 1.0;
}

static void three_passes(fixture *f, int i, const augment_settings *a, int epoch)
{
    rng_block draws = rng_draw(SEED, RNG_AUGMENT, (uint32_t)epoch, (uint32_t)i, 0);
    real *out = f->expected + i * SAMPLE;
    rotate(out, f->plain + i * SAMPLE, symmetric(draws.word[0]) * a->rotate_degrees);
    shift(f->scratch, out, (int)floor(symmetric(draws.word[1]) * a->shift_fraction * HEIGHT + 0.5),
          (int)floor(symmetric(draws.word[2]) * a->shift_fraction * WIDTH + 0.5));
    if (a->flip && draws.word[3] >= 0x80000000u)
        flip(out, f->scratch);
    else
        memcpy(out, f->scratch, SAMPLE * sizeof *out);
}

static void test_one_pass_equals_rotation_then_shift_then_flip(void **state)
{
    fixture *f = *state;
    static const augment_settings cases[] = {
        {.rotate_degrees = 15, .shift_fraction = 0.1, .flip = true},
        {.rotate_degrees = 15},
        {.shift_fraction = 0.1},
        {.flip = true},
        {.rotate_degrees = 180, .shift_fraction = 0.4, .flip = true},
        {.rotate_degrees = 5, .shift_fraction = 1.5, .flip = true}, /* some images leave the frame completely */
    };
    batch_load(f->plain, f->loaded_labels, &f->data, f->all, COUNT, NULL, SEED, 0);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (int epoch = 0; epoch < 3; epoch++) {
            for (int i = 0; i < COUNT; i++) three_passes(f, i, &cases[c], epoch);
            memset(f->loaded, 0xFF, sizeof f->loaded);
            batch_load(f->loaded, f->loaded_labels, &f->data, f->all, COUNT, &cases[c], SEED, epoch);
            for (int i = 0; i < COUNT * SAMPLE; i++)
                if (!(f->loaded[i] == f->expected[i]))
                    fail_msg("case %zu epoch %d image %d element %d: %g instead of %g", c, epoch, i / SAMPLE,
                             i % SAMPLE, (double)f->loaded[i], (double)f->expected[i]);
        }
}

static void test_a_sample_looks_the_same_in_any_batch(void **state)
{
    fixture *f = *state;
    const augment_settings a = {.rotate_degrees = 15, .shift_fraction = 0.1, .flip = true};
    batch_load(f->loaded, f->loaded_labels, &f->data, f->all, COUNT, &a, SEED, 4);
    for (int i = COUNT - 1; i >= 0; i -= 9) {
        const int32_t one = i;
        batch_load(f->expected, f->loaded_labels, &f->data, &one, 1, &a, SEED, 4);
        assert_memory_equal(f->expected, f->loaded + i * SAMPLE, SAMPLE * sizeof(real));
    }
    batch_load(f->expected, f->loaded_labels, &f->data, f->all, COUNT, &a, SEED, 5);
    assert_memory_not_equal(f->expected, f->loaded, sizeof f->loaded);
}

/* Shifts of a 32-pixel axis at fraction 0.1 are round(uniform(-3.2, 3.2)): all of -3 ... 3, each inner one with chance
 * 1/6.4 and the two ends with 0.7/6.4. Half of the images are flipped. */
static void test_draws_have_the_promised_distribution(void **state)
{
    fixture *f = *state;
    const augment_settings a = {.shift_fraction = 0.1, .flip = true};
    enum { ROUNDS = 4000, DOT_Y = 16, DOT_X = 4 };
    int downs[9] = {0}, flips = 0;
    memset(f->samples, 0, SAMPLE);
    f->samples[(DOT_Y * WIDTH + DOT_X) * CHANNELS] = 255;
    for (int epoch = 0; epoch < ROUNDS; epoch++) {
        batch_load(f->loaded, f->loaded_labels, &f->data, f->all, 1, &a, SEED, epoch);
        int at = 0;
        while (at < SAMPLE && f->loaded[at] == 0) at++;
        assert_true(at < SAMPLE);
        int down = at / CHANNELS / WIDTH - DOT_Y;
        assert_in_range(down + 4, 1, 7);
        downs[down + 4]++;
        flips += at / CHANNELS % WIDTH > WIDTH / 2;
    }
    for (int d = 1; d <= 7; d++) {
        double expected = ROUNDS * (d == 1 || d == 7 ? 0.7 : 1.0) / 6.4;
        assert_true(fabs(downs[d] - expected) < 5 * sqrt(expected));
    }
    assert_true(abs(flips - ROUNDS / 2) < 5 * 32); /* standard deviation 31.6 */
}

/* Mirrored in every second epoch, never twice in a row, and about half of the images in each epoch; beside other
 * augmentation, whose draws stay. */
static void test_alternating_flip_alternates(void **state)
{
    fixture *f = *state;
    const augment_settings moved = {.rotate_degrees = 15, .shift_fraction = 0.1},
                           both = {.rotate_degrees = 15, .shift_fraction = 0.1, .alternating_flip = true};
    bool before[COUNT] = {false};
    for (int epoch = 0; epoch < 5; epoch++) {
        batch_load(f->plain, f->loaded_labels, &f->data, f->all, COUNT, &moved, SEED, epoch);
        batch_load(f->loaded, f->loaded_labels, &f->data, f->all, COUNT, &both, SEED, epoch);
        int mirrored = 0;
        for (int i = 0; i < COUNT; i++) {
            const real *image = f->loaded + i * SAMPLE;
            flip(f->scratch, f->plain + i * SAMPLE);
            bool same = memcmp(image, f->plain + i * SAMPLE, SAMPLE * sizeof *image) == 0;
            bool is_mirrored = memcmp(image, f->scratch, SAMPLE * sizeof *image) == 0;
            assert_true(same != is_mirrored);
            if (epoch > 0) assert_true(is_mirrored != before[i]);
            before[i] = is_mirrored;
            mirrored += is_mirrored;
        }
        assert_in_range(mirrored, COUNT / 2 - 20, COUNT / 2 + 20); /* standard deviation 4 */
    }
}

/* The window of one crop in the obvious way: pad, then cut. */
static void cut(real *out, const real *in, int down, int across, crop_fill fill)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int from_y = y - down, from_x = x - across;
            if (fill == CROP_REFLECT) {
                from_y = from_y < 0 ? -from_y : from_y >= HEIGHT ? 2 * (HEIGHT - 1) - from_y : from_y;
                from_x = from_x < 0 ? -from_x : from_x >= WIDTH ? 2 * (WIDTH - 1) - from_x : from_x;
            }
            bool inside = from_y >= 0 && from_y < HEIGHT && from_x >= 0 && from_x < WIDTH;
            for (int k = 0; k < CHANNELS; k++)
                out[(y * WIDTH + x) * CHANNELS + k] = inside ? in[(from_y * WIDTH + from_x) * CHANNELS + k] : 0;
        }
}

/* A crop alone is one of the (2n+1)^2 windows, all of which occur; with the other augmentations it comes first. */
static void test_crops_are_windows_of_the_padded_image(void **state)
{
    fixture *f = *state;
    enum { MOST = 2, ROUNDS = 60 };
    for (int fill = CROP_ZERO; fill <= CROP_REFLECT; fill++) {
        const augment_settings a = {.crop_pixels = MOST, .crop_fill = (crop_fill)fill};
        int seen[2 * MOST + 1][2 * MOST + 1] = {{0}};
        batch_load(f->plain, f->loaded_labels, &f->data, f->all, 1, NULL, SEED, 0);
        for (int epoch = 0; epoch < 25 * ROUNDS; epoch++) {
            int found = 0;
            batch_load(f->loaded, f->loaded_labels, &f->data, f->all, 1, &a, SEED, epoch);
            for (int down = -MOST; down <= MOST; down++)
                for (int across = -MOST; across <= MOST; across++) {
                    cut(f->scratch, f->plain, down, across, (crop_fill)fill);
                    if (memcmp(f->scratch, f->loaded, sizeof f->scratch) != 0) continue;
                    seen[down + MOST][across + MOST]++;
                    found++;
                }
            assert_int_equal(found, 1);
        }
        for (int i = 0; i < 25; i++) assert_in_range(seen[i / 5][i % 5], ROUNDS / 3, 2 * ROUNDS);
    }
}

static void test_a_crop_comes_before_the_other_augmentations(void **state)
{
    fixture *f = *state;
    augment_settings others = {.rotate_degrees = 15, .shift_fraction = 0.1, .flip = true}, all = others;
    all.crop_pixels = 40; /* farther than the image reaches: reflected more than once */
    all.crop_fill = CROP_REFLECT;
    const augment_settings crop = {.crop_pixels = 40, .crop_fill = CROP_REFLECT};
    for (int epoch = 0; epoch < 3; epoch++) {
        batch_load(f->plain, f->loaded_labels, &f->data, f->all, COUNT, &crop, SEED, epoch);
        for (int i = 0; i < COUNT; i++) three_passes(f, i, &others, epoch);
        batch_load(f->loaded, f->loaded_labels, &f->data, f->all, COUNT, &all, SEED, epoch);
        assert_memory_equal(f->loaded, f->expected, sizeof f->loaded);
    }
}

/* One image that is a ramp: mirrored again and again it is a triangle wave. */
static void test_reflection_goes_on_beyond_the_image(void **state)
{
    fixture *f = *state;
    const augment_settings a = {.crop_pixels = 500, .crop_fill = CROP_REFLECT};
    for (int i = 0; i < SAMPLE; i++) f->samples[i] = (uint8_t)(1 + i / CHANNELS / WIDTH);
    for (int epoch = 0; epoch < 20; epoch++) {
        batch_load(f->loaded, f->loaded_labels, &f->data, f->all, 1, &a, SEED, epoch);
        for (int y = 1; y < HEIGHT; y++) {
            double step = (double)(f->loaded[y * WIDTH * CHANNELS] - f->loaded[(y - 1) * WIDTH * CHANNELS]) * 255;
            assert_true(fabs(fabs(step) - 1) < 1e-3);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_order_is_a_permutation),
        cmocka_unit_test(test_an_order_depends_on_seed_and_epoch_only),
        cmocka_unit_test(test_all_orders_are_equally_likely),
        cmocka_unit_test_setup_teardown(test_plain_loading_scales_the_samples, make, unmake),
        cmocka_unit_test_setup_teardown(test_signed_samples_load_as_negative_numbers, make, unmake),
        cmocka_unit_test_setup_teardown(test_augmentation_with_nothing_switched_on_changes_nothing, make, unmake),
        cmocka_unit_test_setup_teardown(test_one_pass_equals_rotation_then_shift_then_flip, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_sample_looks_the_same_in_any_batch, make, unmake),
        cmocka_unit_test_setup_teardown(test_draws_have_the_promised_distribution, make, unmake),
        cmocka_unit_test_setup_teardown(test_alternating_flip_alternates, make, unmake),
        cmocka_unit_test_setup_teardown(test_crops_are_windows_of_the_padded_image, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_crop_comes_before_the_other_augmentations, make, unmake),
        cmocka_unit_test_setup_teardown(test_reflection_goes_on_beyond_the_image, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
