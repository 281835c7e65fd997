/* registry: every hardware model by name. Adding one costs one file and one line in registry.c. */
#ifndef HW_MODELS_REGISTRY_H
#define HW_MODELS_REGISTRY_H

#include "core/config/settings.h"
#include "core/cost/cost_model.h"
#include "hw_models/lut.h"

enum { COST_MODELS_MAX = 16 };

/* The models of one run: those of this folder, and the user's table if the configuration has one. Points into itself:
 * not to be moved after cost_registry_make. */
typedef struct {
    lut_model lut;
    cost_model models[COST_MODELS_MAX];
    const cost_model *list[COST_MODELS_MAX + 1]; /* NULL-terminated, in the order of the result columns */
} cost_registry;

/* Fills in *out and returns its list. */
const cost_model *const *cost_registry_make(cost_registry *out, const cost_settings *s);

/* The models of this folder, NULL-terminated, as they are without settings. */
const cost_model *const *cost_models(void);

/* Among the models of this folder. NULL when there is no such model. */
const cost_model *cost_model_find(const char *name);

#endif
