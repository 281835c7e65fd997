/* models: the tables that the files of this folder fill in, for registry.c. */
#ifndef HW_MODELS_MODELS_H
#define HW_MODELS_MODELS_H

#include <stddef.h>

#include "core/cost/cost_model.h"

extern const cost_model cost_model_size, cost_model_macs, cost_model_bitops, cost_model_mpic, cost_model_mpic_energy,
    cost_model_ne16, cost_model_params, cost_model_ops, cost_model_gap8, cost_model_flash, cost_model_ram,
    cost_model_bops_accumulator;

#endif
