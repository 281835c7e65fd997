/* links: core_net */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/net/graph/graph.h"
#include "core/net/graph/graph_build.h"
#include "tests/support/scratch.h"

#define HEAD "name = \"t\"; classes = 10;\ninput = { channels = 3; height = 8; width = 8; };\n"
#define CONV(name, rest) "{ name = \"" name "\"; type = \"conv\"; out = 4; kernel = 3; padding = 1; " rest " }"
#define TAIL "{ name = \"pool\"; type = \"global_pool\"; },\n{ name = \"fc\"; type = \"linear\"; out = 10; } );"

static status load(graph *g, const char *text)
{
    const char *path = scratch_file(&scratch_place, "t.cfg");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return graph_load(g, path);
}

static graph loaded(const char *text)
{
    graph g;
    status s = load(&g, text);
    if (failed(s)) fail_msg("does not load: %s", s.message);
    return g;
}

static graph shipped(const char *path)
{
    graph g;
    status s = graph_load(&g, path);
    if (failed(s)) fail_msg("%s", s.message);
    return g;
}

static void assert_refused(const char *text, const char *const *parts)
{
    graph g;
    status s = load(&g, text);
    if (!failed(s)) fail_msg("loads, but should not: %s", text);
    assert_int_equal(s.code, STATUS_CONFIG);
    for (; *parts != NULL; parts++)
        if (strstr(s.message, *parts) == NULL) fail_msg("\"%s\" is not in: %s", *parts, s.message);
}
#define REFUSES(text, ...) assert_refused(text, (const char *const[]){__VA_ARGS__, NULL})

static void assert_totals(const char *path, size_t weights, int biases, double macs)
{
    graph g = shipped(path);
    size_t all_weights = 0;
    int all_biases = 0;
    double all_macs = 0;
    for (int i = 0; i < g.layer_count; i++) {
        const layer_spec *l = &g.layers[i];
        all_weights += layer_weight_count(l);
        all_macs += layer_macs(l);
        if (l->bias || l->batchnorm) all_biases += l->out_channels;
    }
    assert_int_equal(all_weights, weights);
    assert_int_equal(all_biases, biases);
    assert_true(all_macs == macs);
    graph_free(&g);
}

/* All layers in one line of `groups` share a group; layers in different lines do not. Every layer but the pass-through
 * ones must be named. */
static void assert_groups(const graph *g, const char *const *const *groups)
{
    int named = 0, group_of[GRAPH_MAX_LAYERS], count = 0;
    for (; groups[count] != NULL; count++) {
        for (const char *const *name = groups[count]; *name != NULL; name++) {
            int i = graph_find(g, *name);
            if (i < 0) fail_msg("no layer %s", *name);
            if (name == groups[count]) group_of[count] = g->layers[i].group;
            if (g->layers[i].group != group_of[count]) fail_msg("%s is not in the group of %s", *name, *groups[count]);
            named++;
        }
        for (int earlier = 0; earlier < count; earlier++) assert_int_not_equal(group_of[earlier], group_of[count]);
    }
    int makers = 0;
    for (int i = 1; i < g->layer_count; i++)
        makers += layer_has_weights(&g->layers[i]) || g->layers[i].kind == LAYER_ADD;
    assert_int_equal(named, makers);
    assert_int_equal(g->group_count, count + 1); /* and that of the image */
}
#define GROUP(...)                                                                                                     \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }
#define GROUPS(...)                                                                                                    \
    (const char *const *const[])                                                                                       \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

static void test_totals_of_the_published_networks(void **state)
{
    (void)state;
    assert_totals("configs/networks/resnet8.cfg", 77360, 346, 12501632);
    assert_totals("configs/networks/dscnn.cfg", 22016, 588, 2656768);
    assert_totals("configs/networks/resnet18.cfg", 11261632, 5000, 2221772800);
    assert_totals("configs/networks/digits8.cfg", 19608, 178, 809280);
    /* Weights of conv and fc. 27560 = 26560 channels with batch-norm + 1000 classes; MobileNet-V1: 10944 + 1000. */
    assert_totals("configs/networks/resnet50.cfg", 25502912, 27560, 4089184256);
    assert_totals("configs/networks/mobilenet_v1.cfg", 4209088, 11944, 568740352);
    /* 268336 of the original and the 1x1 shortcuts 16 * 32 + 32 * 64. */
    assert_totals("configs/networks/resnet20.cfg", 268336 + 512 + 2048, 794, 40813184);
    assert_totals("configs/networks/vgg_small.cfg", 4574592 + 81920, 1802, 607600640);
}

