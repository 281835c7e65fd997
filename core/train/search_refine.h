/* search_refine: between search and fine-tuning, promotions that make the discrete network cheaper on tiled hardware
 * (core/cost/cost_refine.h). */
#ifndef CORE_TRAIN_SEARCH_REFINE_H
#define CORE_TRAIN_SEARCH_REFINE_H

#include "core/train/trainer_state.h"

/* If the settings and the cost model have them. Leaves the network prepared as discrete. */
MUST_CHECK status search_refine(trainer *t);

#endif
