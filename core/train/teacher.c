#include "core/train/teacher.h"

#include <string.h>

status teacher_open(teacher *out, const graph *g, const kernel_table *kernels, const model_options *options)
{
    model_options own = *options;
    own.quantized = false;
    own.use = MODEL_FOR_EVALUATION;
    TRY(model_open(&out->model, g, kernels, &own));
    out->opened = true;
    return status_ok();
}

void teacher_close(teacher *t)
{
    if (t->opened) model_close(&t->model);
    *t = (teacher){.opened = false};
}

void teacher_carve(teacher *t, arena *memory, int images)
{
    t->values = arena_reals(memory, t->model.layout.total);
    t->logits = arena_reals(memory, (size_t)images * (size_t)t->model.graph->classes);
}

void teacher_learn(teacher *t)
{
    model_prepare(&t->model, t->values, MODEL_EVAL_FLOAT, 1, 0);
    t->taught = true;
}

const real *teacher_answer(teacher *t, const real *images, int n)
{
    const layer_spec *image = &t->model.graph->layers[0];
    const size_t size = (size_t)image->out_height * (size_t)image->out_width * (size_t)image->out_channels;
    const int classes = t->model.graph->classes, capacity = t->model.options.capacity;
    for (int first = 0, count; first < n; first += count) {
        count = n - first < capacity ? n - first : capacity;
        memcpy(model_input(&t->model), images + (size_t)first * size, (size_t)count * size * sizeof *images);
        model_forward(&t->model, t->values, count, (model_pass){.training = false});
        memcpy(t->logits + (size_t)first * (size_t)classes, model_logits(&t->model),
               (size_t)count * (size_t)classes * sizeof *t->logits);
    }
    return t->logits;
}
