#include "core/train/loss.h"

#include <math.h>

static int first_largest(const real *row, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

/* log of the normaliser of softmax(row / temperature), relative to the largest logit: log softmax_c = (row_c -
 * row_best) / temperature - log_sum. */
static double log_sum(const real *row, int best, int classes, double temperature)
{
    double sum = 0;
    for (int c = 0; c < classes; c++) sum += exp(((double)row[c] - (double)row[best]) / temperature);
    return log(sum);
}

static double log_softmax(const real *row, int best, int c, double log_sum_of_row, double temperature)
{
    return ((double)row[c] - (double)row[best]) / temperature - log_sum_of_row;
}

/* Loss of one row; dlogits = scale * its slope. teacher: NULL or its row. */
static double row_loss(real *dlogits, const real *row, int best, int label, const real *teacher, int classes,
                       double scale, const loss_rule *rule)
{
    const double distill = teacher != NULL ? rule->distill : 0, spread = rule->smoothing / classes;
    const double temperature = teacher != NULL ? rule->temperature : 1;
    const int teacher_best = teacher != NULL ? first_largest(teacher, classes) : 0;
    const double sharp = log_sum(row, best, classes, 1), soft = log_sum(row, best, classes, temperature);
    const double wanted = teacher != NULL ? log_sum(teacher, teacher_best, classes, temperature) : 0;
    double entropy = 0, divergence = 0;
    for (int c = 0; c < classes; c++) {
        double y = spread + (c == label ? 1 - rule->smoothing : 0), log_p = log_softmax(row, best, c, sharp, 1);
        double slope = (1 - distill) * (exp(log_p) - y);
        entropy -= y * log_p;
        if (teacher != NULL) {
            double log_q = log_softmax(teacher, teacher_best, c, wanted, temperature), q = exp(log_q);
            double log_soft = log_softmax(row, best, c, soft, temperature);
            divergence += q * (log_q - log_soft);
            slope += distill * temperature * (exp(log_soft) - q);
        }
        dlogits[c] = (real)(scale * slope);
    }
    return (1 - distill) * entropy + distill * temperature * temperature * divergence;
}

double loss_gradient(const kernel_table *kernels, real *dlogits, int *correct, const real *logits,
                     const int32_t *labels, const real *class_weight, real scale, int n, int classes,
                     const loss_rule *rule)
{
    if (rule->smoothing == 0 && rule->teacher == NULL)
        return kernels->softmax_cross_entropy(dlogits, correct, logits, labels, class_weight, scale, n, classes);
    double loss = 0;
    *correct = 0;
    for (int i = 0; i < n; i++) {
        const size_t at = (size_t)i * (size_t)classes;
        const int label = labels[i], best = first_largest(logits + at, classes);
        const double weight = class_weight != NULL ? (double)class_weight[label] : 1;
        *correct += best == label;
        loss +=
            weight * row_loss(dlogits + at, logits + at, best, label, rule->teacher != NULL ? rule->teacher + at : NULL,
                              classes, (double)scale * weight, rule);
    }
    return loss;
}
