#include "core/net/graph/graph_checksum.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 512 };

static void add_layer(checksum *sum, const layer_spec *l)
{
    char line[LINE];
    int used = snprintf(line, sizeof line, "%s %s", l->name, layer_kind_name(l->kind));
    for (int i = 0; i < l->input_count; i++)
        used += snprintf(line + used, sizeof line - (size_t)used, " %d", l->inputs[i]);
    snprintf(line + used, sizeof line - (size_t)used,
             " : %d %d %d -> %d %d %d kernel %d %d stride %d %d pad %d %d bias %d batchnorm %d relu %d rate %.9g\n",
             l->in_height, l->in_width, l->in_channels, l->out_height, l->out_width, l->out_channels, l->kernel_h,
             l->kernel_w, l->stride_h, l->stride_w, l->pad_h, l->pad_w, l->bias, l->batchnorm, l->relu,
             (double)l->rate);
    checksum_add(sum, line, strlen(line));
}

status graph_checksum(char text[CHECKSUM_TEXT], const graph *g)
{
    char line[LINE];
    checksum sum = checksum_begin();
    snprintf(line, sizeof line, "input signed %d clips %.9g %.9g momentum %.9g %.9g init %d\n", g->input_signed,
             (double)g->input_clip_low, (double)g->input_clip_high, (double)g->bn_momentum,
             (double)g->reference_bn_momentum, (int)g->init);
    checksum_add(&sum, line, strlen(line));
    for (int i = 0; i < g->layer_count; i++) add_layer(&sum, &g->layers[i]);
    return checksum_end(&sum, text);
}
