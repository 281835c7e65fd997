/* teacher: the float network of the warm-up that a task starts from, whose outputs a phase may learn from (loss.h). It
 * runs forward only, in evaluation mode with running statistics, on the images of the step in hand. */
#ifndef CORE_TRAIN_TEACHER_H
#define CORE_TRAIN_TEACHER_H

#include "core/base/arena.h"
#include "core/net/model/model.h"

typedef struct {
    model model; /* of options.capacity images at a time, for evaluation only */
    bool opened;
    bool taught;           /* teacher_learn was called */
    real *values, *logits; /* (layout.total); (images of a shard, classes): in the caller's arena */
} teacher;

/* options: those of the network that learns, with the capacity that suits a forward pass; the teacher is the float
 * network over the same graph. */
MUST_CHECK status teacher_open(teacher *out, const graph *g, const kernel_table *kernels, const model_options *options);
void teacher_close(teacher *t);

/* Takes memory for values and logits. images: most of one teacher_answer. */
void teacher_carve(teacher *t, arena *memory, int images);

/* The caller has written the values. */
void teacher_learn(teacher *t);

/* Logits for n images, (n, H, W, C); borrowed until the next call. */
const real *teacher_answer(teacher *t, const real *images, int n);

#endif
