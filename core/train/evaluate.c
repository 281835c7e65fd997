#include "core/train/evaluate.h"

#include <string.h>

#include "core/data/batch.h"

static int piece_count(int images, int capacity)
{
    return (images + capacity - 1) / capacity;
}

size_t evaluate_piece_reals(int images, int capacity)
{
    return 2 * (size_t)piece_count(images, capacity) + 1; /* loss and correct of each; one slot for the group's sum */
}

/* `images` images from `sample` on through the model, or its integers, whose logits take the place of the model's.
 * Returns the correct ones, or -1 where the logits tell. */
static int run_piece(const evaluation_work *work, model *m, const real *values, const dataset *data,
                     const int32_t *sample, int images, const augment_settings *augment, uint64_t seed, int epoch)
{
    if (work->integers != NULL && augment == NULL) {
        for (int i = 0; i < images; i++) work->labels[i] = data->labels[sample[i]];
        return work->ops->classify(work->integers, m, data, sample, work->labels, images);
    }
    batch_load(model_input(m), work->labels, data, sample, images, augment, seed, epoch);
    if (work->integers != NULL)
        work->ops->forward(work->integers, m, images);
    else
        model_forward(m, values, images, (model_pass){.training = false});
    return -1;
}

status evaluate(evaluation *out, model *m, const real *values, const dataset *data, split which,
                const real *class_weight, const augment_settings *augment, uint64_t seed, int epoch,
                const evaluation_work *work, const ranks_view *g)
{
    const int images = data->split_count[which], capacity = m->options.capacity;
    const int pieces = piece_count(images, capacity);
    memset(work->pieces, 0, 2 * (size_t)pieces * sizeof(real));

    int first = (int)((int64_t)pieces * g->rank / g->size), end = (int)((int64_t)pieces * (g->rank + 1) / g->size);
    for (int piece = first; piece < end; piece++) {
        const int32_t *sample = data->split_index[which] + (size_t)piece * (size_t)capacity;
        int n = images - piece * capacity < capacity ? images - piece * capacity : capacity;
        const int classified = run_piece(work, m, values, data, sample, n, augment, seed, epoch);
        int correct;
        work->pieces[2 * piece] = (real)m->kernels->softmax_cross_entropy(NULL, &correct, model_logits(m), work->labels,
                                                                          class_weight, 1, n, m->graph->classes);
        work->pieces[2 * piece + 1] = (real)(classified >= 0 ? classified : correct);
        ranks_show_life(g);
    }
    /* Every number is held by one rank and zero elsewhere, so the sum over ranks is exact. */
    if (g->sum != NULL) TRY(g->sum(g->ctx, work->pieces, 2 * (size_t)pieces, status_ok()));

    double loss = 0, correct = 0, weight = 0;
    for (int piece = 0; piece < pieces; piece++) {
        loss += (double)work->pieces[2 * piece];
        correct += (double)work->pieces[2 * piece + 1];
    }
    for (int i = 0; i < images; i++) {
        int label = data->labels[data->split_index[which][i]];
        weight += class_weight != NULL ? (double)class_weight[label] : 1;
    }
    *out = (evaluation){.loss = loss / weight, .accuracy = correct / images};
    return status_ok();
}
