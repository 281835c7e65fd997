#include "core/train/trainer_convert.h"

#include <stdlib.h>
#include <string.h>

#include "core/train/calibrate.h"

status trainer_convert_warmup(trainer *t, const record *warmup)
{
    model float_model;
    model_options options = t->network.options;
    options.quantized = false;
    options.capacity = 1; /* only its layout is used */
    TRY(model_open(&float_model, t->in.graph, t->in.kernels, &options));
    const model_layout *layout = &float_model.layout;
    real *values = calloc(layout->total, sizeof *values);
    status s = values == NULL ? status_fail(STATUS_MEMORY, "no memory for the warm-up's weights") : status_ok();
    for (int i = 0; i < layout->tensor_count && !failed(s); i++) {
        const model_tensor *tensor = &layout->tensors[i];
        const record_tensor *found = NULL;
        for (int k = 0; k < warmup->tensor_count; k++)
            if (strcmp(warmup->tensors[k].name, tensor->name) == 0) found = &warmup->tensors[k];
        size_t count = 1;
        for (int d = 0; found != NULL && d < found->rank; d++) count *= found->dims[d];
        if (found == NULL || count != tensor->count) {
            s = status_fail(STATUS_DATA, "the warm-up (task %d) has no fitting tensor %s: remove its file in tasks/",
                            warmup->task.id, tensor->name);
            break;
        }
        for (size_t k = 0; k < count; k++) values[tensor->offset + k] = (real)found->data[k];
    }
    if (!failed(s)) model_convert(&t->network, t->values, &float_model, values);
    free(values);
    model_close(&float_model);
    TRY(s);
    if (t->in.settings->search.calibrate_input && !t->network.options.rules.input_clips_constant)
        calibrate_input(&t->network, t->values, t->in.data);
    return status_ok();
}
