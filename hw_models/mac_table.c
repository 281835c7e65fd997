#include "hw_models/mac_table.h"

#include <math.h>
#include <stddef.h>

static const double STABILISER = 1e-6; /* [REF] */

double mac_count(const cost_layer *l, const cost_choice *c, bool reference, double *by_in_kept, double *by_kept)
{
    double window = (double)l->kernel_h * l->kernel_w * l->out_height * l->out_width;
    if (l->kind != COST_DEPTHWISE) {
        *by_in_kept = c->kept * window;
        *by_kept = c->in_kept * window;
        return c->in_kept * c->kept * window;
    }
    if (!reference) { /* every filter sees one channel: its own */
        *by_in_kept = 0;
        *by_kept = window;
        return c->kept * window;
    }
    double kept = c->kept + STABILISER;
    *by_in_kept = window * c->kept / kept;
    *by_kept = window * c->in_kept * STABILISER / (kept * kept);
    return c->in_kept * window * c->kept / kept;
}

/* Place of a number of bits in a table; -1: in none. */
static int place_of(int bits)
{
    return bits == 2 ? 0 : bits == 4 ? 1 : bits == 8 ? 2 : -1;
}

bool mac_table_defined(int weight_bits, int activation_bits)
{
    return place_of(weight_bits) >= 0 && place_of(activation_bits) >= 0;
}

double mac_table_factor(const void *table, int activation_bits, int weight_bits)
{
    const mac_table *t = table;
    if (!mac_table_defined(weight_bits, activation_bits)) return NAN;
    return t->factor[place_of(activation_bits)][place_of(weight_bits)];
}

/* Weighted channels: sum_a probability_a sum_w n_w factor[a][w], and its derivatives by n_w and probability_a. */
static double weigh(const cost_choice *c, mac_factor factor, const void *table, double by_weight[COST_WEIGHT_BITS],
                    double by_activation[COST_ACTIVATION_BITS])
{
    double sum = 0;
    bool undefined = false;
    for (int w = 0; w < COST_WEIGHT_BITS; w++) by_weight[w] = 0;
    for (int a = 0; a < COST_ACTIVATION_BITS; a++) {
        by_activation[a] = 0;
        for (int w = 1; w < COST_WEIGHT_BITS; w++) {
            double f = factor(table, a, w);
            if (isnan(f)) {
                undefined = undefined || (c->activation[a] > 0 && c->channels[w] > 0);
                continue;
            }
            by_weight[w] += c->activation[a] * f;
            by_activation[a] += c->channels[w] * f;
        }
        sum += c->activation[a] * by_activation[a];
    }
    return undefined ? NAN : sum;
}

/* What one weighted channel costs, and its derivatives: M / kept. */
static double per_channel(const cost_layer *l, const cost_choice *c, bool reference, double *by_in_kept,
                          double *by_kept)
{
    if (reference) {
        double operations = mac_count(l, c, true, by_in_kept, by_kept), kept = c->kept + STABILISER;
        *by_in_kept /= kept;
        *by_kept = (*by_kept - operations / kept) / kept;
        return operations / kept;
    }
    double window = (double)l->kernel_h * l->kernel_w * l->out_height * l->out_width;
    *by_kept = 0;
    *by_in_kept = l->kind == COST_DEPTHWISE ? 0 : window;
    return l->kind == COST_DEPTHWISE ? window : c->in_kept * window;
}

double mac_table_layer(const cost_layer *l, const cost_choice *c, bool reference, cost_slope *slope, mac_factor factor,
                       const void *table)
{
    double by_weight[COST_WEIGHT_BITS], by_activation[COST_ACTIVATION_BITS], by_in_kept, by_kept;
    double weighted = weigh(c, factor, table, by_weight, by_activation);
    double each = per_channel(l, c, reference, &by_in_kept, &by_kept);
    if (slope != NULL) {
        *slope = (cost_slope){.in_kept = by_in_kept * weighted, .kept = by_kept * weighted};
        for (int w = 1; w < COST_WEIGHT_BITS; w++) slope->channels[w] = each * by_weight[w];
        for (int a = 0; a < COST_ACTIVATION_BITS; a++) slope->activation[a] = each * by_activation[a];
    }
    return each * weighted;
}

mac_table mac_table_of_throughput(const double throughput[MAC_TABLE_SIDE][MAC_TABLE_SIDE], double scale)
{
    mac_table table;
    for (int a = 0; a < MAC_TABLE_SIDE; a++)
        for (int w = 0; w < MAC_TABLE_SIDE; w++) table.factor[a][w] = scale / throughput[a][w];
    return table;
}
