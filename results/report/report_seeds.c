#include "results/report/report_seeds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(double a, double b)
{
    return a < b ? -1 : a > b;
}

/* 0: both are the same question with another seed. */
static int compare_questions(const report_point *a, const report_point *b)
{
    int order = a->run - b->run;
    if (order == 0) order = strcmp(a->strategy, b->strategy);
    if (order == 0) order = strcmp(a->network, b->network);
    if (order == 0) order = strcmp(a->cost_model, b->cost_model);
    if (order == 0) order = compare_numbers(a->strength, b->strength);
    if (order == 0) order = compare_numbers(a->target, b->target);
    if (order == 0) order = a->bits - b->bits;
    return order != 0 ? order : a->step - b->step;
}

static int by_question(const void *left, const void *right)
{
    const report_point *a = left, *b = right;
    const int order = compare_questions(a, b);
    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

/* Two points of one seed are two questions, which differ in an option that has no column. */
static int extent_of(const report_point *points, int count)
{
    int n = 1;
    for (; n < count && compare_questions(&points[0], &points[n]) == 0; n++)
        for (int i = 0; i < n; i++)
            if (points[i].seed == points[n].seed) return n;
    return n;
}

bool report_seeds_are_several(const report_point *points, int count)
{
    for (int i = 1; i < count; i++)
        if (points[i].run == points[i - 1].run && points[i].seed != points[i - 1].seed) return true;
    return false;
}

typedef double (*value_of)(const report_point *p);
static double cost_of(const report_point *p)
{
    return p->cost;
}
static double test_of(const report_point *p)
{
    return p->test;
}
static double validation_of(const report_point *p)
{
    return p->validation;
}
static double integer_of(const report_point *p)
{
    return p->integer;
}
static double accuracy_of(const report_point *p)
{
    return p->accuracy;
}
static double chosen_of(const report_point *p)
{
    return p->chosen_by;
}
static double raw_of(const report_point *p)
{
    return p->raw_cost;
}

static double mean(const report_point *p, int n, value_of value)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += value(&p[i]);
    return sum / n;
}

static double raw_test_of(const report_point *p)
{
    return p->raw_test;
}

static double raw_validation_of(const report_point *p)
{
    return p->raw_validation;
}

static double deviation(const report_point *p, int n, value_of value)
{
    const double centre = mean(p, n, value);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (value(&p[i]) - centre) * (value(&p[i]) - centre);
    return n > 1 ? sqrt(sum / (n - 1)) : 0;
}

static report_point average(const report_point *p, int n, int cost_count)
{
    report_point out = p[0];
    out.seeds = n;
    out.cost_deviation = deviation(p, n, cost_of);
    out.accuracy_deviation = deviation(p, n, accuracy_of);
    out.cost = mean(p, n, cost_of);
    out.raw_cost = mean(p, n, raw_of);
    out.test = mean(p, n, test_of);
    out.validation = mean(p, n, validation_of);
    out.integer = mean(p, n, integer_of);
    out.raw_test = mean(p, n, raw_test_of);
    out.raw_validation = mean(p, n, raw_validation_of);
    out.accuracy = mean(p, n, accuracy_of);
    out.chosen_by = mean(p, n, chosen_of);
    for (int k = 0; k < cost_count; k++) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += p[i].costs[k];
        out.costs[k] = sum / n;
    }
    return out;
}

static status no_memory(int count)
{
    return status_fail(STATUS_MEMORY, "no memory for %d points", count);
}

/* The points with costs of their own: the means take their room. */
static status keep_each(report_data *d)
{
    const size_t n = (size_t)d->count, costs = (size_t)d->cost_count;
    d->each = malloc((n + 1) * sizeof *d->each);
    d->each_costs = malloc((n * costs + 1) * sizeof *d->each_costs);
    if (d->each == NULL || d->each_costs == NULL) return no_memory(d->count);
    memcpy(d->each, d->points, n * sizeof *d->each);
    for (size_t i = 0; i < n; i++) {
        double *own = d->each_costs + i * costs;
        if (costs > 0) memcpy(own, d->points[i].costs, costs * sizeof *own);
        d->each[i].costs = own;
    }
    d->each_count = d->count;
    return status_ok();
}

status report_seeds_average(report_data *d)
{
    int kept = 0;
    qsort(d->points, (size_t)d->count, sizeof *d->points, by_question);
    TRY(keep_each(d));
    for (int i = 0; i < d->count;) {
        const int n = extent_of(&d->points[i], d->count - i);
        d->points[kept] = average(&d->points[i], n, d->cost_count);
        d->points[kept].mean = kept;
        for (int k = 0; k < n; k++) d->each[i + k].mean = kept;
        kept++;
        i += n;
    }
    d->count = kept;
    return status_ok();
}

static int by_mean(const void *left, const void *right)
{
    const report_point *a = left, *b = right;
    const int order = a->mean - b->mean;
    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

status report_seeds_follow(report_data *d)
{
    int *place = malloc(((size_t)d->count + 1) * sizeof *place); /* of the mean with a number */
    if (place == NULL) return no_memory(d->count);
    for (int i = 0; i < d->count; i++) {
        place[d->points[i].mean] = i;
        d->points[i].mean = i;
    }
    for (int i = 0; i < d->each_count; i++) d->each[i].mean = place[d->each[i].mean];
    free(place);
    qsort(d->each, (size_t)d->each_count, sizeof *d->each, by_mean);
    return status_ok();
}
