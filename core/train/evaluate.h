/* evaluate: loss and accuracy of a prepared model on a split, shared out over a group in pieces of model capacity. The
 * sum runs over the pieces in their order, whatever the group. */
#ifndef CORE_TRAIN_EVALUATE_H
#define CORE_TRAIN_EVALUATE_H

#include "core/data/dataset.h"
#include "core/net/model/model.h"
#include "core/train/integer_path.h"
#include "core/train/ranks.h"
#include "core/config/settings.h"

typedef struct {
    double loss;     /* mean cross-entropy, class-weighted if class_weight */
    double accuracy; /* fraction */
} evaluation;

/* Working memory of the caller: per-piece results and labels. */
typedef struct {
    const integer_ops *ops; /* with `integers`: what evaluates the model in its place; NULL: the model itself */
    integer_path *integers;
    real *pieces;    /* evaluate_piece_reals(largest split, capacity) */
    int32_t *labels; /* (capacity) */
} evaluation_work;

size_t evaluate_piece_reals(int images, int capacity);

/* Collective on g; the model was prepared in MODEL_EVAL_FLOAT or MODEL_EVAL_HARD. augment is NULL for clean images. */
MUST_CHECK status evaluate(evaluation *out, model *m, const real *values, const dataset *data, split which,
                           const real *class_weight, const augment_settings *augment, uint64_t seed, int epoch,
                           const evaluation_work *work, const ranks_view *g);

#endif
