#include "hw_models/registry.h"

#include <string.h>

#include "hw_models/models.h"

const cost_model *const *cost_models(void)
{
    static const cost_model *const table[] = {&cost_model_size, &cost_model_mpic, &cost_model_bitops, NULL};
    return table;
}

const cost_model *cost_model_find(const char *name)
{
    for (const cost_model *const *m = cost_models(); *m != NULL; m++)
        if (strcmp((*m)->name, name) == 0) return *m;
    return NULL;
}
