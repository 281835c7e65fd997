#include "core/strategy/gradual.h"

status gradual_check(const settings *s, const task *t, const task_kind *kind, const graph *g)
{
    const int layers = graph_weight_layers(g);
    for (const stage *const *at = kind->stages; *at != NULL; at++) {
        const int64_t gradual = (*at)->settings(s)->gradual, epochs = stage_epochs(*at, s, t);
        if (gradual == 0 || gradual * layers < epochs) continue;
        return status_fail(STATUS_CONFIG,
                           "%.200s: finetune.gradual = %d quantises the %d layers of %s in %d epochs, but stage \"%s\" "
                           "of strategy \"%s\" has %d: make finetune.gradual smaller%s",
                           s->path, (int)gradual, layers, g->name, (int)(gradual * layers), (*at)->name, t->strategy,
                           (int)epochs, (*at)->task_length ? ", or 0" : " or finetune.epochs greater");
    }
    return status_ok();
}
