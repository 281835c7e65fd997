#include "core/strategy/warmup.h"

#include "core/train/stage_warmup.h"
#include "core/train/trainer_state.h"
#include "core/train/whiten.h"

static void options(model_options *o, const trainer_inputs *in)
{
    (void)in;
    o->quantized = false;
}

static status start(trainer *t, const record *const *parents, int count)
{
    (void)parents;
    (void)count;
    model_initialize(&t->network, t->values, t->in.task->seed);
    return status_ok();
}

static const stage *const stages[] = {&stage_warmup, NULL};
static const char *const sections[] = {"warmup", NULL};

const task_kind warmup_kind = {
    .name = "warmup", .reads = {.sections = sections}, .options = options, .start = start, .stages = stages};

status warmup_check(const settings *s, const graph *g)
{
    if (s->first_layer != FIRST_LAYER_WHITENED || whiten_layer(g) >= 0) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%.200s: warmup.first_layer = \"whitened\" needs a network with one convolution that reads the "
                       "image, with batch-norm; %s has none: write \"random\"",
                       s->path, g->name);
}

status warmup_plan(task_plan *p, int *ids, int network)
{
    const settings *s = p->in.settings;
    for (int k = 0; k < s->seed_count; k++) {
        task t = {.kind = "warmup",
                  .strategy = "warmup",
                  .entry = -1,
                  .network = (int16_t)network,
                  .seed = s->seeds[k],
                  .cost_model = "none"};
        TRY(task_plan_add(p, &ids[k], &t, NULL, 0, &warmup_kind.reads));
    }
    return status_ok();
}
