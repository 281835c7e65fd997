/* models: the tables that the files of this folder fill in, for registry.c. */
#ifndef HW_MODELS_MODELS_H
#define HW_MODELS_MODELS_H

#include <stddef.h>

#include "core/cost/cost_model.h"

extern const cost_model cost_model_size, cost_model_mpic, cost_model_bitops;

#endif
