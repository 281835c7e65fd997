/* mac_table: the common part of models that count multiply-accumulates and weigh them by activation and weight precision
 * (method.md 4.4-4.6):
 *
 *   cost = M * sum_a share_a * sum_{w != 0} (n_w / kept) * factor[a][w]
 *   M = in_kept * kept * K * HW (conv), kept * K * HW (depthwise), in_kept * kept (linear)
 *
 * The published 1e-6 stabilisers are kept: they appear in its numbers. */
#ifndef HW_MODELS_MAC_TABLE_H
#define HW_MODELS_MAC_TABLE_H

#include "core/cost/cost_model.h"

/* factor[a][w] for a in 2, 4, 8 and w in 2, 4, 8 bit. Overwrites *slope (may be NULL). */
double mac_table_layer(const cost_layer *l, const cost_choice *c, cost_slope *slope,
                       const double factor[COST_ACTIVATION_PRECISIONS][COST_ACTIVATION_PRECISIONS]);

#endif
