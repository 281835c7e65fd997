#include "core/train/trainer_probe.h"

#include <math.h>

#include "core/train/trainer_epoch.h"

static const real CERTAIN = (real)10; /* a logit that one step cannot turn around */

void trainer_probe_prune(trainer *t, double fraction)
{
    const model *m = &t->network;
    for (int i = 0; i < m->graph->group_count; i++) {
        const model_weight_group *choice = &m->groups[i];
        if (choice->precisions < 2 || choice->bits[0] != 0) continue;
        real *logits = t->values + m->layout.tensors[choice->logits].offset;
        for (int c = 0; c < choice->columns; c++) {
            bool pruned = floor((c + 1) * fraction) > floor(c * fraction); /* spread evenly */
            int chosen = pruned ? 0 : choice->precisions - 1;
            for (int p = 0; p < choice->precisions; p++) logits[p * choice->columns + c] = p == chosen ? CERTAIN : 0;
        }
    }
}

status trainer_probe_evaluate_integers(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    return trainer_evaluate_integers(t, g, which, out);
}

status trainer_probe_evaluate(trainer *t, const ranks_view *g, split which, evaluation *out)
{
    return trainer_evaluate(t, g, which, out);
}
