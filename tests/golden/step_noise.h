/* step_noise: how far rounding alone can move a step. A float32 sum in another order differs in its last bits; where
 * one lies at the border of an activation's code, the code flips, and gradients move by far more than any rounding. How
 * far depends on the vectors: the fewer images, the more weighs a flip. So it is measured: the same step again, the
 * sums of every layer moved by some units in the last place, in several patterns. */
#ifndef TESTS_GOLDEN_STEP_NOISE_H
#define TESTS_GOLDEN_STEP_NOISE_H

#include "core/net/model/model.h"

enum { STEP_NOISE_PATTERNS = 6 };

typedef struct {
    real *largest;            /* (layer_count): the largest sum of each layer without a shift */
    real *logits, *gradients; /* without a shift: (logit_count), and a block of the layout */
    size_t logit_count;
    double loss; /* likewise */
    double logit_noise, loss_noise;
    double *gradient_noise; /* (tensor_count): the largest difference from the step without a shift */
} step_noise;

/* From a model that has made the step: its activations are those of the step, `gradients` what came of it. */
void step_noise_open(step_noise *n, const model *m, int images, const real *gradients, double loss);
void step_noise_close(step_noise *n);

/* Between model_prepare and model_forward: moves the sums of every channel. */
void step_noise_shift(const step_noise *n, model *m, int pattern);

/* After the same step with a shift. */
void step_noise_measure(step_noise *n, const model *m, const real *gradients, double loss);

#endif
