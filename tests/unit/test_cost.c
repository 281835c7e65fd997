/* links: core_cost hw_models */
/* Cost models on whole networks against the golden numbers of method.md 8.6. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cost/cost_total.h"
#include "hw_models/registry.h"

enum { MAX_GROUPS = 80 };

static void assert_cost(const char *network, const char *name, int bits, double wanted, double relative)
{
    graph g;
    status s = graph_load(&g, network);
    if (failed(s)) fail_msg("%s", s.message);
    group_choice groups[MAX_GROUPS];
    assert_true(g.group_count < MAX_GROUPS);
    cost_uniform(groups, &g, bits, 8);
    double value = cost_total(cost_model_find(name), &g, groups, NULL);
    if (fabs(value - wanted) > relative * wanted) fail_msg("%s %s w%d: %.8g, wanted %.8g", network, name, bits, value, wanted);
    graph_free(&g);
}

static void test_sizes_and_cycles_of_the_dossier(void **state)
{
    (void)state;
    assert_cost("configs/networks/resnet8.cfg", "size", 8, 618880, 0);
    assert_cost("configs/networks/resnet8.cfg", "size", 4, 309440, 0);
    assert_cost("configs/networks/resnet8.cfg", "size", 2, 154720, 0);
    assert_cost("configs/networks/resnet8.cfg", "mpic", 8, 5953158.10, 1e-7);
    assert_cost("configs/networks/resnet8.cfg", "mpic", 4, 5435492.17, 1e-7);
    assert_cost("configs/networks/resnet8.cfg", "mpic", 2, 5000652.80, 1e-7);
    assert_cost("configs/networks/dscnn.cfg", "mpic", 8, 1265127.62, 1e-7);
    assert_cost("configs/networks/dscnn.cfg", "mpic", 4, 1155116.52, 1e-7);
    assert_cost("configs/networks/dscnn.cfg", "mpic", 2, 1062707.20, 1e-7);
    assert_cost("configs/networks/resnet8.cfg", "bitops", 8, 12501632.0 * 64, 1e-7);
}

/* The soft state every search starts from. */
static void test_initial_soft_state_of_the_dossier(void **state)
{
    (void)state;
    const double share[4] = {0.15035269, 0.19305667, 0.24788967, 0.40870097};
    const double output[4] = {0, 0.22721977, 0.29175596, 0.48102426};
    graph g;
    status s = graph_load(&g, "configs/networks/resnet8.cfg");
    if (failed(s)) fail_msg("%s", s.message);
    group_choice groups[MAX_GROUPS] = {{{0}, {0}}};
    for (int i = 0; i <= g.group_count; i++) {
        for (int w = 0; i < g.group_count && w < 4; w++)
            groups[i].channels[w] = g.groups[i].channels * (g.groups[i].holds_output ? output[w] : share[w]);
        groups[i].activation[2] = 1;
    }
    double size = cost_total(cost_model_find("size"), &g, groups, NULL);
    double mpic = cost_total(cost_model_find("mpic"), &g, groups, NULL);
    if (fabs(size - 306208.776) > 0.05) fail_msg("size %.6f", size);
    if (fabs(mpic - 4057604.0) > 1) fail_msg("mpic %.6f", mpic);
    graph_free(&g);
}

static void test_unknown_model_is_not_found(void **state)
{
    (void)state;
    assert_null(cost_model_find("sise"));
    assert_non_null(cost_model_find("size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_and_cycles_of_the_dossier),
        cmocka_unit_test(test_initial_soft_state_of_the_dossier),
        cmocka_unit_test(test_unknown_model_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
