/* Softmax cross-entropy. A row is computed in double: rows are few and short, and the loss of a batch is compared and
 * summed over many batches. */
#include <math.h>

#include "core/kernels/isa.h"

double ISA(softmax_cross_entropy)(real *dlogits, int *correct, const real *logits, const int32_t *labels,
                                  const real *class_weight, real scale, int n, int classes)
{
    double loss = 0.0;
    *correct = 0;
    for (int i = 0; i < n; ++i) {
        const real *row = logits + (size_t)i * (size_t)classes;
        int label = labels[i], best = 0;
        for (int c = 1; c < classes; ++c)
            if (row[c] > row[best]) best = c;
        *correct += best == label;

        double sum = 0.0;
        for (int c = 0; c < classes; ++c) sum += exp((double)row[c] - (double)row[best]);
        double weight = class_weight ? (double)class_weight[label] : 1.0;
        loss += weight * (log(sum) - ((double)row[label] - (double)row[best]));

        if (dlogits == NULL) continue;
        real *d = dlogits + (size_t)i * (size_t)classes;
        for (int c = 0; c < classes; ++c) {
            double softmax = exp((double)row[c] - (double)row[best]) / sum;
            d[c] = (real)((double)scale * weight * (softmax - (c == label)));
        }
    }
    return loss;
}
