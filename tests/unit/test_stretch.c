/* links: core_net */
/* Images that go through a stretch of layers piece by piece: the same bits as all of a shard at once, in every network
 * and mode whose batch-norm needs the whole shard. Whole shards are what memory for evaluation forces forward, and
 * somebody who watches the gradients of activations backward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/net/graph/graph_build.h"
#include "core/net/model/model_memory.h"
#include "core/net/model/model_stretch.h"
#include "tests/support/check.h"
#include "tests/support/check_status.h"

enum { IMAGES = 43, BATCH = 50 };

static const model_pass training = {.training = true, .step = 3, .first = 7};

/* What reads the sum is larger than what was added: in memory for evaluation it is written over one of them. */
static const char widening[] =
    "name = \"widening\"; classes = 5; init = \"he_normal\";"
    "input = { channels = 3; height = 32; width = 32; signed = false; clip = 1.0; };"
    "layers = ("
    "{ name = \"a\"; type = \"conv\"; input = \"image\"; out = 4; kernel = 3; padding = 1; batchnorm = true; },"
    "{ name = \"b\"; type = \"conv\"; input = \"a\"; out = 4; kernel = 1; batchnorm = true; },"
    "{ name = \"sum\"; type = \"add\"; inputs = [\"a\", \"b\"]; relu = true; },"
    "{ name = \"c\"; type = \"conv\"; input = \"sum\"; out = 24; kernel = 1; batchnorm = true; relu = true; },"
    "{ name = \"pool\"; type = \"global_pool\"; input = \"c\"; },"
    "{ name = \"fc\"; type = \"linear\"; input = \"pool\"; out = 5; } );";

typedef struct {
    graph network;
    model_options options;
    model m;
    real *values, *images, *gradients[2], *running[2], *logits;
} world;

static void watch_nothing(void *ctx, int layer)
{
    (void)layer;
    ++*(int *)ctx;
}

/* file: NULL for the one above. */
static void open_world(world *w, const char *file, const kernel_table *k, bool quantized)
{
    if (file != NULL) {
        check_ok(graph_load(&w->network, file));
    } else {
        network_file text;
        check_ok(network_file_parse(&text, widening, "widening.cfg"));
        check_ok(graph_build(&w->network, &text));
        network_file_free(&text);
    }
    w->options = (model_options){.quantized = quantized,
                                 .quantizer = {.batchnorm = BATCHNORM_KEPT, .before_add = BEFORE_ADD_SIGNED},
                                 .weight_count = 3,
                                 .weight_bits = {2, 4, 8},
                                 .activation_count = 2,
                                 .activation_bits = {4, 8},
                                 .input_count = 2,
                                 .input_bits = {4, 8},
                                 .start_temperature = 1,
                                 .capacity = IMAGES,
                                 .seed = 9};
    check_ok(model_open(&w->m, &w->network, k, &w->options));
    const size_t total = w->m.layout.total, image = model_image_values(&w->network.layers[0]);
    w->values = new_reals(total);
    w->images = new_reals(IMAGES * image);
    w->logits = new_reals((size_t)(IMAGES * w->network.classes));
    for (int i = 0; i < 2; i++) {
        w->gradients[i] = new_reals(total);
        w->running[i] = calloc(total, sizeof(real));
        assert_non_null(w->running[i]);
    }
    fill_uniform(w->images, IMAGES * image, 1, 0, 1);
    const model_options plain = {.capacity = 1, .seed = 9, .use = MODEL_FOR_EVALUATION};
    model fine;
    check_ok(model_open(&fine, &w->network, k, &plain));
    real *start = new_reals(fine.layout.total);
    model_initialize(&fine, start, 4);
    if (quantized)
        model_convert(&w->m, w->values, &fine, start);
    else
        model_initialize(&w->m, w->values, 4);
    free(start);
    model_close(&fine);
}

static void close_world(world *w)
{
    for (int i = 0; i < 2; i++) {
        free(w->gradients[i]);
        free(w->running[i]);
    }
    free(w->logits);
    free(w->images);
    free(w->values);
    model_close(&w->m);
    graph_free(&w->network);
}

static void forward(world *w, int images)
{
    const size_t count = (size_t)images * model_image_values(&w->network.layers[0]);
    for (size_t i = 0; i < count; i++) model_input(&w->m)[i] = w->images[i];
    model_forward(&w->m, w->values, images, training);
}

