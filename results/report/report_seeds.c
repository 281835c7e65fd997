#include "results/report/report_seeds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(double a, double b)
{
    return a < b ? -1 : a > b;
}

/* 0: both are the same question with another seed. What differs most often comes first. */
static int compare_questions(const report_point *a, const report_point *b)
{
    int order = compare_numbers(a->strength, b->strength);
    if (order == 0) order = compare_numbers(a->target, b->target);
    if (order == 0) order = a->bits - b->bits;
    if (order == 0) order = a->step - b->step;
    if (order == 0) order = a->run - b->run;
    if (order == 0) order = strcmp(a->strategy, b->strategy);
    if (order == 0) order = strcmp(a->network, b->network);
    return order != 0 ? order : strcmp(a->cost_model, b->cost_model);
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

/* Of the points p[n]; `costs` has room for those of the mean. */
static report_point average(const report_point *p, int n, double *costs, int cost_count)
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
        costs[k] = sum / n;
    }
    out.costs = costs;
    return out;
}

static status no_memory(int count)
{
    return status_fail(STATUS_MEMORY, "no memory for %d points", count);
}

/* Numbers the questions: each[i].mean. Returns how many there are. */
static int number_questions(report_point *each, int count)
{
    int questions = 0;
    for (int i = 0; i < count; questions++)
        for (const int end = i + extent_of(&each[i], count - i); i < end; i++) each[i].mean = questions;
    return questions;
}

status report_seeds_average(report_data *d)
{
    const int costs = d->cost_count;
    qsort(d->points, (size_t)d->count, sizeof *d->points, by_question);
    const int questions = number_questions(d->points, d->count);
    report_point *means = malloc(((size_t)questions + 1) * sizeof *means);
    double *mean_costs = malloc(((size_t)questions * (size_t)costs + 1) * sizeof *mean_costs);
    if (means == NULL || mean_costs == NULL) {
        free(means);
        free(mean_costs);
        return no_memory(d->count);
    }
    for (int i = 0, q = 0; q < questions; q++) {
        int n = 1;
        while (i + n < d->count && d->points[i + n].mean == q) n++;
        means[q] = average(&d->points[i], n, mean_costs + (size_t)q * (size_t)costs, costs);
        i += n;
    }
    d->each = d->points, d->each_costs = d->cost_values, d->each_count = d->count;
    d->points = means, d->cost_values = mean_costs, d->count = questions;
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
