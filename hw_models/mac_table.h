/* mac_table: the common part of models that count multiply-accumulates, and of those that weigh them by activation and
 * weight precision (the models of Risso et al. 2024, arXiv 2407.01054):
 *
 *   M = in_kept * kept * K * HW (conv, linear), kept * K * HW (depthwise)
 *   cost = M * sum_a share_a * sum_{w != 0} (n_w / kept) * factor[a][w]
 *
 * The reference divides by kept + 1e-6, also in a depthwise layer's M = in_kept * kept * K * HW / (kept + 1e-6). Exact
 * arithmetic cancels kept: no division, and no difference between a pruned channel's two ways into M. */
#ifndef HW_MODELS_MAC_TABLE_H
#define HW_MODELS_MAC_TABLE_H

#include "core/cost/cost_model.h"

enum { MAC_TABLE_SIDE = 3 };

/* Of one multiply-accumulate: [a][w] for activations a and weights w of 2, 4, 8 bit. */
typedef struct {
    double factor[MAC_TABLE_SIDE][MAC_TABLE_SIDE];
} mac_table;

/* factor[a][w] by numbers of bits; not a number where a table says nothing. */
typedef double (*mac_factor)(const void *table, int activation_bits, int weight_bits);
double mac_table_factor(const void *table, int activation_bits, int weight_bits);
bool mac_table_defined(int weight_bits, int activation_bits);

/* M and its derivatives. */
double mac_count(const cost_layer *l, const cost_choice *c, bool reference, double *by_in_kept, double *by_kept);

/* Overwrites *slope (may be NULL). */
double mac_table_layer(const cost_layer *l, const cost_choice *c, bool reference, cost_slope *slope, mac_factor factor,
                       const void *table);

/* The table of factors 1 / throughput * scale. */
mac_table mac_table_of_throughput(const double throughput[MAC_TABLE_SIDE][MAC_TABLE_SIDE], double scale);

#endif
