/* report_axis: a range and the round numbers to write along it, linear or logarithmic. */
#ifndef RESULTS_REPORT_REPORT_AXIS_H
#define RESULTS_REPORT_REPORT_AXIS_H

#include <stdbool.h>

enum { AXIS_MAX_TICKS = 12 };

typedef struct {
    double low, high;
    bool logarithmic;
    int count;
    double ticks[AXIS_MAX_TICKS]; /* increasing, inside [low, high] */
} report_axis;

/* An axis that shows everything from low to high with a margin. Costs on a logarithmic axis are positive. */
report_axis report_axis_linear(double low, double high);
/* One that ends at both. */
report_axis report_axis_between(double low, double high);
report_axis report_axis_log(double low, double high);

/* 0 at the low end, 1 at the high end. */
double report_axis_place(const report_axis *a, double value);

#endif
