/* links: core_cost hw_models */
/* Cost models of 300 layers against the published implementation: values and gradients in reference convention, and the
 * values of exact arithmetic, which differ by the stabilisers alone. Costs are computed in double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hw_models/registry.h"
#include "tests/golden/golden.h"

static const double VALUE_TOLERANCE = 2e-5, GRADIENT_TOLERANCE = 2e-4, FLOAT_ROUNDING = 5e-7;

typedef struct {
    h5_id file;
    size_t layers;
    golden_tensor kind, kh, kw, cin, cout, ho, wo, n, cout_eff, cin_eff, theta_a;
    long compared;
    int failures;
} vectors;

static void read_inputs(vectors *v)
{
    const struct {
        golden_tensor *to;
        const char *name;
    } inputs[] = {{&v->kind, "kind"},         {&v->kh, "kh"},           {&v->kw, "kw"},          {&v->cin, "cin"},
                  {&v->cout, "cout"},         {&v->ho, "ho"},           {&v->wo, "wo"},          {&v->n, "n"},
                  {&v->cout_eff, "cout_eff"}, {&v->cin_eff, "cin_eff"}, {&v->theta_a, "theta_a"}};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        *inputs[i].to = golden_read(v->file, "inputs/%s", inputs[i].name);
    v->layers = v->kind.count;
}

static void free_inputs(vectors *v)
{
    golden_tensor *inputs[] = {&v->kind, &v->kh, &v->kw,       &v->cin,     &v->cout,   &v->ho,
                               &v->wo,   &v->n,  &v->cout_eff, &v->cin_eff, &v->theta_a};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) free(inputs[i]->data);
}

/* What the vectors' rows hold. */
enum { WEIGHTS = 4, ACTIVATIONS = 3 };
static const int WEIGHT_BITS[WEIGHTS] = {0, 2, 4, 8}, ACTIVATION_BITS[ACTIVATIONS] = {2, 4, 8};

static cost_layer layer_at(const vectors *v, size_t i)
{
    static const cost_kind kinds[] = {COST_CONV, COST_DEPTHWISE, COST_LINEAR};
    cost_kind kind = kinds[(int)v->kind.data[i]];
    bool linear = kind == COST_LINEAR;
    return (cost_layer){.kind = kind,
                        .kernel_h = linear ? 1 : (int)v->kh.data[i],
                        .kernel_w = linear ? 1 : (int)v->kw.data[i],
                        .in_channels = (int)v->cin.data[i],
                        .out_channels = (int)v->cout.data[i],
                        .out_height = linear ? 1 : (int)v->ho.data[i],
                        .out_width = linear ? 1 : (int)v->wo.data[i]};
}

static cost_choice choice_at(const vectors *v, size_t i)
{
    cost_choice c = {.kept = v->cout_eff.data[i], .in_kept = v->cin_eff.data[i]};
    for (size_t w = 0; w < WEIGHTS; w++) c.channels[WEIGHT_BITS[w]] = v->n.data[i * WEIGHTS + w];
    for (size_t a = 0; a < ACTIVATIONS; a++) c.activation[ACTIVATION_BITS[a]] = v->theta_a.data[i * ACTIVATIONS + a];
    return c;
}

static void check(vectors *v, const char *name, size_t layer, size_t part, double value, double wanted, double allowed)
{
    v->compared++;
    if (fabs(value - wanted) <= allowed) return;
    v->failures++;
    printf("%s, layer %zu, element %zu: %.9g, wanted %.9g: difference %.3g, relative %.3g, allowed %.3g\n", name, layer,
           part, value, wanted, fabs(value - wanted), fabs(value - wanted) / fabs(wanted), allowed);
}

static double largest(const double *row, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(row[i]));
    return most;
}

/* Relative to the largest number of the row, and to what float32 leaves of terms of size `cancelling` that cancel. */
static void check_row(vectors *v, const char *name, size_t layer, const double *row, const golden_tensor *wanted,
                      size_t count, double cancelling)
{
    const double *want = wanted->data + layer * count;
    double allowed = GRADIENT_TOLERANCE * largest(want, count) + FLOAT_ROUNDING * cancelling;
    for (size_t i = 0; i < count; i++) check(v, name, layer, i, row[i], want[i], allowed);
}

