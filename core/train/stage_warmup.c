#include "core/train/stage_warmup.h"

#include "core/train/trainer_state.h"
#include "core/train/whiten.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->warmup;
}

static status begin_epoch(trainer *t, const ranks_view *g, real *own)
{
    (void)own;
    if (t->counters.epoch > 0 || t->in.settings->first_layer != FIRST_LAYER_WHITENED) return status_ok();
    return whiten_first_layer(&t->network, t->values, t->in.data, g, t->levels);
}

const stage stage_warmup = {.name = "warmup",
                            .phase = PHASE_WARMUP,
                            .draws = 0,
                            .mode = MODEL_TRAIN_FLOAT,
                            .settings = settings_of,
                            .epoch_begin = begin_epoch};
