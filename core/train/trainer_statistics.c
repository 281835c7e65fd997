#include "core/train/trainer_statistics.h"

#include <string.h>

#include "core/data/batch.h"
#include "core/train/trainer_discrete.h"
#include "core/train/trainer_batch.h"

/* Adds the statistics of `images` images of the batch, from `first` on, to `sums`. */
static void add_shard(trainer *t, real *sums, int first, int images, double weight)
{
    model *m = t->small.model;
    batch_load(model_input(m), t->labels, t->in.data, t->samples + first, images, &t->in.settings->augment,
               t->in.task->seed, trainer_draw_epoch(t));
    model_forward(m, t->small.values, images, (model_pass){.training = false});
    model_add_statistics(m, sums, images, weight);
}

/* Sums the rows of all own shards into the first, by the binary tree over the shard index. */
static void sum_rows(real *rows, int count, size_t reals)
{
    for (int step = 1; step < count; step *= 2)
        for (int row = 0; row + step < count; row += 2 * step)
            for (size_t k = 0; k < reals; k++) rows[(size_t)row * reals + k] += rows[(size_t)(row + step) * reals + k];
}

status trainer_estimate_statistics(trainer *t, const ranks_view *g, int batches)
{
    TRY(trainer_prepare_statistics(t));
    const model *m = t->small.model;
    const size_t reals = trainer_running_reals(m);
    const int shards = t->in.settings->shards, own = shards / g->size, whole = trainer_steps_per_epoch(t);
    const int used = batches < whole ? batches : whole;
    memset(t->statistics, 0, reals * (size_t)own * sizeof(real));
    for (int b = 0; b < used; b++) {
        double unused;
        const int images = trainer_choose_samples(t, b, &unused);
        for (int s = 0; s < own; s++) {
            const int64_t shard = (int64_t)g->rank * own + s;
            const int first = (int)(images * shard / shards), end = (int)(images * (shard + 1) / shards);
            const double weight = (double)(end - first) / images / used;
            if (end > first) add_shard(t, t->statistics + (size_t)s * reals, first, end - first, weight);
            ranks_show_life(g);
        }
    }
    sum_rows(t->statistics, own, reals);
    if (g->sum != NULL) TRY(g->sum(g->ctx, t->statistics, reals, status_ok()));
    memcpy(t->small.values + m->layout.choices, t->statistics, reals * sizeof(real));
    compact_scatter(&t->discrete, t->candidate, t->small.values);
    return status_ok();
}
