#include "hw_models/registry.h"

#include <assert.h>
#include <string.h>

#include "hw_models/models.h"

const cost_model *const *cost_models(void)
{
    static const cost_model *const table[] = {&cost_model_size,
                                              &cost_model_macs,
                                              &cost_model_bitops,
                                              &cost_model_mpic,
                                              &cost_model_mpic_energy,
                                              &cost_model_ne16,
                                              &cost_model_params,
                                              &cost_model_ops,
                                              &cost_model_gap8,
                                              &cost_model_flash,
                                              &cost_model_ram,
                                              &cost_model_bops_accumulator,
                                              NULL};
    static_assert(sizeof table / sizeof *table <= COST_MODELS_MAX, "room for these and the user's table");
    return table;
}

const cost_model *const *cost_registry_make(cost_registry *out, const cost_settings *s)
{
    int count = 0;
    for (const cost_model *const *m = cost_models(); *m != NULL; m++) out->models[count++] = **m;
    if (s->lut.conv_rows > 0) {
        lut_make(&out->lut, &s->lut);
        out->models[count++] = out->lut.model;
    }
    for (int i = 0; i < count; i++) {
        if (s->input_slope != INPUT_SLOPE_OF_MODEL)
            out->models[i].in_kept_detached = s->input_slope == INPUT_SLOPE_DETACHED;
        out->list[i] = &out->models[i];
    }
    out->list[count] = NULL;
    return out->list;
}

const cost_model *cost_model_find(const char *name)
{
    return cost_list_find(cost_models(), name);
}