static void test_resnet8_layers_have_the_published_shapes(void **state)
{
    (void)state;
    graph g = shipped("configs/networks/resnet8.cfg");
    static const struct {
        const char *name;
        int in, out, k, s, side;
        size_t weights;
        double macs;
    } rows[] = {
        {"input", 3, 16, 3, 1, 32, 432, 442368},    {"b1.c1", 16, 16, 3, 1, 32, 2304, 2359296},
        {"b1.c2", 16, 16, 3, 1, 32, 2304, 2359296}, {"b2.c1", 16, 32, 3, 2, 16, 4608, 1179648},
        {"b2.c2", 32, 32, 3, 1, 16, 9216, 2359296}, {"b2.sc", 16, 32, 1, 2, 16, 512, 131072},
        {"b3.c1", 32, 64, 3, 2, 8, 18432, 1179648}, {"b3.c2", 64, 64, 3, 1, 8, 36864, 2359296},
        {"b3.sc", 32, 64, 1, 2, 8, 2048, 131072},   {"fc", 64, 10, 1, 1, 1, 640, 640},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int at = graph_find(&g, rows[i].name);
        assert_true(at > 0);
        const layer_spec *l = &g.layers[at];
        assert_int_equal(l->in_channels, rows[i].in);
        assert_int_equal(l->out_channels, rows[i].out);
        assert_int_equal(l->kernel_h, rows[i].k);
        assert_int_equal(l->kernel_w, rows[i].k);
        assert_int_equal(l->stride_h, rows[i].s);
        assert_int_equal(l->pad_h, rows[i].k / 2);
        assert_int_equal(l->out_height, rows[i].side);
        assert_int_equal(l->out_width, rows[i].side);
        assert_int_equal(layer_weight_count(l), rows[i].weights);
        assert_true(layer_macs(l) == rows[i].macs);
    }
    /* METHOD.md 6.1: which convolutions have their own bias, batch-norm, ReLU; the order of the operands of add. */
    const layer_spec *c1 = &g.layers[graph_find(&g, "b1.c1")], *c2 = &g.layers[graph_find(&g, "b1.c2")],
                     *sc = &g.layers[graph_find(&g, "b2.sc")], *add2 = &g.layers[graph_find(&g, "add2")];
    assert_true(!c1->bias && c1->batchnorm && c1->relu);
    assert_true(c2->bias && c2->batchnorm && !c2->relu);
    assert_true(sc->bias && !sc->batchnorm && !sc->relu);
    assert_true(add2->relu);
    assert_int_equal(add2->inputs[0], graph_find(&g, "b2.sc"));
    assert_int_equal(add2->inputs[1], graph_find(&g, "b2.c2"));
    assert_int_equal(g.classes, 10);
    assert_false(g.input_signed);
    assert_true(g.input_clip_low == 0 && g.input_clip_high == 1);
    assert_int_equal(g.init, INIT_HE_NORMAL);
    graph_free(&g);
}

static void test_dscnn_has_the_published_shapes_and_input(void **state)
{
    (void)state;
    graph g = shipped("configs/networks/dscnn.cfg");
    const layer_spec *input = &g.layers[graph_find(&g, "input")], *dw = &g.layers[graph_find(&g, "dw3")];
    assert_int_equal(g.layers[0].out_height, 49);
    assert_int_equal(g.layers[0].out_width, 10);
    assert_true(input->kernel_h == 10 && input->kernel_w == 4 && input->stride_h == 2 && input->stride_w == 2);
    assert_true(input->pad_h == 5 && input->pad_w == 1);
    assert_true(input->out_height == 25 && input->out_width == 5);
    assert_int_equal(layer_weight_count(dw), 576);
    assert_true(layer_macs(dw) == 72000);
    assert_true(g.input_signed && g.input_clip_low == -6 && g.input_clip_high == 6);
    assert_true(g.bn_momentum == 0.01f);
    assert_int_equal(g.init, INIT_UNIFORM);
    assert_true(g.layers[graph_find(&g, "drop1")].rate == 0.2f);
    graph_free(&g);
}

