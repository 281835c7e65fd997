#include "core/train/trainer_batch.h"

#include "core/data/batch.h"

static void load_order(trainer *t)
{
    int epoch = trainer_draw_epoch(t);
    if (t->order_epoch == epoch) return;
    batch_order(t->order, t->in.data->split_count[SPLIT_TRAIN], t->in.task->seed, epoch);
    t->order_epoch = epoch;
}

int trainer_choose_samples(trainer *t, int step, double *weight)
{
    load_order(t);
    const dataset *data = t->in.data;
    int batch = t->in.settings->batch, count = data->split_count[SPLIT_TRAIN];
    int64_t first = (int64_t)step * batch;
    int n = count - first < batch ? (int)(count - first) : batch;
    *weight = 0;
    for (int i = 0; i < n; i++) {
        t->samples[i] = data->split_index[SPLIT_TRAIN][t->order[first + i]];
        *weight += t->class_weight != NULL ? (double)t->class_weight[data->labels[t->samples[i]]] : 1;
    }
    return n;
}
