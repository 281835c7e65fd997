/* links: core_quant core_kernels */
/* sources: golden/cases.c */
/* The quantisers alone, in reference arithmetic, against the published implementation: values, steps and elementwise
 * gradients to the last bit, on every instruction set of this processor; sums over a tensor within rounding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quant/act_quant.h"
#include "core/quant/weight_minmax.h"
#include "core/quant/weight_quant.h"
#include "tests/golden/cases.h"
#include "tests/support/whole_kernels.h"

/* Sums of float32 terms of both signs in another order: last bits of the sum of the terms' magnitudes, which may be
 * many times the result. */
static const double SUM_ULPS = 4;

static void compare_sum(const char *group, const char *tensor, real value, double magnitudes)
{
    cases_compare_scaled(group, tensor, &value, SUM_ULPS * GOLDEN_ULP, magnitudes);
}

static void check_weight(const char *group)
{
    golden_tensor given = cases_weight(group, "x");
    const int channels = (int)given.dims[0];
    const size_t count = given.count;
    real *x = golden_reals(given), *y = malloc(count * sizeof *y), *step = malloc((size_t)channels * sizeof *step);
    const real all = 1;
    const weight_choice only = {.precisions = 1,
                                .bits = {(int)golden_number(cases_file, group, "bits")},
                                .quantizer = {&weight_quantizer_minmax_by_division},
                                .columns = 1,
                                .probability = &all};
    weight_mix(y, step, x, count / (size_t)channels, channels, &only);
    cases_compare_weight(group, "y", y, 0);
    cases_compare(group, "scale", step, 0);

    /* The engine hands gradients through weight quantisers unchanged; here is that this is what was published. */
    real *grad_y = golden_reals(cases_weight(group, "grad_y"));
    cases_compare_weight(group, "grad_x", grad_y, 0);
    free(grad_y);
    free(step);
    free(y);
    free(x);
}

static void check_activation_on(const kernel_table *k, const char *group, bool is_signed)
{
    const char *clip_name = is_signed ? "clip_sup" : "clip";
    golden_tensor given = golden_read(cases_file, "%s/x", group);
    const size_t count = given.count;
    real *x = golden_reals(given), *upstream = cases_reals(group, "grad_y"), *clip = cases_reals(group, clip_name);
    real *low = is_signed ? cases_reals(group, "clip_inf") : calloc(1, sizeof *low);
    real *y = malloc(count * sizeof *y), *dx = malloc(count * sizeof *dx);

    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    const int bits = (int)golden_number(cases_file, group, "bits");
    const real all = 1;
    pact q;
    act_quant_prepare(&q, 1, &bits, clip, *low, &all, ACT_BEHIND_LAYER, &published);
    k->pact_forward(y, x, &q, count);
    real dclip[PACT_MAX], dprobability[PACT_MAX], dlow;
    whole_pact_backward(k, dx, dclip, dprobability, &dlow, upstream, x, &q, count);
    real step = act_quant_step(&q);

    int before = cases_differ;
    cases_compare(group, "y", y, 0);
    cases_compare(group, "scale", &step, 0);
    cases_compare(group, "grad_x", dx, 0);
    double above = 0, below = 0;
    for (size_t i = 0; i < count; i++) {
        above += x[i] >= *clip ? fabs((double)upstream[i]) : 0;
        below += x[i] <= *low ? fabs((double)upstream[i]) : 0;
    }
    compare_sum(group, is_signed ? "grad_clip_sup" : "grad_clip", dclip[0], above);
    if (is_signed) compare_sum(group, "grad_clip_inf", dlow, below);
    if (cases_differ > before) printf("    with the kernels for %s\n", k->name);
    free(dx);
    free(y);
    free(low);
    free(clip);
    free(upstream);
    free(x);
}

static void check_activation(const char *group)
{
    static const char *const sets[] = {"portable", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const kernel_table *k = kernels_choose(sets[i]);
        if (k != NULL) check_activation_on(k, group, strncmp(group, "act_signed", 10) == 0);
    }
}

static void check_bias(const char *group)
{
    golden_tensor given = golden_read(cases_file, "%s/x", group);
    const int channels = (int)given.count;
    real *x = golden_reals(given), *step = cases_reals(group, "s_w"), *input_step = cases_reals(group, "s_a");
    real *g = cases_reals(group, "grad_y");
    real *y = malloc((size_t)channels * sizeof *y), *dstep = malloc((size_t)channels * sizeof *dstep), dinput_step = 0;
    bias_quantize(y, x, step, *input_step, channels);
    bias_quantize_backward_scaled(g, dstep, &dinput_step, x, step, *input_step, channels);
    cases_compare(group, "y", y, 0);
    cases_compare(group, "grad_x", g, 0);
    cases_compare(group, "grad_s_w", dstep, 0);
    double magnitudes = 0;
    for (int c = 0; c < channels; c++) magnitudes += fabs((double)dstep[c] * (double)step[c] / (double)*input_step);
    compare_sum(group, "grad_s_a", dinput_step, magnitudes);
    free(dstep);
    free(y);
    free(g);
    free(input_step);
    free(step);
    free(x);
}

int main(void)
{
    cases_file = golden_open("quantizers.h5");
    cases_check_all("weight", check_weight);
    cases_check_all("act_unsigned", check_activation);
    cases_check_all("act_signed", check_activation);
    cases_check_all("bias", check_bias);
    h5_discard(cases_file);
    return golden_report(cases_differ);
}
