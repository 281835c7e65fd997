#include "core/train/trainer_convert.h"

#include <stdlib.h>
#include <string.h>

#include "core/train/calibrate.h"
#include "core/train/clips/clip_rule.h"
#include "core/train/record_values.h"
#include "core/train/task_kind.h"

status trainer_continue(trainer *t, const record *from)
{
    return record_values_read(t->values, &t->network.layout, from);
}

status trainer_continue_state(trainer *t, const record *from)
{
    const size_t count = t->in.kind->stages[0]->state_reals(t);
    for (int i = 0; i < from->tensor_count; i++) {
        const record_tensor *found = &from->tensors[i];
        if (strcmp(found->name, TRAINER_STATE_TENSOR) != 0 || found->rank != 1 || found->dims[0] != count) continue;
        for (size_t k = 0; k < count; k++) t->own[0][k] = (real)found->data[k];
        return status_ok();
    }
    return status_fail(STATUS_DATA, "task %.8s, from which this one starts, has kept no state that fits",
                       from->task.key);
}

status trainer_take_teacher(trainer *t, const record *warmup)
{
    if (!t->teacher.opened) return status_ok();
    TRY(record_values_read(t->teacher.values, &t->teacher.model.layout, warmup));
    teacher_learn(&t->teacher);
    return status_ok();
}

status trainer_convert_warmup(trainer *t, const record *warmup)
{
    model float_model;
    model_options options = t->network.options;
    const clip_rule *clips = clip_rule_of(&options.quantizer);
    options.quantized = false;
    options.capacity = clips->reads_images ? CLIPS_CAPACITY : 1; /* else for its layout only */
    TRY(model_open(&float_model, t->in.graph, t->in.kernels, &options));
    const model_layout *layout = &float_model.layout;
    real *values = calloc(layout->total, sizeof *values);
    status s = values == NULL ? status_fail(STATUS_MEMORY, "no memory for the warm-up's weights") : status_ok();
    if (!failed(s)) s = record_values_read(values, layout, warmup);
    if (!failed(s)) model_convert(&t->network, t->values, &float_model, values);
    if (!failed(s) && clips->start != NULL)
        s = clips->start(t->values, &(clip_sources){&t->network, &float_model, values, t->in.data});
    free(values);
    model_close(&float_model);
    TRY(s);
    if (t->in.settings->search.calibrate_input && !t->network.options.rules.input_clips_constant)
        calibrate_input(&t->network, t->values, t->in.data);
    return trainer_take_teacher(t, warmup);
}
