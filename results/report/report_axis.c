#include "results/report/report_axis.h"

#include <math.h>

enum { WANTED_TICKS = 7 };
static const double LEAST_RANGE = 1 + 1e-6; /* below it the values are the same but for rounding */

/* 1, 2 or 5 times a power of ten, so that at most WANTED_TICKS steps make `length`. */
static double round_step(double length)
{
    double rough = length / WANTED_TICKS, power = pow(10, floor(log10(rough)));
    static const double factors[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++)
        if (factors[i] * power >= rough) return factors[i] * power;
    return 10 * power;
}

static void linear_ticks(report_axis *a)
{
    double step = round_step(a->high - a->low);
    a->count = 0;
    for (double k = ceil(a->low / step); k * step <= a->high && a->count < AXIS_MAX_TICKS; k++)
        a->ticks[a->count++] = k * step + 0; /* -0 is 0 */
}

report_axis report_axis_between(double low, double high)
{
    report_axis a = {.low = low, .high = high};
    linear_ticks(&a);
    return a;
}

report_axis report_axis_linear(double low, double high)
{
    double margin = high - low > fabs(high) * (LEAST_RANGE - 1) ? (high - low) * 0.06 : 1;
    report_axis a = {.low = low - margin, .high = high + margin};
    linear_ticks(&a);
    return a;
}

/* Powers of ten times the first `kinds` of 1, 2, 5. False when they do not fit into the table. */
static bool log_ticks(report_axis *a, int kinds)
{
    static const double factors[] = {1, 2, 5};
    a->count = 0;
    for (double k = floor(log10(a->low)); k <= ceil(log10(a->high)); k++)
        for (int i = 0; i < kinds; i++) {
            double tick = factors[i] * pow(10, k);
            if (tick < a->low || tick > a->high) continue;
            if (a->count == AXIS_MAX_TICKS) return false;
            a->ticks[a->count++] = tick;
        }
    return true;
}

report_axis report_axis_log(double low, double high)
{
    double margin = high > low * LEAST_RANGE ? pow(high / low, 0.06) : 1.5;
    report_axis a = {.low = low / margin, .high = high * margin, .logarithmic = true};
    if (!log_ticks(&a, 3) && !log_ticks(&a, 1)) a.count = 0;
    if (a.count < 3) linear_ticks(&a); /* less than a decade: the linear round numbers serve */
    return a;
}

double report_axis_place(const report_axis *a, double value)
{
    if (a->logarithmic) return log(value / a->low) / log(a->high / a->low);
    return (value - a->low) / (a->high - a->low);
}
