/* links: core_data */
/* Each augmentation does what its file says, has draws of its own, and adding one changes nothing of another. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/data/augment/augmentation.h"
#include "core/data/batch.h"

enum { COUNT = 40, H = 24, W = 30, C = 3, SAMPLE = H * W * C, SEED = 11 };

static uint8_t samples[COUNT * SAMPLE];
static int32_t labels[COUNT], all[COUNT], loaded_labels[COUNT];
static real plain[COUNT * SAMPLE], one[COUNT * SAMPLE], two[COUNT * SAMPLE];
static dataset data;

static int make(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT * SAMPLE; i++)
        samples[i] = (uint8_t)(1 + rng_below(rng_draw(3, RNG_INIT, (uint32_t)i, 0, 0).word[0], 255)); /* never 0 */
    for (int i = 0; i < COUNT; i++) all[i] = i;
    data = (dataset){.height = H,
                     .width = W,
                     .channels = C,
                     .classes = 2,
                     .count = COUNT,
                     .scale = 1.0f / 255.0f,
                     .labels = labels,
                     .samples = samples};
    batch_load(plain, loaded_labels, &data, all, COUNT, NULL, SEED, 0);
    return 0;
}

static void load(real *x, augment_settings s, int epoch)
{
    batch_load(x, loaded_labels, &data, all, COUNT, &s, SEED, epoch);
}

static void nothing_on_is_the_plain_image(void **state)
{
    (void)state;
    load(one, (augment_settings){.validation = true}, 3);
    assert_memory_equal(one, plain, sizeof plain);
}

static void numbers_are_unique(void **state)
{
    (void)state;
    bool used[DRAW_NUMBERS] = {false};
    used[DRAW_ROTATE_SHIFT_FLIP] = used[DRAW_CROP] = used[DRAW_RESIZED_CROP] = true;
    for (int a = 0; augmentations[a] != NULL; a++) {
        assert_true(augmentations[a]->draw < DRAW_NUMBERS && !used[augmentations[a]->draw]);
        used[augmentations[a]->draw] = true;
        assert_false(augmentations[a]->is_on(&(augment_settings){.flip = true}));
    }
}

static void cutout_is_a_square_of_zeros(void **state)
{
    (void)state;
    load(one, (augment_settings){.cutout_pixels = 8}, 2);
    int whole = 0;
    for (int i = 0; i < COUNT; i++) {
        int top = H, bottom = -1, left = W, right = -1, zeros = 0;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int k = 0; k < C; k++) {
                    size_t at = (((size_t)i * H + y) * W + x) * C + k;
                    if (one[at] != 0) {
                        assert_true(one[at] == plain[at]);
                        continue;
                    }
                    zeros++;
                    top = y < top ? y : top, bottom = y > bottom ? y : bottom;
                    left = x < left ? x : left, right = x > right ? x : right;
                }
        assert_int_equal(zeros, (bottom - top + 1) * (right - left + 1) * C);
        assert_in_range(bottom - top + 1, 4, 8);
        assert_in_range(right - left + 1, 4, 8);
        whole += zeros == 8 * 8 * C;
    }
    assert_in_range(whole, 10, COUNT - 1); /* most lie inside, some stick out */
}

static void time_shift_moves_rows(void **state)
{
    (void)state;
    enum { MOST = 3, ROW = W * C };
    load(one, (augment_settings){.time_shift = MOST}, 2);
    int seen[2 * MOST + 1] = {0};
    for (int i = 0; i < COUNT; i++) {
        int found = -1;
        for (int shift = -MOST; shift <= MOST && found < 0; shift++) {
            bool same = true;
            for (int y = 0; y < H && same; y++) {
                int from = y - shift < 0 ? 0 : y - shift >= H ? H - 1 : y - shift;
                same = memcmp(one + (size_t)i * SAMPLE + (size_t)y * ROW,
                              plain + (size_t)i * SAMPLE + (size_t)from * ROW, ROW * sizeof *one) == 0;
            }
            if (same) found = shift + MOST;
        }
        assert_true(found >= 0);
        seen[found]++;
    }
    for (int s = 0; s <= 2 * MOST; s++) assert_true(seen[s] > 0);
    load(one, (augment_settings){.time_shift = 10000}, 2); /* more than there are rows */
    for (int i = 0; i < COUNT * SAMPLE; i++) assert_true(one[i] > 0);
}

static void noise_is_normal(void **state)
{
    (void)state;
    load(one, (augment_settings){.noise = 0.25}, 1);
    double sum = 0, squares = 0, neighbours = 0, last = 0;
    for (int i = 0; i < COUNT * SAMPLE; i++) {
        double d = (double)(one[i] - plain[i]) / 0.25;
        sum += d;
        squares += d * d;
        neighbours += d * last;
        last = d;
    }
    const double n = COUNT * SAMPLE;
    assert_true(fabs(sum / n) < 4 / sqrt(n));
    assert_true(fabs(squares / n - 1) < 6 / sqrt(n));
    assert_true(fabs(neighbours / n) < 4 / sqrt(n));
}