static void test_sharing_groups_are_those_of_the_method(void **state)
{
    (void)state;
    graph g = shipped("configs/networks/resnet8.cfg");
    assert_groups(&g, GROUPS(GROUP("input", "b1.c2", "add1"), GROUP("b1.c1"), GROUP("b2.c1"),
                             GROUP("b2.c2", "b2.sc", "add2"), GROUP("b3.c1"), GROUP("b3.c2", "b3.sc", "add3"),
                             GROUP("fc")));
    for (int i = 0; i < g.group_count; i++) {
        assert_int_equal(g.groups[i].holds_image, i == 0);
        assert_int_equal(g.groups[i].holds_output, i == g.layers[g.layer_count - 1].group);
    }
    assert_int_equal(g.layers[graph_find(&g, "pool")].group, g.layers[graph_find(&g, "add3")].group);
    assert_int_equal(g.groups[g.layers[graph_find(&g, "add3")].group].channels, 64);
    graph_free(&g);

    g = shipped("configs/networks/dscnn.cfg");
    assert_groups(&g, GROUPS(GROUP("input", "dw1"), GROUP("pw1", "dw2"), GROUP("pw2", "dw3"), GROUP("pw3", "dw4"),
                             GROUP("pw4"), GROUP("fc")));
    graph_free(&g);

    g = shipped("configs/networks/resnet18.cfg");
    assert_groups(&g,
                  GROUPS(GROUP("stem", "1_0.c2", "1_1.c2", "1_0.add", "1_1.add"), GROUP("1_0.c1"), GROUP("1_1.c1"),
                         GROUP("2_0.c2", "2_0.ds", "2_1.c2", "2_0.add", "2_1.add"), GROUP("2_0.c1"), GROUP("2_1.c1"),
                         GROUP("3_0.c2", "3_0.ds", "3_1.c2", "3_0.add", "3_1.add"), GROUP("3_0.c1"), GROUP("3_1.c1"),
                         GROUP("4_0.c2", "4_0.ds", "4_1.c2", "4_0.add", "4_1.add"), GROUP("4_0.c1"), GROUP("4_1.c1"),
                         GROUP("fc")));
    graph_free(&g);

    /* Stem; each c1 and c2 alone (2 * 16); one per stage; fc; image. */
    g = shipped("configs/networks/resnet50.cfg");
    assert_int_equal(g.group_count, 1 + 32 + 4 + 1 + 1);
    assert_int_equal(g.layers[graph_find(&g, "3_0.ds")].group, g.layers[graph_find(&g, "3_5.add")].group);
    graph_free(&g);
}

static void test_a_group_behind_a_flatten_keeps_its_channels(void **state)
{
    (void)state;
    graph g = shipped("configs/networks/vgg_small.cfg");
    const layer_spec *flat = &g.layers[graph_find(&g, "flat")];
    assert_int_equal(flat->out_channels, 8192);
    assert_int_equal(flat->group, g.layers[graph_find(&g, "c6")].group);
    assert_int_equal(g.groups[flat->group].channels, 512);
    graph_free(&g);
}

static void test_image_and_output_groups_are_marked_through_shared_layers(void **state)
{
    (void)state;
    /* A depthwise layer on the image shares its group; so does what is added to it. */
    graph g = loaded(HEAD "layers = ( { name = \"dw\"; type = \"depthwise\"; kernel = 3; padding = 1; },\n"
                          "{ name = \"c\"; type = \"conv\"; out = 3; kernel = 1; },\n"
                          "{ name = \"a\"; type = \"add\"; inputs = [\"dw\", \"c\"]; }, " TAIL);
    assert_int_equal(g.layers[graph_find(&g, "c")].group, g.layers[0].group);
    assert_true(g.groups[g.layers[0].group].holds_image);
    graph_free(&g);

    /* The output pool passes on the group of the convolution in front of it. */
    g = loaded(HEAD "layers = ( { name = \"c\"; type = \"conv\"; out = 10; kernel = 1; }, { name = \"p\"; type = "
                    "\"global_pool\"; } );");
    assert_true(g.groups[g.layers[graph_find(&g, "c")].group].holds_output);
    graph_free(&g);
}

