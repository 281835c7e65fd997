/* registry: every hardware model by name. Adding one costs one file and one line in registry.c. */
#ifndef HW_MODELS_REGISTRY_H
#define HW_MODELS_REGISTRY_H

#include "core/cost/cost_model.h"

/* All models, NULL-terminated, in the order of the result columns. */
const cost_model *const *cost_models(void);

/* NULL when there is no such model. */
const cost_model *cost_model_find(const char *name);

#endif
