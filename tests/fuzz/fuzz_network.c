/* links: core_strategy hw_models */
/* wraps: arena_reserve */
/* A network file, to the planned model and the plan of a sweep: a configuration behind a line "%%" is that of the
 * sweep, whose network is the text before it. Networks that need much memory get none. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/graph_checksum.h"
#include "core/net/graph/network_variant.h"
#include "core/net/model/model.h"
#include "core/strategy/strategies.h"
#include "hw_models/registry.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_BYTES = 16 << 20 };

static const char usual_sweep[] =
    "network = \"n\"; data = \"d\"; sweep = ( { strategy = \"joint\"; cost_model = \"size\"; "
    "strengths = [0.5]; }, { strategy = \"fixed\"; bits = [8, 4]; } );";

/* Wraps arena_reserve: no network of a fuzzer gets much memory. */
status __real_arena_reserve(arena *a);
status __wrap_arena_reserve(arena *a);
status __wrap_arena_reserve(arena *a)
{
    if (a->used > MOST_BYTES) return status_fail(STATUS_MEMORY, "no memory");
    return __real_arena_reserve(a);
}

/* The float and the quantised network with all their memory. */
static void plan_model(const graph *g)
{
    for (int quantized = 0; quantized < 2; quantized++) {
        const model_options options = {.quantized = quantized == 1,
                                       .weight_count = 3,
                                       .weight_bits = {0, 4, 8},
                                       .activation_count = 1,
                                       .activation_bits = {8},
                                       .input_count = 1,
                                       .input_bits = {8},
                                       .start_temperature = 1,
                                       .capacity = 4};
        model m;
        if (!failed(model_open(&m, g, kernels_choose("portable"), &options))) model_close(&m);
    }
}

/* What is known of a graph without a model. */
static void use_graph(const graph *g)
{
    char checksum[CHECKSUM_TEXT];
    fuzz_must(graph_checksum(checksum, g));
    FILE *nowhere = fopen("/dev/null", "w");
    graph_print(nowhere, g);
    fclose(nowhere);
    plan_model(g);
}

/* The text alone, and as another variant; how: of its first byte. */
static void use_text(const char *text, unsigned how)
{
    const network_variant variants[] = {
        network_variant_none(),
        {.width = 0.25, .classes = 3},
        {.width = 64, .height = 96, .width_pixels = 96, .channels = 3},
    };
    network_file file;
    graph g;
    if (failed(network_file_parse(&file, text, "network"))) return;
    if (!failed(network_variant_apply(&file, &variants[how % 3])) && !failed(graph_build(&g, &file))) {
        use_graph(&g);
        graph_free(&g);
    }
    network_file_free(&file);
}

static void use_sweep(const char *text, const char *sweep)
{
    static settings s;
    cost_registry costs;
    sweep_networks networks;
    task_plan plan;
    memset(&s, 0, sizeof s);
    if (failed(settings_parse(&s, sweep, "sweep", strategies_entry_kinds()))) return;
    const cost_model *const *models = cost_registry_make(&costs, &s.cost);
    if (failed(networks_parse(&networks, &s, text, "network"))) return;
    (void)failed(strategies_plan(&plan, &s, &networks, models, "sha256:00"));
    task_plan_free(&plan);
    networks_free(&networks);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 4 ? memmem(bytes, size, "\n%%\n", 4) : NULL;
    fuzz_input first = {bytes, end != NULL ? (size_t)(end - bytes) : size};
    fuzz_input rest = {end != NULL ? end + 4 : NULL, end != NULL ? size - first.left - 4 : 0};
    char *text = fuzz_text(&first), *sweep = fuzz_text(&rest);
    use_text(text, size > 0 ? bytes[0] : 0);
    use_sweep(text, end != NULL ? sweep : usual_sweep);
    free(text);
    free(sweep);
    return 0;
}