static void test_order_follows_the_file_where_it_can(void **state)
{
    (void)state;
    graph g = loaded(
        HEAD
        "layers = (\n"
        "{ name = \"fc\"; type = \"linear\"; input = \"pool\"; out = 10; },\n"
        "{ name = \"add\"; type = \"add\"; inputs = [\"c\", \"b\"]; },\n" CONV("a", "input = \"image\";") ",\n" CONV(
            "b", "input = \"a\";") ",\n" CONV("c", "input = \"a\";") ",\n"
                                                                     "{ name = \"pool\"; type = \"global_pool\"; input "
                                                                     "= \"add\"; } );");
    const char *order[] = {"image", "a", "b", "c", "add", "pool", "fc"};
    assert_int_equal(g.layer_count, 7);
    for (int i = 0; i < 7; i++) assert_string_equal(g.layers[i].name, order[i]);
    for (int i = 1; i < 7; i++)
        for (int j = 0; j < g.layers[i].input_count; j++) assert_true(g.layers[i].inputs[j] < i);
    assert_int_equal(g.layers[4].inputs[0], 3); /* operands stay in the order of the file */
    assert_int_equal(g.layers[4].inputs[1], 2);
    graph_free(&g);
}

static void test_windows_round_down(void **state)
{
    (void)state;
    graph g = loaded(HEAD "layers = ( { name = \"c\"; type = \"conv\"; out = 4; kernel = [3, 2]; stride = [2, 3]; "
                          "padding = [1, 0]; bias = false; },\n"
                          "{ name = \"p\"; type = \"average_pool\"; kernel = [2, 1]; }, { name = \"m\"; type = "
                          "\"max_pool\"; kernel = 2; stride = 1; },\n"
                          "{ name = \"f\"; type = \"flatten\"; }, { name = \"d\"; type = \"dropout\"; rate = 0.5; },\n"
                          "{ name = \"fc\"; type = \"linear\"; out = 10; } );");
    const layer_spec *l = &g.layers[1];
    assert_true(l->out_height == 4 && l->out_width == 3); /* (8 + 2 - 3) / 2 + 1, (8 - 2) / 3 + 1 */
    assert_false(l->bias);
    assert_true(g.layers[2].stride_h == 2 && g.layers[2].stride_w == 1); /* pooling: the stride is the kernel */
    assert_true(g.layers[2].out_height == 2 && g.layers[2].out_width == 3);
    assert_true(g.layers[3].out_height == 1 && g.layers[3].out_width == 2);
    assert_int_equal(g.layers[4].out_channels, 8);
    assert_int_equal(layer_weight_count(&g.layers[6]), 80);
    assert_true(g.bn_momentum == 0.1f);
    graph_free(&g);
}

static void test_wrong_layers_are_refused_with_line_and_name(void **state)
{
    (void)state;
#define ONE(text) HEAD "layers = (\n { " text " },\n" TAIL
    REFUSES(ONE("name = \"c\"; type = \"konv\"; out = 4; kernel = 3;"), "t.cfg:4:", "layers[c].type", "\"konv\"",
            "depthwise");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernl = 3;"), "t.cfg:4:", "layers[c].kernl",
            "layers[c].kernel");
    REFUSES(ONE("name = \"c\"; type = \"depthwise\"; out = 4; kernel = 3;"), "unknown key \"layers[c].out\"");
    REFUSES(ONE("type = \"conv\"; out = 4; kernel = 3;"), "t.cfg:4:", "layers[0] needs name");
    REFUSES(ONE("name = \"\"; type = \"conv\"; out = 4; kernel = 3;"), "name");
    REFUSES(ONE("name = \"a b\"; type = \"conv\"; out = 4; kernel = 3;"), "letters, digits");
    REFUSES(ONE("name = \"image\"; type = \"conv\"; out = 4; kernel = 3;"), "network input");
    REFUSES(ONE("name = \"fc\"; type = \"conv\"; out = 4; kernel = 3;"), "t.cfg:6:", "layers[fc] has the name",
            "line 4");
    REFUSES(ONE("name = \"c\"; out = 4; kernel = 3;"), "layers[c] needs type");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; kernel = 3;"), "layers[c] needs out");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4;"), "layers[c] needs kernel");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4.0; kernel = 3;"), "layers[c].out must be an integer");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 0; kernel = 3;"), "1 ... 65536, not 0");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernel = [3, 3, 3];"), "two: [height, width]");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernel = 3; stride = 0;"), "layers[c].stride");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernel = 3; relu = 1;"), "true or false");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernel = 9;"), "t.cfg:4:", "\"c\"", "9x9", "8x8");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; out = 4; kernel = 3; padding = 3;"), "\"c\"", "padding", "smaller");
    REFUSES(ONE("name = \"p\"; type = \"max_pool\"; kernel = 3; padding = 1;"), "layers[p].padding", "not possible");
    REFUSES(ONE("name = \"d\"; type = \"dropout\";"), "needs rate");
    REFUSES(ONE("name = \"d\"; type = \"dropout\"; rate = 1.0;"), "below 1");
    REFUSES(ONE("name = \"a\"; type = \"add\"; inputs = [\"image\"];"), "two inputs");
    REFUSES(ONE("name = \"a\"; type = \"add\"; inputs = [\"image\", \"image\"];"), "added to itself");
    REFUSES(ONE("name = \"a\"; type = \"add\"; input = \"image\";"), "unknown key \"layers[a].input\"");
    REFUSES(ONE("name = \"c\"; type = \"conv\"; input = \"zz\"; out = 4; kernel = 3;"), "t.cfg:4:", "\"c\"", "\"zz\"");
    REFUSES(HEAD "layers = ( 5 );", "must be a section");
    REFUSES(HEAD "layers = ( );", "empty");
}

