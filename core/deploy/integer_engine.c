#include "core/deploy/integer_engine.h"

#include <stdlib.h>

struct integer_engine {
    const integer_network *n;
    unsigned char *memory;
    size_t *offset; /* (tensor_count) in memory */
};

status integer_engine_open(integer_engine **out, const integer_network *n, bool keep)
{
    integer_engine *e = calloc(1, sizeof *e);
    if (e == NULL) return status_fail(STATUS_MEMORY, "no memory for the integer engine");
    e->n = n;
    e->offset = malloc((size_t)n->tensor_count * sizeof *e->offset);
    size_t bytes = 0;
    for (int t = 0; t < n->tensor_count && e->offset != NULL; t++) {
        e->offset[t] = keep ? bytes : n->tensors[t].offset;
        const size_t own = integer_tensor_count(&n->tensors[t]) * integer_type_bytes(n->tensors[t].type);
        bytes += (own + INTEGER_ALIGNMENT - 1) / INTEGER_ALIGNMENT * INTEGER_ALIGNMENT;
    }
    e->memory = malloc(keep ? bytes : n->arena_bytes);
    if (e->offset == NULL || e->memory == NULL) {
        integer_engine_close(e);
        return status_fail(STATUS_MEMORY, "no memory for the activations of %s", n->name);
    }
    *out = e;
    return status_ok();
}

void integer_engine_close(integer_engine *e)
{
    if (e == NULL) return;
    free(e->memory);
    free(e->offset);
    free(e);
}

static void *tensor(const integer_engine *e, int t)
{
    return t < 0 ? NULL : e->memory + e->offset[t];
}

const void *integer_engine_tensor(const integer_engine *e, int t)
{
    return tensor(e, t);
}

void integer_engine_run(integer_engine *e, int32_t *logits, const void *samples)
{
    for (int i = 0; i < e->n->layer_count; i++) {
        const integer_layer *l = &e->n->layers[i];
        void *out = tensor(e, l->output);
        const void *in = tensor(e, l->inputs[0]), *other = tensor(e, l->inputs[1]);
        switch (l->kind) {
        case INTEGER_INPUT:
            int_input_run(&l->run.input, out, samples);
            break;
        case INTEGER_CONV:
            int_conv_run(&l->run.conv, out, in);
            break;
        case INTEGER_ADD:
            int_add_run(&l->run.add, out, in, other);
            break;
        case INTEGER_POOL:
            int_pool_run(&l->run.pool, out, in);
            break;
        case INTEGER_OUTPUT:
            int_output_run(&l->run.output, logits, in);
            break;
        }
    }
}
