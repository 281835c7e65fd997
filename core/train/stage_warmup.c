#include "core/train/stage_warmup.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->warmup;
}

const stage stage_warmup = {
    .name = "warmup", .phase = PHASE_WARMUP, .draws = 0, .mode = MODEL_TRAIN_FLOAT, .settings = settings_of};
