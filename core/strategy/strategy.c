#include "core/strategy/strategy.h"

#include <stddef.h>
#include <string.h>

static const strategy joint = {.name = "joint",
                               .description = "pruning and precision of every channel together (the method)",
                               .searched = true,
                               .precision_count = 4,
                               .precisions = {0, 2, 4, 8}};
static const strategy mixprec = {.name = "mixprec",
                                 .description = "precision of every channel, no pruning",
                                 .searched = true,
                                 .precision_count = 3,
                                 .precisions = {2, 4, 8}};
static const strategy layerwise = {.name = "layerwise",
                                   .description = "one precision for each sharing group, no pruning (EdMIPS-like)",
                                   .per_layer = true,
                                   .searched = true,
                                   .precision_count = 3,
                                   .precisions = {2, 4, 8}};
static const strategy fixed = {.name = "fixed",
                               .description = "one given precision everywhere: quantisation-aware training",
                               .searched = false,
                               .precision_count = 0};

const strategy *const *strategies(void)
{
    static const strategy *const table[] = {&joint, &mixprec, &layerwise, &fixed, NULL};
    return table;
}

const strategy *strategy_find(const char *name)
{
    for (const strategy *const *s = strategies(); *s != NULL; s++)
        if (strcmp((*s)->name, name) == 0) return *s;
    return NULL;
}
