/* loss: what a training step minimises: softmax cross-entropy with smoothed labels, mixed with distillation from a
 * teacher (Hinton et al. 2015, "Distilling the knowledge in a neural network"). Per image, with logits z, class weight
 * v of its label, C classes, smoothing e, distillation d and its temperature T:
 *
 *   L = v ((1 - d) CE + d T^2 KL(softmax(teacher / T) || softmax(z / T)))
 *   CE = -sum_c y_c log softmax(z)_c,  y = (1 - e) onehot(label) + e / C
 *   dL/dz = v ((1 - d) (softmax(z) - y) + d T (softmax(z / T) - softmax(teacher / T)))
 *
 * A row is computed in double. Pure; cannot fail. */
#ifndef CORE_TRAIN_LOSS_H
#define CORE_TRAIN_LOSS_H

#include "core/kernels/kernels.h"

typedef struct {
    double smoothing;            /* e: 0 <= e < 1 */
    const real *teacher;         /* (n, classes) logits; NULL: no distillation */
    double distill, temperature; /* 0 < d <= 1, T > 0; read with a teacher only */
} loss_rule;

/* Returns the sum of L over n images and dlogits = scale * dL/dz; *correct counts rows whose first largest logit is the
 * label. class_weight: (classes), NULL: 1. Without smoothing and teacher it is the kernel softmax_cross_entropy, bit
 * for bit. */
double loss_gradient(const kernel_table *kernels, real *dlogits, int *correct, const real *logits,
                     const int32_t *labels, const real *class_weight, real scale, int n, int classes,
                     const loss_rule *rule);

#endif
