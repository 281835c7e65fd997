/* integer_path: the discrete network as the integers that are exported of it, for a trainer that evaluates or trains
 * with them. The trainer knows how it is used; who lies above gives it (core/deploy/integer_training.h). */
#ifndef CORE_TRAIN_INTEGER_PATH_H
#define CORE_TRAIN_INTEGER_PATH_H

#include "core/data/dataset.h"
#include "core/net/model/model.h"

typedef struct integer_path integer_path;

typedef struct {
    MUST_CHECK status (*open)(integer_path **out);
    void (*close)(integer_path *p);

    /* The integers of m, which is prepared in MODEL_EVAL_HARD, for images as d has them. every_layer: for forward,
     * below. STATUS_CONFIG: the network has something that integers cannot express, the same on all ranks. */
    MUST_CHECK status (*take)(integer_path *p, const model *m, const dataset *d, bool every_layer);

    /* What the integers give for model_input(m) becomes model_logits(m); with every_layer also what every other layer
     * put out, behind a model_forward of a model for training, without dropout. */
    void (*forward)(integer_path *p, model *m, int images);

    /* Images sample[0 ... images - 1] of d, as they are: real logits in the place of model_logits(m). Returns how many
     * integer logits are the first largest where labels say so. */
    int (*classify)(integer_path *p, model *m, const dataset *d, const int32_t *sample, const int32_t *labels,
                    int images);
} integer_ops;

#endif