static void test_layers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    REFUSES(HEAD "layers = (\n" CONV("a", "") ",\n" CONV(
                "b", "stride = 2;") ",\n{ name = \"s\"; type = \"add\"; inputs = [\"a\", \"b\"]; },\n" TAIL,
            "t.cfg:6:", "\"s\"", "\"a\" of 8x8x4", "\"b\" of 4x4x4");
    REFUSES(
        HEAD "layers = (\n" CONV("a", "") ",\n" CONV(
            "b",
            "input = \"image\"; stride = [2, 1];") ",\n"
                                                   "{ name = \"s\"; type = \"add\"; inputs = [\"a\", \"b\"]; },\n" TAIL,
        "\"a\" of 8x8x4", "\"b\" of 4x8x4");
    REFUSES(HEAD "layers = (\n{ name = \"fc\"; type = \"linear\"; out = 10; } );", "t.cfg:4:", "\"fc\"", "8x8x3",
            "global_pool", "flatten");
    REFUSES(HEAD "layers = (\n" CONV("a", "") ",\n" CONV("b", "input = \"image\";") ",\n" TAIL, "\"fc\"",
            "\"a\" (line 4)", "one output");
    REFUSES(HEAD "layers = (\n" CONV("a", "") ");", "\"a\"", "8x8 pixels");
    REFUSES(
        HEAD
        "layers = (\n{ name = \"pool\"; type = \"global_pool\"; }, { name = \"fc\"; type = \"linear\"; out = 11; } );",
        "\"fc\"", "11 channels", "classes = 10");
    REFUSES(HEAD "layers = (\n" CONV("a", "") ",\n{ name = \"f\"; type = \"flatten\"; },\n"
                                              "{ name = \"g\"; type = \"flatten\"; input = \"a\"; },\n{ name = \"d\"; "
                                              "type = \"dropout\"; rate = 0.1; input = \"g\"; },\n"
                                              "{ name = \"s\"; type = \"add\"; inputs = [\"f\", \"d\"]; }, { name = "
                                              "\"fc\"; type = \"linear\"; out = 10; } );",
            "t.cfg:8:", "\"s\"", "flatten");
    REFUSES(HEAD "layers = (\n{ name = \"f\"; type = \"flatten\"; },\n{ name = \"c\"; type = \"conv\"; out = 4; kernel "
                 "= 1; },\n" TAIL,
            "\"c\"", "flatten");
    REFUSES(HEAD "layers = (\n" CONV("a", "input = \"c\";") ",\n" CONV("b", "") ",\n" CONV("c", "") ",\n" TAIL,
            "t.cfg:4:", "\"a\" is its own input", "a <- c <- b <- a");
    REFUSES(HEAD "layers = (\n" CONV("a", "input = \"a\";") ",\n" TAIL, "a <- a");
}

