/* Comparison with one point, in the words of papers. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "results/file/front.h"
#include "results/report/front_measures.h"
#include "results/report/report_data.h"
#include "results/report/report_measures.h"

static status find_point(const report_point **out, const report_data *d, const char *which)
{
    const char *colon = strchr(which, ':');
    int64_t id = 0;
    const bool numbered = number_whole(&id, which, 1, INT32_MAX);
    *out = NULL;
    for (int i = 0; i < d->count && *out == NULL; i++) {
        const report_point *p = &d->points[i];
        char setting[32];
        report_setting(setting, d, p);
        const bool named = colon != NULL && strncmp(p->strategy, which, (size_t)(colon - which)) == 0 &&
                           p->strategy[colon - which] == '\0' && strcmp(setting, colon + 1) == 0;
        if (named || (numbered && p->id == id)) *out = p;
    }
    if (*out != NULL) return status_ok();
    return status_fail(STATUS_CONFIG, "no point is \"%.60s\": write fixed:w8, STRATEGY:SETTING or an id of the table",
                       which);
}

/* The line of the other strategies: chosen on one accuracy, as shown in the other, rising. cost: logarithms. Returns
 * its corners. */
static int line_of_others(double *cost, double *accuracy, int *order, bool *member, const report_data *d,
                          const report_point *p)
{
    int n = 0, corners = 0;
    double *all = cost, *chosen = accuracy, best = -INFINITY;
    for (int i = 0; i < d->count; i++) {
        const report_point *q = &d->points[i];
        const bool other = strcmp(q->strategy, p->strategy) != 0 && q->cost > 0;
        all[n] = other ? q->cost : NAN;
        chosen[n++] = q->chosen_by;
    }
    const int kept = front_extract(member, order, all, chosen, n);
    for (int k = 0; k < kept; k++) {
        const report_point *q = &d->points[order[k]];
        if (q->accuracy <= best) continue;
        best = q->accuracy;
        cost[corners] = log(q->cost);
        accuracy[corners++] = q->accuracy;
    }
    return corners;
}

static void print_cost(FILE *out, const report_data *d, const report_point *p, const double *cost,
                       const double *accuracy, int corners)
{
    const double at = front_between(accuracy, cost, corners, p->accuracy);
    fprintf(out, "  at its accuracy, %.2f %%: ", p->accuracy);
    if (isnan(at)) {
        const bool above = corners > 0 && p->accuracy < accuracy[0];
        fprintf(out,
                above ? "all of the front is more accurate: %.2f %% at its cheapest, %.4g %s\n"
                      : "the front does not reach it: %.2f %% at the most, with %.4g %s\n",
                above ? accuracy[0] : accuracy[corners - 1], exp(above ? cost[0] : cost[corners - 1]), d->cost_unit);
        return;
    }
    const double part = 100 * (1 - exp(at) / p->cost);
    fprintf(out, "%.4g %s instead of %.4g %s, %.1f %% %s\n", exp(at), d->cost_unit, p->cost, d->cost_unit, fabs(part),
            part >= 0 ? "smaller" : "larger");
}

static void print_accuracy(FILE *out, const report_data *d, const report_point *p, const double *cost,
                           const double *accuracy, int corners)
{
    double at = front_between(cost, accuracy, corners, log(p->cost));
    fprintf(out, "  at its cost, %.4g %s: ", p->cost, d->cost_unit);
    const bool beyond = isnan(at) && log(p->cost) > cost[corners - 1];
    if (beyond) at = accuracy[corners - 1];
    if (isnan(at)) {
        fprintf(out, "the front begins at %.4g %s\n", exp(cost[0]), d->cost_unit);
        return;
    }
    fprintf(out, "%.2f %% instead of %.2f %%, %+.2f points%s\n", at, p->accuracy, at - p->accuracy,
            beyond ? " (the front's most accurate point is cheaper)" : "");
}

status report_iso(FILE *out, const report_data *d, const char *which)
{
    const report_point *p;
    TRY(find_point(&p, d, which));
    const size_t n = (size_t)d->count;
    double *room = malloc((2 * n + 1) * sizeof *room);
    int *order = malloc((n + 1) * sizeof *order);
    bool *member = malloc(n + 1);
    status s = room != NULL && order != NULL && member != NULL
                   ? status_ok()
                   : status_fail(STATUS_MEMORY, "no memory for %zu points", n);
    const int corners = failed(s) ? 0 : line_of_others(room, room + n, order, member, d, p);
    if (!failed(s) && corners == 0)
        s = status_fail(STATUS_CONFIG, "%.60s: there is no point of another strategy", which);
    if (!failed(s)) {
        fprintf(out,
                "\nthe front of the other strategies against %s (%s accuracy; linear between its corners, in the "
                "logarithm of the cost):\n",
                which, d->metric);
        print_cost(out, d, p, room, room + n, corners);
        print_accuracy(out, d, p, room, room + n, corners);
    }
    free(room);
    free(order);
    free(member);
    return s;
}
