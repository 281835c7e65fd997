#include "hw_models/mac_table.h"

#include <stddef.h>

static const double STABILISER = 1e-6;

/* M and its derivatives by in_kept and kept. */
static double macs(const cost_layer *l, const cost_choice *c, double *by_in_kept, double *by_kept)
{
    double window = (double)l->kernel_h * l->kernel_w * l->out_height * l->out_width;
    if (l->kind != COST_DEPTHWISE) {
        *by_in_kept = c->kept * window;
        *by_kept = c->in_kept * window;
        return c->in_kept * c->kept * window;
    }
    /* in_kept * kept / (kept + 1e-6): every filter sees one channel */
    double kept = c->kept + STABILISER;
    *by_in_kept = window * c->kept / kept;
    *by_kept = window * c->in_kept * STABILISER / (kept * kept);
    return c->in_kept * window * c->kept / kept;
}

double mac_table_layer(const cost_layer *l, const cost_choice *c, cost_slope *slope,
                       const double factor[COST_ACTIVATION_PRECISIONS][COST_ACTIVATION_PRECISIONS])
{
    double by_in_kept, by_kept, operations = macs(l, c, &by_in_kept, &by_kept);
    double kept = c->kept + STABILISER, mean = 0; /* mean factor of one operation */
    double by_activation[COST_ACTIVATION_PRECISIONS] = {0}, by_weight[COST_WEIGHT_PRECISIONS] = {0};
    for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++)
        for (int w = 1; w < COST_WEIGHT_PRECISIONS; w++) {
            by_activation[a] += c->channels[w] / kept * factor[a][w - 1];
            by_weight[w] += c->activation[a] * factor[a][w - 1] / kept;
            mean += c->activation[a] * c->channels[w] / kept * factor[a][w - 1];
        }
    if (slope != NULL) {
        *slope = (cost_slope){.in_kept = by_in_kept * mean, .kept = by_kept * mean - operations * mean / kept};
        for (int w = 1; w < COST_WEIGHT_PRECISIONS; w++) slope->channels[w] = operations * by_weight[w];
        for (int a = 0; a < COST_ACTIVATION_PRECISIONS; a++) slope->activation[a] = operations * by_activation[a];
    }
    return operations * mean;
}
