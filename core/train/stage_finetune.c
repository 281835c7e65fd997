#include "core/train/stage_finetune.h"

static const phase_settings *settings_of(const settings *s)
{
    return &s->finetune;
}

const stage stage_finetune = {.name = "finetune",
                              .phase = PHASE_FINETUNE,
                              .draws = 2,
                              .mode = MODEL_HARD,
                              .compact = true,
                              .integers = true,
                              .learns_steps = true,
                              .settings = settings_of};