static void check_model(vectors *v, const char *name)
{
    const cost_model *m = cost_model_find(name);
    golden_tensor value = golden_read(v->file, "%s/value", name), by_n = golden_read(v->file, "%s/grad_n", name);
    golden_tensor by_in = golden_read(v->file, "%s/grad_cin_eff", name);
    golden_tensor by_theta = golden_read(v->file, "%s/grad_theta_a", name);
    golden_tensor has_zero = golden_read(v->file, "inputs/has_zero");
    char label[64];
    for (size_t i = 0; i < v->layers; i++) {
        cost_layer l = layer_at(v, i);
        cost_choice c = choice_at(v, i);
        cost_slope s;
        double reference = m->layer(m, &l, &c, true, &s), exact = m->layer(m, &l, &c, false, NULL);
        check(v, name, i, 0, reference, value.data[i], VALUE_TOLERANCE * fabs(value.data[i]));
        /* where only fractions of channels are kept, the stabilisers weigh more */
        double fewest = fmax(c.kept, 1e-4);
        snprintf(label, sizeof label, "%s, exact", name);
        if (l.kind != COST_DEPTHWISE || c.in_kept == c.kept)
            check(v, label, i, 0, exact, value.data[i], (VALUE_TOLERANCE + 1e-4 / fewest) * fabs(value.data[i]));
        double n[WEIGHTS], activation[ACTIVATIONS];
        for (int w = 0; w < WEIGHTS; w++) n[w] = s.channels[WEIGHT_BITS[w]];
        for (int a = 0; a < ACTIVATIONS; a++) activation[a] = s.activation[ACTIVATION_BITS[a]];
        n[0] = has_zero.data[i] != 0 ? n[0] - s.kept : 0;
        double in = m->in_kept_detached ? 0 : s.in_kept;
        snprintf(label, sizeof label, "%s/grad_n", name);
        check_row(v, label, i, n, &by_n, WEIGHTS, value.data[i] / fewest);
        snprintf(label, sizeof label, "%s/grad_cin_eff", name);
        check_row(v, label, i, &in, &by_in, 1, 0);
        snprintf(label, sizeof label, "%s/grad_theta_a", name);
        check_row(v, label, i, activation, &by_theta, ACTIVATIONS, 0);
    }
    free(has_zero.data);
    free(by_theta.data);
    free(by_in.data);
    free(by_n.data);
    free(value.data);
}

static void check_ne16_parts(vectors *v)
{
    const cost_model *m = cost_model_find("ne16");
    golden_tensor wanted = golden_read(v->file, "ne16/per_precision");
    for (size_t i = 0; i < v->layers; i++) {
        cost_layer l = layer_at(v, i);
        for (size_t w = 1; w < WEIGHTS; w++) {
            cost_choice c = choice_at(v, i);
            for (size_t other = 1; other < WEIGHTS; other++)
                if (other != w) c.channels[WEIGHT_BITS[other]] = 0;
            double want = wanted.data[i * ACTIVATIONS + w - 1];
            check(v, "ne16/per_precision", i, w - 1, m->layer(m, &l, &c, true, NULL), want, VALUE_TOLERANCE * want);
        }
    }
    free(wanted.data);
}

/* One multiply-accumulate at one pair of precisions: the entry of the table. */
static double one_operation(const cost_model *m, size_t a, size_t w)
{
    cost_layer l = {.kind = COST_CONV,
                    .kernel_h = 1,
                    .kernel_w = 1,
                    .in_channels = 1,
                    .out_channels = 1,
                    .out_height = 1,
                    .out_width = 1};
    cost_choice c = {.kept = 1, .in_kept = 1};
    c.channels[WEIGHT_BITS[w + 1]] = 1;
    c.activation[ACTIVATION_BITS[a]] = 1;
    return m->layer(m, &l, &c, false, NULL);
}

static void check_tables(vectors *v)
{
    const struct {
        const char *table, *model;
    } tables[] = {{"tables/mpic_macs_per_cycle", "mpic"}, {"tables/bitops_lut", "bitops"}};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        golden_tensor wanted = golden_read(v->file, "%s", tables[t].table);
        for (size_t i = 0; i < wanted.count; i++)
            check(v, tables[t].table, i / 3, i % 3, 1 / one_operation(cost_model_find(tables[t].model), i / 3, i % 3),
                  wanted.data[i], 1e-6 * wanted.data[i]);
        free(wanted.data);
    }
    double per_cycle =
        one_operation(cost_model_find("mpic_energy"), 2, 2) / one_operation(cost_model_find("mpic"), 2, 2);
    golden_tensor cycles = golden_read(v->file, "mpic_energy/cycles"),
                  energy = golden_read(v->file, "mpic_energy/energy");
    for (size_t i = 0; i < cycles.count; i++)
        check(v, "mpic_energy", i, 0, per_cycle * cycles.data[i], energy.data[i], 1e-6 * energy.data[i]);
    free(energy.data);
    free(cycles.data);
}

int main(void)
{
    vectors v = {.file = golden_open("cost_models.h5")};
    read_inputs(&v);
    static const char *const models[] = {"size", "macs", "mpic", "bitops", "ne16"};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) check_model(&v, models[i]);
    check_ne16_parts(&v);
    check_tables(&v);
    printf("cost_models.h5: %zu layers, %ld numbers compared, %d failures\n", v.layers, v.compared, v.failures);
    if (v.layers < 1 || v.compared < (long)(v.layers * 5 * 9)) v.failures++; /* an empty file proves nothing */
    free_inputs(&v);
    status closed = h5_close(v.file);
    return v.failures > 0 || failed(closed) ? 1 : 0;
}
