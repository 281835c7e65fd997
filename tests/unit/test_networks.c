/* links: core_strategy hw_models */
/* Networks of a sweep: every file at every width that is asked for, once; wider, with other classes, other images. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings_load.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/network_variant.h"
#include "core/strategy/strategies.h"
#include "hw_models/registry.h"
#include "tests/support/check_status.h"

#define SMALL "tests/e2e/small_network.cfg"
#define TINY "tests/support/networks/tiny_chain.cfg"

/* ---- one network, varied ---- */

static graph variant_of(const char *path, const network_variant *v)
{
    network_file file;
    graph g;
    check_ok(network_file_read(&file, path));
    check_ok(network_variant_apply(&file, v));
    check_ok(graph_build(&g, &file));
    network_file_free(&file);
    return g;
}

static int channels_of(const graph *g, const char *layer)
{
    return g->layers[graph_find(g, layer)].out_channels;
}

static void check_channels(const graph *g, int first, int inner, int last, int output)
{
    assert_int_equal(channels_of(g, "first"), first);
    assert_int_equal(channels_of(g, "b.c1"), inner);
    assert_int_equal(channels_of(g, "b.c2"), first); /* joined by the sum */
    assert_int_equal(channels_of(g, "last"), last);
    assert_int_equal(channels_of(g, "fc"), output);
}

static void test_a_width_multiplies_every_number_of_channels_but_the_output(void **state)
{
    (void)state;
    static const struct {
        double width;
        int narrow, wide; /* of 8, of 16: multiples of 4 */
        const char *name;
    } cases[] = {{1, 8, 16, "small"},       {1.25, 12, 20, "small-x1.25"}, {1.5, 12, 24, "small-x1.5"},
                 {2, 16, 32, "small-x2"},   {0.5, 4, 8, "small-x0.5"},     {0.1, 4, 4, "small-x0.1"},
                 {1.2, 8, 20, "small-x1.2"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        graph g = variant_of(SMALL, &(network_variant){.width = cases[i].width});
        check_channels(&g, cases[i].narrow, cases[i].narrow, cases[i].wide, 10);
        assert_string_equal(g.name, cases[i].name);
        assert_int_equal(g.layers[0].out_channels, 3); /* the image's own */
        graph_free(&g);
    }
}

static void test_other_classes_are_other_channels_of_the_output_alone(void **state)
{
    (void)state;
    graph g = variant_of(SMALL, &(network_variant){.width = 2, .classes = 3});
    check_channels(&g, 16, 16, 32, 3);
    assert_int_equal(g.classes, 3);
    graph_free(&g);
}

static void test_images_may_have_another_size(void **state)
{
    (void)state;
    graph g = variant_of(SMALL, &(network_variant){.width = 1, .height = 64, .width_pixels = 48, .channels = 1});
    const layer_spec *image = &g.layers[0], *first = &g.layers[graph_find(&g, "first")];
    assert_true(image->out_height == 64 && image->out_width == 48 && image->out_channels == 1);
    assert_true(first->out_height == 16 && first->out_width == 12); /* of stride 4 */
    check_channels(&g, 8, 8, 16, 10);
    graph_free(&g);
}

static void test_the_output_is_found_behind_layers_without_channels(void **state)
{
    (void)state;
    static const char text[] =
        "name = \"pooled\"; classes = 5;\n"
        "input = { channels = 3; height = 8; width = 8; signed = false; clip = 1.0; };\n"
        "layers = ( { name = \"a\"; type = \"conv\"; input = \"image\"; out = 6; kernel = 3; padding = 1; bias = true; "
        "relu = true; },\n"
        "{ name = \"b\"; type = \"conv\"; input = \"a\"; out = 5; kernel = 1; bias = true; relu = true; },\n"
        "{ name = \"p\"; type = \"global_pool\"; input = \"b\"; } );\n";
    network_file file;
    check_ok(network_file_parse(&file, text, "pooled.cfg"));
    check_ok(network_variant_apply(&file, &(network_variant){.width = 2, .classes = 7}));
    assert_int_equal(file.layers[0].spec.out_channels, 12);
    assert_int_equal(file.layers[1].spec.out_channels, 7);
    network_file_free(&file);
}

static void test_too_wide_is_refused_with_the_layer(void **state)
{
    (void)state;
    network_file file;
    check_ok(network_file_read(&file, SMALL));
    status s = network_variant_apply(&file, &(network_variant){.width = 5000});
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "small_network.cfg:");
    check_says(s, "layer last has 16 channels; 5000 times as many are too many");
    network_file_free(&file);
    check_ok(network_file_read(&file, SMALL));
    memset(file.name, 'n', LAYER_NAME - 1);
    check_says(network_variant_apply(&file, &(network_variant){.width = 2}), "no room for its width");
    network_file_free(&file);
}

/* ---- those of a sweep ---- */

