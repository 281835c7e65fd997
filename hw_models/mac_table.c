#include "hw_models/mac_table.h"

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

/* Weighted channels: sum_a share_a sum_w n_w factor[a][w], and its derivatives by n_w and share_a. */
static double weigh(const cost_choice *c, const mac_table *table, double by_weight[COST_WEIGHT_PRECISIONS],
                    double by_activation[COST_ACTIVATION_PRECISIONS])
{
    double sum = 0;
    for (int w = 0; w < COST_WEIGHT_PRECISIONS; w++) by_weight[w] = 0;
    for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++) {
        by_activation[a] = 0;
        for (int w = 1; w < COST_WEIGHT_PRECISIONS; w++) {
            by_weight[w] += c->activation[a] * table->factor[a][w - 1];
            by_activation[a] += c->channels[w] * table->factor[a][w - 1];
        }
        sum += c->activation[a] * by_activation[a];
    }
    return sum;
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

double mac_table_layer(const cost_layer *l, const cost_choice *c, bool reference, cost_slope *slope,
                       const mac_table *table)
{
    double by_weight[COST_WEIGHT_PRECISIONS], by_activation[COST_ACTIVATION_PRECISIONS], by_in_kept, by_kept;
    double weighted = weigh(c, table, by_weight, by_activation);
    double each = per_channel(l, c, reference, &by_in_kept, &by_kept);
    if (slope != NULL) {
        *slope = (cost_slope){.in_kept = by_in_kept * weighted, .kept = by_kept * weighted};
        for (int w = 1; w < COST_WEIGHT_PRECISIONS; w++) slope->channels[w] = each * by_weight[w];
        for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++) slope->activation[a] = each * by_activation[a];
    }
    return each * weighted;
}

mac_table mac_table_of_throughput(const double throughput[COST_ACTIVATION_PRECISIONS][COST_ACTIVATION_PRECISIONS],
                                  double scale)
{
    mac_table table;
    for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++)
        for (int w = 0; w < COST_ACTIVATION_PRECISIONS; w++) table.factor[a][w] = scale / throughput[a][w];
    return table;
}
