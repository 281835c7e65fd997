#include "core/train/budget_law.h"

#include <math.h>

static const double PROPORTIONAL = 1, INTEGRAL = 2e-3, MOST_DECADES = 6, LEAST_COST = 1e-9;

double budget_law(real *sum, double cost, double budget)
{
    const double error = log10(fmax(cost / budget, LEAST_COST));
    *sum += (real)error;
    const double decades = PROPORTIONAL * error + INTEGRAL * (double)*sum;
    return pow(10, fmin(fmax(decades, -MOST_DECADES), MOST_DECADES));
}

double budget_falling(double from, double to, double done)
{
    return from * pow(to / from, fmin(fmax(done, 0), 1));
}
