/* links: core_quant core_kernels */
/* sources: golden/cases.c */
/* Weights and activations mixed over candidate precisions, drawn in every way (softmax, argmax, both with given Gumbel
 * noise), in reference arithmetic against the published implementation. One-hot probabilities give values to the last
 * bit; softmax probabilities differ in the last bits of the exponential function, and so does everything behind them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quant/act_quant.h"
#include "core/quant/choice.h"
#include "core/quant/weight_minmax.h"
#include "core/quant/weight_quant.h"
#include "tests/golden/cases.h"
#include "tests/support/whole_kernels.h"

enum { ACTIVATIONS = 3 };
static const int ACTIVATION_BITS[ACTIVATIONS] = {2, 4, 8};

/* Units in the last place of softmax probabilities: those of an exponential function, and of the rounding of its
 * argument, which is as large as logits over a temperature are. */
static const double EXPONENTIAL_ULPS = 8;
/* Gradients of logits: a difference of two probabilities times a sum of up to 200 products, divided by the temperature.
 */
static const double TIMES_FOR_GRADIENTS = 16;

/* Probabilities of one case, as a training step draws them. */
typedef struct {
    bool hard;
    double tolerance; /* of what is soft */
    int precisions, columns;
    real temperature, *probability, *soft;
} probabilities;

static probabilities draw(const char *group)
{
    char *mode = golden_text(cases_file, group, "mode");
    golden_tensor alpha = golden_read(cases_file, "%s/alpha", group);
    probabilities s = {.hard = strcmp(mode, "hard") == 0 || strcmp(mode, "gumbel_hard") == 0,
                       .precisions = (int)alpha.dims[0],
                       .columns = alpha.rank > 1 ? (int)alpha.dims[1] : 1,
                       .temperature = (real)golden_number(cases_file, group, "temperature"),
                       .probability = malloc(alpha.count * sizeof(real)),
                       .soft = malloc(alpha.count * sizeof(real))};
    real *noise = strncmp(mode, "gumbel", 6) == 0 ? cases_reals(group, "gumbel_noise") : NULL;
    const size_t count = alpha.count;
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(alpha.data[i] + (noise != NULL ? (double)noise[i] : 0)));
    s.tolerance = (EXPONENTIAL_ULPS + largest / (double)s.temperature) * GOLDEN_ULP;
    real *logits = golden_reals(alpha);
    choice_sample(s.probability, s.soft, logits, noise, s.hard, s.precisions, s.columns, s.temperature);
    free(logits);
    free(noise);
    free(mode);
    cases_compare(group, "theta", s.probability, s.hard ? 0 : s.tolerance);
    return s;
}

static void probabilities_free(probabilities *s)
{
    free(s->soft);
    free(s->probability);
}

static void compare_logit_gradient(const char *group, const char *tensor, const probabilities *s, real *dprobability)
{
    choice_softmax_backward(dprobability, dprobability, s->soft, s->precisions, s->columns, s->temperature);
    cases_compare(group, tensor, dprobability, TIMES_FOR_GRADIENTS * s->tolerance);
}

/* What the bias passes on to the probabilities of its layer's weights and of its input; the vectors draw the latter by
 * the softmax at temperature 1, whatever the weights do. */
static void check_bias(const char *group, const probabilities *s, const real *w, size_t rows,
                       const weight_choice *choice, const real *step)
{
    const int channels = s->columns;
    real *clip = cases_reals(group, "act_clip"), *logits = cases_reals(group, "act_alpha");
    real input_share[ACTIVATIONS];
    choice_softmax(input_share, logits, ACTIVATIONS, 1, 1);
    pact input;
    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    act_quant_prepare(&input, ACTIVATIONS, ACTIVATION_BITS, clip, 0, input_share, ACT_BEHIND_LAYER, &published);
    real input_step = act_quant_step(&input);
    cases_compare(group, "s_a", &input_step, s->tolerance);

    /* a step off by a last bit may move a code on a rounding tie: the vectors have none */
    real *bias = cases_reals(group, "bias"), *out = malloc((size_t)channels * sizeof *out);
    bias_quantize(out, bias, step, input_step, channels);
    cases_compare(group, "bias_eff", out, s->tolerance);

    real *dbias = cases_reals(group, "grad_bias_eff"), *dstep = malloc((size_t)channels * sizeof *dstep),
         dinput_step = 0;
    bias_quantize_backward_scaled(dbias, dstep, &dinput_step, bias, step, input_step, channels);
    cases_compare(group, "grad_bias", dbias, s->tolerance);

    real *steps = malloc((size_t)s->precisions * (size_t)channels * sizeof *steps);
    weight_steps(steps, w, rows, channels, s->precisions, choice->bits);
    for (int p = 0; p < s->precisions; p++)
        for (int c = 0; c < channels; c++) steps[p * channels + c] *= dstep[c]; /* now dL/dprobability */
    compare_logit_gradient(group, "grad_alpha_via_bias", s, steps);
    real dinput[ACTIVATIONS];
    for (int j = 0; j < ACTIVATIONS; j++) dinput[j] = dinput_step * (clip[j] / (real)((1 << ACTIVATION_BITS[j]) - 1));
    choice_softmax_backward(dinput, dinput, input_share, ACTIVATIONS, 1, 1);
    cases_compare(group, "grad_act_alpha_via_bias", dinput, TIMES_FOR_GRADIENTS * s->tolerance);
    free(steps);
    free(dstep);
    free(dbias);
    free(out);
    free(bias);
    free(logits);
    free(clip);
}

