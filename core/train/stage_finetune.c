#include "core/train/stage_finetune.h"

#include <string.h>

#include "core/train/trainer_state.h"
#include "core/train/trainer_statistics.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->finetune;
}

/* By integers: batch-norm stays at the statistics that it has before the first step, so they are estimated there. */
static status epoch_begin(trainer *t, const ranks_view *g, real *own)
{
    (void)own;
    const int batches = trainer_settings(t)->reestimate_batches;
    const size_t bytes = t->network.layout.total * sizeof *t->values;
    if (!trainer_runs_integers(t) || t->counters.epoch > 0 || batches == 0 || t->statistics == NULL) return status_ok();
    memcpy(t->candidate, t->values, bytes);
    TRY(trainer_estimate_statistics(t, g, batches));
    memcpy(t->values, t->candidate, bytes);
    return status_ok();
}

const stage stage_finetune = {.name = "finetune",
                              .phase = PHASE_FINETUNE,
                              .draws = 2,
                              .mode = MODEL_HARD,
                              .compact = true,
                              .integers = true,
                              .learns_steps = true,
                              .settings = settings_of,
                              .epoch_begin = epoch_begin};