/* By its definition, in double precision. */
static void colour_jitter_by_definition(void **state)
{
    (void)state;
    const double jitter = 0.4;
    load(one, (augment_settings){.colour_jitter = jitter}, 4);
    for (int i = 0; i < COUNT; i++) {
        rng_block draw = rng_draw(SEED, RNG_AUGMENT, 4, (uint32_t)i, DRAW_COLOUR);
        double f[3], mean = 0, x[H * W][C];
        for (int k = 0; k < 3; k++) f[k] = 1 + jitter * (2 * (double)rng_uniform(draw.word[k]) - 1);
        for (int p = 0; p < H * W; p++) {
            for (int k = 0; k < C; k++) x[p][k] = fmin(f[0] * (double)plain[i * SAMPLE + p * C + k], 1);
            mean += (0.299 * x[p][0] + 0.587 * x[p][1] + 0.114 * x[p][2]) / (H * W);
        }
        for (int p = 0; p < H * W; p++) {
            for (int k = 0; k < C; k++) x[p][k] = fmin(fmax(mean + f[1] * (x[p][k] - mean), 0), 1);
            double grey = 0.299 * x[p][0] + 0.587 * x[p][1] + 0.114 * x[p][2];
            for (int k = 0; k < C; k++) {
                double wanted = fmin(fmax(grey + f[2] * (x[p][k] - grey), 0), 1);
                assert_true(fabs(wanted - (double)one[i * SAMPLE + p * C + k]) < 1e-5);
            }
        }
    }
}

/* The window of a sample, found again from its draws, scaled in double precision. */
static void resized_crop_by_definition(void **state)
{
    (void)state;
    const double least = 0.2;
    double smallest = 1, largest = 0;
    load(one, (augment_settings){.resized_crop = least}, 6);
    for (int i = 0; i < COUNT; i++) {
        rng_block d = rng_draw(SEED, RNG_AUGMENT, 6, (uint32_t)i, DRAW_RESIZED_CROP);
        double area = least + (1 - least) * (double)rng_uniform(d.word[0]);
        double shape = pow(4.0 / 3, 2 * (double)rng_uniform(d.word[1]) - 1); /* width to height */
        int h = (int)fmin(fmax(round(H * sqrt(area / shape)), 1), H),
            w = (int)fmin(fmax(round(W * sqrt(area * shape)), 1), W);
        int top = (int)rng_below(d.word[2], (uint32_t)(H - h + 1)),
            left = (int)rng_below(d.word[3], (uint32_t)(W - w + 1));
        smallest = fmin(smallest, (double)h * w / (H * W));
        largest = fmax(largest, (double)h * w / (H * W));
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int k = 0; k < C; k++) {
                    double py = fmin(fmax((y + 0.5) * h / H - 0.5, 0), h - 1),
                           px = fmin(fmax((x + 0.5) * w / W - 0.5, 0), w - 1);
                    int y0 = (int)py, x0 = (int)px, y1 = y0 + (y0 < h - 1), x1 = x0 + (x0 < w - 1);
                    const real *in = plain + (size_t)i * SAMPLE;
#define PIXEL(r, c) ((double)in[((top + (r)) * W + left + (c)) * C + k])
                    double above = PIXEL(y0, x0) + (px - x0) * (PIXEL(y0, x1) - PIXEL(y0, x0));
                    double under = PIXEL(y1, x0) + (px - x0) * (PIXEL(y1, x1) - PIXEL(y1, x0));
#undef PIXEL
                    double wanted = above + (py - y0) * (under - above);
                    assert_true(fabs(wanted - (double)one[(((size_t)i * H + y) * W + x) * C + k]) < 1e-3);
                }
    }
    assert_true(smallest < 0.4 && smallest > 0.15 && largest > 0.8);
}

/* What one more does is done to what the others did before. */
static void adding_one_changes_no_other(void **state)
{
    (void)state;
    augment_settings base = {.rotate_degrees = 15, .shift_fraction = 0.1, .flip = true, .colour_jitter = 0.3};
    load(one, base, 5);
    augment_settings more = base;
    more.cutout_pixels = 6;
    load(two, more, 5);
    for (int i = 0; i < COUNT * SAMPLE; i++) assert_true(two[i] == one[i] || two[i] == 0);
    more = base;
    more.noise = 1e-6;
    load(two, more, 5);
    for (int i = 0; i < COUNT * SAMPLE; i++) assert_true(fabs((double)(two[i] - one[i])) < 1e-5);
    load(two, base, 6);
    assert_memory_not_equal(one, two, sizeof one);
    /* A sample looks the same in whatever batch. */
    load(two, more, 5);
    batch_load(one, loaded_labels, &data, all + 7, 1, &more, SEED, 5);
    assert_memory_equal(one, two + 7 * SAMPLE, SAMPLE * sizeof *one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_on_is_the_plain_image),
        cmocka_unit_test(numbers_are_unique),
        cmocka_unit_test(cutout_is_a_square_of_zeros),
        cmocka_unit_test(time_shift_moves_rows),
        cmocka_unit_test(noise_is_normal),
        cmocka_unit_test(colour_jitter_by_definition),
        cmocka_unit_test(resized_crop_by_definition),
        cmocka_unit_test(adding_one_changes_no_other),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