static void check_counts(const char *group, const probabilities *s, const weight_choice *choice)
{
    double kept = 0, bits = 0;
    for (int p = 0; p < s->precisions; p++)
        for (int c = 0; c < s->columns; c++) {
            double probability = (double)s->probability[p * s->columns + c];
            kept += choice->bits[p] != 0 ? probability : 0;
            bits += choice->bits[p] * probability;
        }
    const real kept_channels = (real)kept, mean_bits = (real)(bits / (kept + 1e-10));
    cases_compare(group, "cout_eff", &kept_channels, s->tolerance);
    cases_compare(group, "mean_bits", &mean_bits, s->tolerance);
}

static void check_weight(const char *group)
{
    probabilities s = draw(group);
    weight_choice choice = {.precisions = s.precisions, .columns = s.columns, .probability = s.probability};
    for (int p = 0; p < s.precisions; p++) {
        choice.bits[p] = s.precisions == 4 && p == 0 ? 0 : 8 >> (s.precisions - 1 - p);
        choice.quantizer[p] = &weight_quantizer_minmax_by_division;
    }
    golden_tensor given = cases_weight(group, "w");
    const int channels = (int)given.dims[0];
    const size_t count = given.count, rows = count / (size_t)channels;
    real *w = golden_reals(given), *mixed = malloc(count * sizeof *mixed),
         *step = malloc((size_t)channels * sizeof *step);

    weight_mix(mixed, step, w, rows, channels, &choice);
    cases_compare_weight(group, "w_eff", mixed, s.hard ? 0 : s.tolerance);
    cases_compare(group, "s_w", step, s.hard ? 0 : s.tolerance);
    check_counts(group, &s, &choice);
    check_bias(group, &s, w, rows, &choice, step);

    /* the weights take the gradient of the mixed weights as it is: probabilities sum to 1, and 0 bit passes it on, too
     */
    real *upstream = golden_reals(cases_weight(group, "grad_w_eff"));
    cases_compare_weight(group, "grad_w", upstream, s.tolerance);
    real *dprobability = calloc((size_t)s.precisions * (size_t)s.columns, sizeof *dprobability);
    weight_mix_backward(dprobability, upstream, w, rows, channels, &choice);
    compare_logit_gradient(group, "grad_alpha", &s, dprobability);
    free(dprobability);
    free(upstream);
    free(step);
    free(mixed);
    free(w);
    probabilities_free(&s);
}

static void check_activation_on(const kernel_table *k, const char *group, const probabilities *s)
{
    golden_tensor given = golden_read(cases_file, "%s/x", group);
    const size_t count = given.count;
    real *x = golden_reals(given), *g = cases_reals(group, "grad_y"), *clip = cases_reals(group, "clip");
    real *y = malloc(count * sizeof *y), *dx = malloc(count * sizeof *dx);
    const arithmetic_rules published = arithmetic_rules_of(ARITHMETIC_REFERENCE);
    pact q;
    act_quant_prepare(&q, ACTIVATIONS, ACTIVATION_BITS, clip, 0, s->probability, ACT_BEHIND_LAYER, &published);
    k->pact_forward(y, x, &q, count);
    real dclip[PACT_MAX], dprobability[PACT_MAX];
    whole_pact_backward(k, dx, dclip, dprobability, NULL, g, x, &q, count);

    int before = cases_differ;
    cases_compare(group, "y", y, s->hard ? 0 : s->tolerance);
    cases_compare(group, "grad_x", dx, s->tolerance);
    cases_compare(group, "grad_clip", dclip, TIMES_FOR_GRADIENTS * s->tolerance);
    compare_logit_gradient(group, "grad_alpha", s, dprobability);
    if (cases_differ > before) printf("    with the kernels for %s\n", k->name);
    free(dx);
    free(y);
    free(clip);
    free(g);
    free(x);
}

static void check_activation(const char *group)
{
    static const char *const sets[] = {"portable", "avx2", "avx512"};
    probabilities s = draw(group);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const kernel_table *k = kernels_choose(sets[i]);
        if (k != NULL) check_activation_on(k, group, &s);
    }
    probabilities_free(&s);
}

int main(void)
{
    cases_file = golden_open("mixed_layer.h5");
    cases_check_all("weight", check_weight);
    cases_check_all("activation", check_activation);
    h5_discard(cases_file);
    return golden_report(cases_differ);
}
