#include "core/strategy/objective.h"

#include <math.h>

double objective_of_ratio(objective_kind kind, double loss, double ratio, double strength)
{
    switch (kind) {
    case OBJECTIVE_RATIO:
        return loss + strength * ratio;
    case OBJECTIVE_TANH:
        return loss + strength * 0.25 * (tanh(8 * (ratio - 1.19863)) + 1);
    default:
        return loss + strength * ratio * ratio;
    }
}

double objective_of_curve(double loss, double homogeneous, double leak)
{
    const double x = (loss - homogeneous) / homogeneous;
    return 0.1 + (x < 0 ? leak * x : x);
}

double objective_interpolate(const double *costs, const double *losses, int count, double cost)
{
    int at = 0;
    while (at + 2 < count && cost > costs[at + 1]) at++;
    const double part = (cost - costs[at]) / (costs[at + 1] - costs[at]);
    return losses[at] + part * (losses[at + 1] - losses[at]);
}

void objective_make_falling(double *losses, int count)
{
    for (int i = 1; i < count; i++) {
        if (losses[i] <= losses[i - 1]) continue;
        /* the shortest tail of what came before whose mean with this one does not rise above what is left */
        int first = i;
        double sum = losses[i];
        while (first > 0 && losses[first - 1] < sum / (i - first + 1)) sum += losses[--first];
        for (int k = first; k <= i; k++) losses[k] = sum / (i - first + 1);
    }
}
