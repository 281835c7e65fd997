#include "core/train/trainer_split.h"

#include <string.h>

#include "core/data/batch.h"

void trainer_split_logits(real *out, trainer *t, split which, const ranks_view *g)
{
    model *net = &t->network;
    const int images = t->in.data->split_count[which], capacity = net->options.capacity;
    const size_t classes = (size_t)net->graph->classes;
    for (int first = 0, n; first < images; first += n) {
        n = images - first < capacity ? images - first : capacity;
        batch_load(model_input(net), t->labels, t->in.data, t->in.data->split_index[which] + first, n, NULL, 0, 0);
        model_forward(net, t->values, n, (model_pass){.training = false});
        memcpy(out + (size_t)first * classes, model_logits(net), (size_t)n * classes * sizeof *out);
        ranks_show_life(g);
    }
}

void trainer_shuffle(int32_t *order, int count, const trainer *t)
{
    batch_order(order, count, t->in.task->seed, trainer_draw_epoch(t));
}
