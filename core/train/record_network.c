#include "core/train/record_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/model/model_weights.h"

static const status no_memory = {.code = STATUS_MEMORY, .message = "no memory for a record"};

/* The first layer with an output in the group of a quantiser, after which its tensors are called. */
static void name_quantizer(char out[RECORD_NAME], const model *m, int quantizer)
{
    const int clip = m->quantizers[quantizer].clips;
    const char *name = m->layout.tensors[clip].name;
    snprintf(out, RECORD_NAME, "%.*s", (int)(strrchr(name, '.') - name), name);
}

static void describe_layer(record_layer *to, const model *m, int index)
{
    const layer_spec *l = &m->graph->layers[index];
    const model_node *node = &m->nodes[index];
    *to = (record_layer){.sharing_group = l->group,
                         .kernel_height = l->kernel_h,
                         .kernel_width = l->kernel_w,
                         .stride_height = l->stride_h,
                         .stride_width = l->stride_w,
                         .padding_height = l->pad_h,
                         .padding_width = l->pad_w,
                         .height = l->out_height,
                         .width = l->out_width,
                         .channels = l->out_channels,
                         .bias = l->bias,
                         .batchnorm = l->batchnorm,
                         .relu = l->relu};
    snprintf(to->layer, sizeof to->layer, "%s", l->name);
    snprintf(to->kind, sizeof to->kind, "%s", layer_kind_name(l->kind));
    for (int i = 0; i < l->input_count; i++) {
        const size_t used = strlen(to->inputs);
        snprintf(to->inputs + used, sizeof to->inputs - used, "%s%s", i > 0 ? " " : "",
                 m->graph->layers[l->inputs[i]].name);
    }
    if (!m->options.quantized || node->quantizer < 0) return;
    const model_quantizer *q = &m->quantizers[node->quantizer];
    name_quantizer(to->quantizer, m, node->quantizer);
    to->output_signed = node->is_signed;
    to->output_bits = q->bits[q->chosen >= 0 ? q->chosen : 0];
}

status record_network_write(record *out, const model *m)
{
    const int count = m->graph->layer_count;
    out->layers = calloc((size_t)count, sizeof *out->layers);
    if (out->layers == NULL) return no_memory;
    out->layer_count = count;
    for (int i = 0; i < count; i++) describe_layer(&out->layers[i], m, i);
    return status_ok();
}

static void list_bits(char out[RECORD_ROWS], const int *bits, int count)
{
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(out);
        snprintf(out + used, RECORD_ROWS - used, "%s%d", i > 0 ? " " : "", bits[i]);
    }
}

/* Precisions that the rows of a tensor stand for; empty for others. */
static void find_precisions(char out[RECORD_ROWS], const model *m, int tensor)
{
    out[0] = '\0';
    for (int g = 0; g < m->graph->group_count; g++)
        if (m->groups[g].precisions > 0 && m->groups[g].logits == tensor)
            list_bits(out, m->groups[g].bits, m->groups[g].precisions);
    for (int q = 0; q <= m->graph->group_count; q++) {
        const model_quantizer *from = &m->quantizers[q];
        if (from->used && (from->logits == tensor || from->clips == tensor))
            list_bits(out, from->bits, from->precisions);
    }
}

static const char *axes_of(const model_tensor *t, bool has_precisions)
{
    if (t->role == ROLE_WEIGHT)
        return t->rank == 4   ? "kernel_row kernel_column input_channel output_channel"
               : t->rank == 3 ? "kernel_row kernel_column output_channel"
                              : "input_channel output_channel";
    if (has_precisions) return t->rank == 2 ? "precision output_channel" : "precision";
    return t->role == ROLE_CLIP ? "one" : "output_channel";
}

void record_network_describe(record_tensor *to, const model *m, int index)
{
    if (m->options.quantized)
        find_precisions(to->precisions, m, index);
    else
        to->precisions[0] = '\0';
    snprintf(to->axes, sizeof to->axes, "%s", axes_of(&m->layout.tensors[index], to->precisions[0] != '\0'));
}

static status set_steps(record_allocation *to, const model *m, const real *values)
{
    real *steps = malloc((size_t)to->channels * sizeof *steps);
    to->steps = malloc((size_t)to->channels * sizeof *to->steps);
    const bool good = steps != NULL && to->steps != NULL;
    if (good) model_chosen_steps(steps, m, values, graph_find(m->graph, to->layer));
    for (int c = 0; good && c < to->channels; c++) to->steps[c] = (float)steps[c];
    free(steps);
    return good ? status_ok() : no_memory;
}

status record_network_steps(record *out, const model *m, const real *values)
{
    for (int i = 0; i < out->allocation_count; i++) TRY(set_steps(&out->allocations[i], m, values));
    return status_ok();
}
