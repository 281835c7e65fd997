/* The only list of strategies: a new one is a file and a line here. */
#include <string.h>

#include "core/strategy/fixed.h"
#include "core/strategy/joint.h"
#include "core/strategy/layerwise.h"
#include "core/strategy/mixprec.h"
#include "core/strategy/strategy.h"
#include "core/strategy/warmup.h"

const strategy *const *strategies(void)
{
    static const strategy *const table[] = {&strategy_joint, &strategy_mixprec, &strategy_layerwise, &strategy_fixed,
                                            NULL};
    return table;
}

const strategy *strategy_find(const char *name)
{
    for (const strategy *const *s = strategies(); *s != NULL; s++)
        if (strcmp((*s)->name, name) == 0) return *s;
    return NULL;
}

const task_kind *strategy_task_kind(const char *name)
{
    if (strcmp(warmup_kind.name, name) == 0) return &warmup_kind;
    for (const strategy *const *s = strategies(); *s != NULL; s++)
        for (const task_kind *const *k = (*s)->kinds; *k != NULL; k++)
            if (strcmp((*k)->name, name) == 0) return *k;
    return NULL;
}