static settings read_settings;
static sweep_networks networks;
static char *text;

static status parse_sweep(const char *sweep)
{
    char config[1500];
    snprintf(config, sizeof config, "network = \"" SMALL "\"; data = \"d.h5\"; seeds = [1];\nsweep = ( %s );\n", sweep);
    memset(&read_settings, 0, sizeof read_settings);
    check_ok(settings_parse(&read_settings, config, "x.cfg", strategies_entry_kinds()));
    free(text);
    text = NULL;
    TRY(networks_text(&text, &read_settings));
    return networks_parse(&networks, &read_settings, text, NULL);
}

static void drop_sweep(void)
{
    networks_free(&networks);
    free(text);
    text = NULL;
}

static const char THREE[] =
    "{ strategy = \"fixed\"; bits = [8]; },\n"
    "{ strategy = \"fixed\"; bits = [4]; width = [1.0, 2.0]; },\n"
    "{ strategy = \"fixed\"; bits = [2]; network = [\"" TINY "\", \"" SMALL "\"]; width = [2.0, 1.0]; }";

static void test_a_sweep_has_every_network_once(void **state)
{
    (void)state;
    check_ok(parse_sweep(THREE));
    static const char *const names[] = {"small", "small-x2", "tiny_chain-x2", "tiny_chain"};
    assert_int_equal(networks.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(networks.graphs[i].name, names[i]);
        assert_string_equal(networks.identities[i].name, names[i]);
        assert_int_equal(networks.files[i], i / 2);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(networks.identities[i].checksum, networks.identities[k].checksum);
    }
    int list[ENTRY_MOST_NETWORKS];
    assert_int_equal(networks_of_entry(list, &networks, &read_settings, 0), 1);
    assert_int_equal(list[0], 0);
    assert_int_equal(networks_of_entry(list, &networks, &read_settings, 1), 2);
    assert_true(list[0] == 0 && list[1] == 1);
    assert_int_equal(networks_of_entry(list, &networks, &read_settings, 2), 4);
    assert_true(list[0] == 2 && list[1] == 3 && list[2] == 1 && list[3] == 0);
    drop_sweep();
}

static void test_each_network_has_its_own_warmup(void **state)
{
    (void)state;
    check_ok(parse_sweep(THREE));
    task_plan p;
    check_ok(strategies_plan(&p, &read_settings, &networks, cost_models(), "sha256:data"));
    int warmups = 0, points = 0;
    for (int i = 0; i < p.count; i++) {
        const task *t = &p.tasks[i];
        warmups += !t->point;
        points += t->point;
        assert_string_equal(t->network_name, networks.identities[t->network].name);
        if (t->point) assert_int_equal(p.tasks[task_plan_parent(&p, t, 0) - 1].network, t->network);
    }
    assert_int_equal(warmups, 4);
    assert_int_equal(points, 1 + 2 + 4);
    task_plan_free(&p);
    drop_sweep();
}

/* A run directory holds the texts of all in one file. */
static void test_networks_are_read_again_from_the_text_of_a_run(void **state)
{
    (void)state;
    check_ok(parse_sweep(THREE));
    sweep_networks again;
    check_ok(networks_parse(&again, &read_settings, text, "run/network.cfg"));
    assert_int_equal(again.count, networks.count);
    for (int i = 0; i < again.count; i++)
        assert_string_equal(again.identities[i].checksum, networks.identities[i].checksum);
    networks_free(&again);
    *strstr(text, "#### the next") = '\0';
    status s = networks_parse(&again, &read_settings, text, "run/network.cfg");
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "run/network.cfg, network 2 is missing");
    drop_sweep();
}

static void test_the_wrong_network_is_named(void **state)
{
    (void)state;
    status s = parse_sweep("{ strategy = \"fixed\"; bits = [8]; network = [\"nowhere.cfg\"]; }");
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "nowhere.cfg does not exist");
    check_ok(parse_sweep(THREE));
    char *broken = strstr(text, "\"c1\"");
    broken[1] = 'x';
    networks_free(&networks);
    s = networks_parse(&networks, &read_settings, text, "run/network.cfg");
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(s, "run/network.cfg, network 2");
    free(text);
    text = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_width_multiplies_every_number_of_channels_but_the_output),
        cmocka_unit_test(test_other_classes_are_other_channels_of_the_output_alone),
        cmocka_unit_test(test_images_may_have_another_size),
        cmocka_unit_test(test_the_output_is_found_behind_layers_without_channels),
        cmocka_unit_test(test_too_wide_is_refused_with_the_layer),
        cmocka_unit_test(test_a_sweep_has_every_network_once),
        cmocka_unit_test(test_each_network_has_its_own_warmup),
        cmocka_unit_test(test_networks_are_read_again_from_the_text_of_a_run),
        cmocka_unit_test(test_the_wrong_network_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
