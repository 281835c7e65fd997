/* links: core_train */
/* The covariance of patches against what is known of the images, and the filters against its definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/net/graph/graph_build.h"
#include "core/train/whiten.h"
#include "tests/support/check_status.h"

enum { SIDE = 32, CHANNELS = 3, COUNT = 300, PIXELS = SIDE * SIDE * CHANNELS, ROWS = 27 };

static uint8_t samples[COUNT * PIXELS];
static int32_t labels[COUNT], order[COUNT];
static dataset data;
static graph network;

static int load(void **state)
{
    (void)state;
    if (failed(graph_load(&network, "configs/networks/resnet8.cfg"))) return 1;
    for (int i = 0; i < COUNT; i++) order[i] = i;
    data = (dataset){.height = SIDE,
                     .width = SIDE,
                     .channels = CHANNELS,
                     .classes = 10,
                     .scale = 1.0 / 255,
                     .samples = samples,
                     .labels = labels,
                     .count = COUNT};
    data.split_count[SPLIT_TRAIN] = COUNT;
    data.split_index[SPLIT_TRAIN] = order;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    graph_free(&network);
    return 0;
}

static int noise(int i, int salt)
{
    return (int)(rng_draw(3, RNG_SYNTHETIC, (uint32_t)i, (uint32_t)salt, 0).word[0] >> 24);
}

/* Every row of an image is the same, and channel c is c + 1 times the first. */
static void draw_stripes(void)
{
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < SIDE * SIDE; k++)
            for (int c = 0; c < CHANNELS; c++)
                samples[i * PIXELS + k * CHANNELS + c] = (uint8_t)((c + 1) * (noise(i * SIDE + k % SIDE, 1) / 3));
}

/* Neighbours are alike, as in photographs. */
static void draw_clouds(void)
{
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < PIXELS; k++) {
            const int above = k >= SIDE * CHANNELS ? samples[i * PIXELS + k - SIDE * CHANNELS] : 128;
            const int left = k >= CHANNELS ? samples[i * PIXELS + k - CHANNELS] : 128;
            samples[i * PIXELS + k] = (uint8_t)((2 * above + left + noise(i * PIXELS + k, 2)) / 4);
        }
}

static const layer_spec *first_layer(void)
{
    return &network.layers[whiten_layer(&network)];
}

/* Row (y * 3 + x) * CHANNELS + c of the weights is tap (y, x) of channel c. */
static void test_covariance_of_stripes(void **state)
{
    (void)state;
    static double covariance[ROWS * ROWS];
    draw_stripes();
    check_ok(whiten_covariance(covariance, first_layer(), &network.layers[0], &data));
    for (int a = 0; a < ROWS; a++)
        for (int b = 0; b < ROWS; b++) {
            const int xa = a / CHANNELS % 3, xb = b / CHANNELS % 3, ca = a % CHANNELS, cb = b % CHANNELS;
            const double base = covariance[xa * CHANNELS * ROWS + xb * CHANNELS];
            assert_true(fabs(covariance[a * ROWS + b] - (ca + 1) * (cb + 1) * base) < 1e-6);
            /* columns are independent; the variance of 0 ... 85 out of 255 */
            const double wanted = xa == xb ? (86.0 * 86 - 1) / 12 / 255 / 255 : 0;
            assert_true(fabs(base - wanted) < 1.5e-3);
        }
}

static void test_filters_are_uncorrelated_pairs(void **state)
{
    (void)state;
    static double covariance[ROWS * ROWS];
    draw_clouds();
    const int layer = whiten_layer(&network), filters = first_layer()->out_channels;
    model m;
    check_ok(model_open(&m, &network, kernels_choose(NULL), &(model_options){.capacity = 1}));
    real *values = calloc(m.layout.total, sizeof *values), *before = calloc(m.layout.total, sizeof *values);
    real *room = calloc(m.layout.total + 1, sizeof *room);
    model_initialize(&m, values, 5);
    memcpy(before, values, m.layout.total * sizeof *values);
    const ranks_view alone = ranks_alone();
    check_ok(whiten_first_layer(&m, values, &data, &alone, room));
    check_ok(whiten_covariance(covariance, &network.layers[layer], &network.layers[0], &data));
    const model_tensor *tensor = &m.layout.tensors[m.nodes[layer].weight];
    assert_int_equal(tensor->count, ROWS * filters);
    const real *w = values + tensor->offset, *random = before + tensor->offset;
    double largest = INFINITY;
    for (int a = 0; a < filters; a++) {
        double length = 0, wanted = 0;
        for (int k = 0; k < ROWS; k++) {
            length += (double)w[k * filters + a] * (double)w[k * filters + a];
            wanted += (double)random[k * filters + a] * (double)random[k * filters + a];
        }
        assert_true(fabs(length / wanted - 1) < 1e-5);
        for (int b = 0; b < filters; b++) {
            double product = 0, other = 0;
            for (int k = 0; k < ROWS; k++) {
                other += (double)w[k * filters + b] * (double)w[k * filters + b];
                for (int j = 0; j < ROWS; j++)
                    product += (double)w[k * filters + a] * covariance[k * ROWS + j] * (double)w[j * filters + b];
            }
            product /= sqrt(length * other);
            if (a == b) { /* largest eigenvalues first, twice each */
                assert_true(product <= largest * (1 + 1e-5) && product > 0);
                largest = product;
            } else if (a / 2 == b / 2) {
                assert_true(fabs(product + largest) < 1e-5 * largest || b > a);
            } else {
                assert_true(fabs(product) < 1e-6);
            }
        }
    }
    for (size_t k = 0; k < m.layout.total; k++) /* nothing else has changed */
        if (k < tensor->offset || k >= tensor->offset + tensor->count) assert_true(values[k] == before[k]);
    free(room);
    free(before);
    free(values);
    model_close(&m);
}

/* A sum over two ranks of which the other one holds nothing. */
static status sum_with_nothing(void *ctx, real *values, size_t count, status local)
{
    (void)values;
    (void)count;
    ++*(int *)ctx;
    return local;
}

static void test_the_other_ranks_take_what_the_first_has_computed(void **state)
{
    (void)state;
    draw_clouds();
    model m;
    check_ok(model_open(&m, &network, kernels_choose(NULL), &(model_options){.capacity = 1}));
    real *one = calloc(m.layout.total, sizeof *one), *two = calloc(m.layout.total, sizeof *two);
    real *room = calloc(m.layout.total + 1, sizeof *room);
    model_initialize(&m, one, 5);
    model_initialize(&m, two, 5);
    int sums = 0;
    ranks_view g = ranks_alone();
    check_ok(whiten_first_layer(&m, one, &data, &g, room));
    g = (ranks_view){.rank = 0, .size = 2, .sum = sum_with_nothing, .ctx = &sums};
    check_ok(whiten_first_layer(&m, two, &data, &g, room));
    assert_int_equal(sums, 1);
    assert_memory_equal(one, two, m.layout.total * sizeof *one);
    g.rank = 1; /* adds zeros, and keeps what comes back */
    check_ok(whiten_first_layer(&m, two, &data, &g, room));
    const model_tensor *tensor = &m.layout.tensors[m.nodes[whiten_layer(&network)].weight];
    for (size_t k = 0; k < tensor->count; k++) assert_true(two[tensor->offset + k] == 0);
    free(room);
    free(two);
    free(one);
    model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_covariance_of_stripes),
        cmocka_unit_test(test_filters_are_uncorrelated_pairs),
        cmocka_unit_test(test_the_other_ranks_take_what_the_first_has_computed),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