/* Stretches between batch-norms that are cut into pieces. */
static int cut_stretches(const world *w)
{
    const int last = w->network.layer_count - 1;
    int cut = 0;
    for (int first = last, end; first >= 0; first = end) {
        for (end = first - 1; end >= 0 && !model_normalises(&w->m, end); end--) continue;
        cut += model_stretch_piece(&w->m, end < 0 ? 0 : end, first, IMAGES) < IMAGES;
    }
    return cut;
}

static void check_pieces(world *w, model_mode mode, int images)
{
    model *m = &w->m;
    const size_t logits = (size_t)(images * w->network.classes), total = m->layout.total;
    model_prepare(m, w->values, mode, 1, 5);
    assert_true(cut_stretches(w) > 1);
    forward(w, images);
    for (size_t i = 0; i < total; i++) w->running[0][i] = w->running[1][i] = 0;
    model_add_statistics(m, w->running[0], images, 1);
    for (size_t i = 0; i < logits; i++) w->logits[i] = model_logits(m)[i];

    for (int whole = 0; whole < 2; whole++) {
        int watched = 0;
        const model_listener listener = {.reached = watch_nothing, .ctx = &watched};
        fill_uniform(model_output_gradient(m), logits, 2, -0.1, 0.1);
        model_backward(m, w->values, w->gradients[whole], images, BATCH, training, whole ? &listener : NULL);
        assert_int_equal(watched > 0, whole);
    }
    assert_true(check_same("gradients", w->gradients[0], w->gradients[1], total));

    check_ok(model_arrange(m, MODEL_FOR_EVALUATION));
    model_prepare(m, w->values, mode, 1, 5);
    forward(w, images);
    model_add_statistics(m, w->running[1], images, 1);
    assert_true(check_same("logits", w->logits, model_logits(m), logits));
    assert_true(check_same("statistics", w->running[0], w->running[1], total - m->layout.choices));
    check_ok(model_arrange(m, MODEL_FOR_TRAINING));
}

static void test_pieces_of_a_shard_leave_the_bits_of_the_whole(void **state)
{
    (void)state;
    static const char *const tables[] = {"avx512", "avx2", "portable"};
    static const char *const networks[] = {"configs/networks/resnet8.cfg", "configs/networks/dscnn.cfg", NULL};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        const kernel_table *k = kernels_choose(tables[t]);
        if (k == NULL) continue;
        for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
            for (int quantized = 0; quantized < 2; quantized++) {
                world w = {.values = NULL};
                open_world(&w, networks[n], k, quantized);
                check_pieces(&w, quantized ? MODEL_SOFT : MODEL_TRAIN_FLOAT, IMAGES);
                if (quantized) check_pieces(&w, MODEL_HARD, IMAGES - 1);
                close_world(&w);
            }
    }
}

/* The quantiser behind an add is summed in blocks that span images: pieces are of whole blocks. */
static void test_pieces_hold_whole_blocks_of_the_sums_behind_an_add(void **state)
{
    (void)state;
    world w = {.values = NULL};
    open_world(&w, "configs/networks/resnet8.cfg", kernels_choose(NULL), true);
    model_prepare(&w.m, w.values, MODEL_HARD, 1, 0);
    int adds = 0;
    for (int i = 0; i < w.network.layer_count; i++) {
        if (w.network.layers[i].kind != LAYER_ADD) continue;
        const int odd[] = {1, 3, 12, 24}; /* channels of networks that are not of full width */
        const int usual = w.network.layers[i].out_channels;
        for (size_t c = 0; c < sizeof odd / sizeof *odd; c++) {
            w.network.layers[i].out_channels = odd[c];
            const int piece = model_stretch_piece(&w.m, i, i, 1 << 16);
            const size_t values = (size_t)piece * model_image_values(&w.network.layers[i]);
            assert_true(piece < 1 << 16);
            assert_int_equal(values % PACT_BLOCK, 0);
        }
        w.network.layers[i].out_channels = usual;
        adds++;
    }
    assert_int_equal(adds, 3);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_a_shard_leave_the_bits_of_the_whole),
        cmocka_unit_test(test_pieces_hold_whole_blocks_of_the_sums_behind_an_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
