/* The graph of an integer network as JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "core/deploy/export_arrays.h"

static const char *kind_name(integer_kind kind)
{
    static const char *const names[] = {"input", "conv", "add", "pool", "output"};
    return names[kind];
}

static json_t *tensor_json(const integer_tensor *t)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:s, s:i, s:i, s:i, s:f, s:i, s:I}", "name", t->name, "height", t->height,
                     "width", t->width, "channels", t->channels, "type", integer_type_name(t->type), "low", (int)t->low,
                     "high", (int)t->high, "zero", (int)t->zero, "step", t->step, "window", t->window, "offset",
                     (json_int_t)t->offset);
}

static json_t *blocks_json(const int_conv *r)
{
    json_t *blocks = json_array();
    for (int b = 0; b < r->block_count; b++)
        json_array_append_new(blocks, json_pack("{s:i, s:i, s:i}", "bits", r->blocks[b].bits, "first",
                                                r->blocks[b].first, "count", r->blocks[b].count));
    return blocks;
}

static json_t *scaling_json(int64_t offset, int shift, int32_t low, int32_t high)
{
    return json_pack("{s:I, s:i, s:i, s:i}", "offset", (json_int_t)offset, "shift", shift, "low", (int)low, "high",
                     (int)high);
}

static json_t *window_json(int kernel_h, int kernel_w, int stride_h, int stride_w, int pad_h, int pad_w)
{
    return json_pack("{s:[ii], s:[ii], s:[ii]}", "kernel", kernel_h, kernel_w, "stride", stride_h, stride_w, "padding",
                     pad_h, pad_w);
}

/* What is special about the kind; NULL without memory. */
static json_t *parameters_json(const integer_layer *l)
{
    const int_conv *c = &l->run.conv;
    const int_add *a = &l->run.add;
    const int_pool *p = &l->run.pool;
    const int_output *o = &l->run.output;
    json_t *out;
    switch (l->kind) {
    case INTEGER_CONV:
        out = window_json(c->kernel_h, c->kernel_w, c->stride_h, c->stride_w, c->pad_h, c->pad_w);
        json_object_set_new(out, "depthwise", json_boolean(c->depthwise));
        json_object_set_new(out, "zero", json_integer(c->zero));
        json_object_set_new(out, "blocks", blocks_json(c));
        json_object_set_new(out, "scaling",
                            c->scaling.multiplier == NULL
                                ? json_null()
                                : scaling_json(c->scaling.offset, c->scaling.shift, c->scaling.low, c->scaling.high));
        return out;
    case INTEGER_ADD:
        return json_pack("{s:[ii], s:[ii], s:o}", "zero", (int)a->zero[0], (int)a->zero[1], "factor", (int)a->factor[0],
                         (int)a->factor[1], "scaling", scaling_json(a->offset, a->shift, a->low, a->high));
    case INTEGER_POOL:
        out = window_json(p->kernel_h, p->kernel_w, p->stride_h, p->stride_w, 0, 0);
        json_object_set_new(out, "largest", json_boolean(p->largest));
        return out;
    case INTEGER_OUTPUT:
        return json_pack("{s:I, s:i}", "offset", (json_int_t)o->offset, "shift", o->shift);
    case INTEGER_INPUT:
        break;
    }
    return json_object();
}

static json_t *layer_json(const integer_layer *l)
{
    json_t *inputs = json_array();
    for (int k = 0; k < 2; k++)
        if (l->inputs[k] >= 0) json_array_append_new(inputs, json_integer(l->inputs[k]));
    json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:i, s:I}", "name", l->name, "kind", kind_name(l->kind), "layer",
                            layer_kind_name(l->source), "inputs", inputs, "output", l->output, "largest_sum",
                            (json_int_t)l->largest_sum);
    json_t *parameters = parameters_json(l);
    if (out != NULL && json_object_update(out, parameters) != 0) {
        json_decref(out);
        out = NULL;
    }
    json_decref(parameters);
    return out;
}

status export_graph_json(char **text, const export_inputs *in)
{
    const integer_network *n = in->network;
    json_t *tensors = json_array(), *layers = json_array();
    bool complete = true;
    for (int t = 0; t < n->tensor_count; t++)
        complete = json_array_append_new(tensors, tensor_json(&n->tensors[t])) == 0 && complete;
    for (int l = 0; l < n->layer_count; l++)
        complete = json_array_append_new(layers, layer_json(&n->layers[l])) == 0 && complete;
    json_t *root =
        json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:f, s:f, s:I, s:o, s:o}", "network", n->name, "point",
                  in->title, "height", n->height, "width", n->width, "channels", n->channels, "classes", n->classes,
                  "samples_signed", n->samples_signed, "sample_scale", n->sample_scale, "logit_step", n->logit_step,
                  "memory_bytes", (json_int_t)n->arena_bytes, "tensors", tensors, "layers", layers);
    *text = complete ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    return *text != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for the graph of %s", n->name);
}