static void test_wrong_headers_are_refused(void **state)
{
    (void)state;
#define LAYERS "layers = ( " TAIL
    REFUSES("classes = 10; input = { channels = 3; height = 8; width = 8; };" LAYERS, "name is missing");
    REFUSES("name = \"t\"; input = { channels = 3; height = 8; width = 8; };" LAYERS, "classes is missing");
    REFUSES("name = \"t\"; classes = 10;" LAYERS, "input is missing");
    REFUSES(HEAD, "layers is missing");
    REFUSES("nmae = \"t\"; classes = 10; input = { channels = 3; height = 8; width = 8; };" LAYERS,
            "unknown key \"nmae\"", "\"name\"");
    REFUSES("name = \"t\"; classes = 10; input = { chanels = 3; height = 8; width = 8; };" LAYERS, "\"input.chanels\"",
            "\"input.channels\"");
    REFUSES("name = \"t\"; classes = 1; input = { channels = 3; height = 8; width = 8; };" LAYERS,
            "2 ... 65536, not 1");
    REFUSES(HEAD "init = \"zeros\";" LAYERS, "he_normal", "zeros");
    REFUSES(HEAD "batchnorm_momentum = 0;" LAYERS, "batchnorm_momentum", "above 0");
#define INPUT(text) "name = \"t\"; classes = 10; input = { channels = 3; height = 8; width = 8; " text " };" LAYERS
    REFUSES(INPUT("signed = true;"), "needs clip");
    REFUSES(INPUT("clip = 0.0;"), "at least 0.001");
    REFUSES(INPUT("clip_low = -1.0; clip_high = 1.0;"), "signed = true");
    REFUSES(INPUT("signed = true; clip_low = 0.5; clip_high = 1.0;"), "input.clip_low", "at most -0.001");
    REFUSES(INPUT("signed = true; clip = 1.0; clip_high = 1.0;"), "one or the other");
    graph g = loaded(INPUT("signed = true; clip = 2.5;"));
    assert_true(g.input_clip_low == -2.5f && g.input_clip_high == 2.5f);
    graph_free(&g);
    status s = graph_load(&g, "no/such.cfg");
    assert_int_equal(s.code, STATUS_CONFIG);
    assert_non_null(strstr(s.message, "no/such.cfg"));
}

static void test_the_table_shows_layers_and_totals(void **state)
{
    (void)state;
    graph g = shipped("configs/networks/resnet8.cfg");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    graph_print(out, &g);
    assert_int_equal(fclose(out), 0);
    for (int i = 0; i < g.layer_count; i++) assert_non_null(strstr(text, g.layers[i].name));
    assert_non_null(strstr(text, "input + b1.c2"));
    assert_non_null(strstr(text, "3x3 /2"));
    const char *total = strstr(text, "total");
    assert_non_null(total);
    size_t weights;
    int biases;
    double macs;
    assert_int_equal(sscanf(total, "total %zu %d %lf", &weights, &biases, &macs), 3);
    assert_int_equal(weights, 77360);
    assert_int_equal(biases, 346);
    assert_true(macs == 12501632);
    /* Aligned: all lines of layers are equally long. */
    const char *row = strchr(text, '\n') + 1;
    size_t length = strcspn(row, "\n");
    for (int i = 0; i <= g.layer_count; i++, row += length + 1) assert_int_equal(strcspn(row, "\n"), length);
    free(text);
    graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals_of_the_published_networks),
        cmocka_unit_test(test_resnet8_layers_have_the_published_shapes),
        cmocka_unit_test(test_dscnn_has_the_published_shapes_and_input),
        cmocka_unit_test(test_sharing_groups_are_those_of_the_method),
        cmocka_unit_test(test_a_group_behind_a_flatten_keeps_its_channels),
        cmocka_unit_test(test_image_and_output_groups_are_marked_through_shared_layers),
        cmocka_unit_test(test_order_follows_the_file_where_it_can),
        cmocka_unit_test(test_windows_round_down),
        cmocka_unit_test(test_wrong_layers_are_refused_with_line_and_name),
        cmocka_unit_test(test_layers_that_do_not_fit_are_refused),
        cmocka_unit_test(test_wrong_headers_are_refused),
        cmocka_unit_test(test_the_table_shows_layers_and_totals),
    };
    return cmocka_run_group_tests_name("graph", tests, scratch_set_up, scratch_tear_down);
}
