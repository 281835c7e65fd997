#include "core/deploy/point_network.h"

#include <stdlib.h>

#include "core/train/record_values.h"
#include "core/train/task_kind.h"
#include "core/train/trainer_options.h"

/* Does the last stage train learned steps? */
static bool learns_steps(const task_kind *kind)
{
    const stage *last = NULL;
    for (const stage *const *s = kind->stages; *s != NULL; s++) last = *s;
    return last->learns_steps;
}

static status take_values(point_network *p, const trainer_inputs *from, const record *rec, model_use use)
{
    const size_t total = p->full.layout.total;
    p->values = calloc(total, sizeof *p->values);
    p->small = calloc(total, sizeof *p->small);
    if (p->values == NULL || p->small == NULL)
        return status_fail(STATUS_MEMORY, "no memory for the weights of %s", from->graph->name);
    TRY(record_values_read(p->values, &p->full.layout, rec));
    const model_mode mode = p->full.options.quantized ? MODEL_EVAL_HARD : MODEL_EVAL_FLOAT;
    p->full.steps_learned = p->pruned.model.steps_learned = learns_steps(from->kind);
    model_prepare(&p->full, p->values, mode, 1, 0);
    TRY(compact_choose(&p->pruned, use));
    compact_gather(&p->pruned, p->small, p->values);
    model_prepare(&p->pruned.model, p->small, mode, 1, 0);
    return status_ok();
}

status point_network_open(point_network *out, const trainer_inputs *from, const record *rec, int capacity,
                          model_use use)
{
    *out = (point_network){.values = NULL};
    model_options options = trainer_options(from);
    options.capacity = capacity;
    options.use = MODEL_FOR_TRAINING; /* memory for whatever `use` the pruned network has */
    TRY(model_open(&out->full, from->graph, from->kernels, &options));
    status s = compact_open(&out->pruned, &out->full);
    if (!failed(s)) s = take_values(out, from, rec, use);
    if (failed(s)) point_network_close(out);
    return s;
}

void point_network_close(point_network *p)
{
    free(p->small);
    free(p->values);
    compact_close(&p->pruned);
    model_close(&p->full);
    *p = (point_network){.values = NULL};
}

const real *point_network_run(point_network *p, int images)
{
    model_forward(&p->pruned.model, p->small, images, (model_pass){.training = false});
    return model_logits(&p->pruned.model);
}
