#include "core/strategy/sample_update.h"

#include <math.h>

#include "core/strategy/objective.h"

double sample_worth(const sample_options *o, const sample_yardstick *y, double loss, double cost, double full,
                    double strength)
{
    if (o->objective == OBJECTIVE_CURVE)
        return objective_of_curve(loss, objective_interpolate(y->costs, y->losses, y->count, cost), o->leak);
    return objective_of_ratio((objective_kind)o->objective, loss, cost / full, strength);
}

void sample_update(real *logits, const sample_space *space, const sample_options *o, const int *counts,
                   const double *worth, int number)
{
    double gradient[GRAPH_MAX_LAYERS * SCORE_MOST_OPTIONS];
    for (int f = 0; f < space->factor_count; f++) {
        double p[SCORE_MOST_OPTIONS];
        score_probabilities(p, logits + space->first[f], &space->factors[f]);
        score_gradient(gradient + space->first[f], worth, counts + space->first[f], space->logits, o->samples, p,
                       &space->factors[f], o->baseline == 0);
    }
    score_step(logits, gradient, space->logits, o->rate * pow(o->rate_decay, number), o->clip);
}
