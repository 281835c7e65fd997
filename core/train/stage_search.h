/* stage_search: weights and choices are trained together on soft choices, while the temperature falls. The loss is
 * cross-entropy + strength * cost of the expected network (Risso et al. 2024, arXiv 2407.01054). */
#ifndef CORE_TRAIN_STAGE_SEARCH_H
#define CORE_TRAIN_STAGE_SEARCH_H

#include "core/train/stage.h"

/* Strength of the cost term in the running epoch of a search, in loss per unit of cost; 0 without cost model. */
double stage_search_strength(const trainer *t);

extern const stage stage_search;

#endif
