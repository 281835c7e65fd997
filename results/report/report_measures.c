#define _POSIX_C_SOURCE 200809L
#include "results/report/report_measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/file/front.h"
#include "results/report/front_measures.h"
#include "results/report/report_data.h"

enum { MOST_SEEDS = 64 };

/* The box of all points: costs as logarithms, both axes scaled to 0 ... 1. */
typedef struct {
    double cost_low, cost_high, low, high;
} box;

static box box_of(const report_point *p, int n)
{
    box b = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (int i = 0; i < n; i++) {
        if (p[i].cost <= 0) continue;
        b.cost_low = fmin(b.cost_low, p[i].cost);
        b.cost_high = fmax(b.cost_high, p[i].cost);
        b.low = fmin(b.low, p[i].accuracy);
        b.high = fmax(b.high, p[i].accuracy);
    }
    return b;
}

static double scaled_cost(const box *b, double cost)
{
    return log(cost / b->cost_low) / log(b->cost_high / b->cost_low);
}

static double scaled_accuracy(const box *b, double accuracy)
{
    return (accuracy - b->low) / (b->high - b->low);
}

/* Which points count. */
typedef struct {
    int run;         /* -1: of all */
    bool only_front; /* chosen on the other accuracy: others had not been found */
} choice;

static bool counts(const report_point *p, const choice *c)
{
    return p->cost > 0 && (c->run < 0 || p->run == c->run) && (!c->only_front || p->on_front);
}

/* Scaled costs and accuracies of the points that count; room[2 * n]. */
static front_set collect(double *room, const report_point *p, int n, const choice *c, const box *b)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (!counts(&p[i], c)) continue;
        room[count] = scaled_cost(b, p[i].cost);
        room[n + count++] = scaled_accuracy(b, p[i].accuracy);
    }
    return (front_set){room, room + n, count};
}

static double volume(const front_set *s)
{
    return front_hypervolume(s->cost, s->accuracy, s->count, 1, 0, false);
}

/* Which of the seeds a point has, at the most 64 of them, in the order in which they appear; -1: of none. place[n]. */
static int number_seeds(int *place, const report_point *p, int n)
{
    uint64_t seeds[MOST_SEEDS];
    int count = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < count && seeds[k] != p[i].seed) k++;
        if (k == count && count < MOST_SEEDS) seeds[count++] = p[i].seed;
        place[i] = k < count && p[i].cost > 0 ? k : -1;
    }
    return count;
}

/* Passes over the points once, then over their numbers: points are long. */
static void print_seeds(FILE *out, const report_data *d, const box *b, double *room, int *place)
{
    const int n = d->each_count, count = number_seeds(place, d->each, n);
    double *cost = room, *accuracy = room + n, *own = room + 2 * (size_t)n;
    double values[MOST_SEEDS], sum = 0, low, high;
    for (int i = 0; i < n; i++) {
        if (place[i] < 0) continue;
        cost[i] = scaled_cost(b, d->each[i].cost);
        accuracy[i] = scaled_accuracy(b, d->each[i].accuracy);
    }
    for (int k = 0; k < count; k++) {
        front_set set = {own, own + n, 0};
        for (int i = 0; i < n; i++) {
            if (place[i] != k) continue;
            own[set.count] = cost[i];
            own[n + set.count++] = accuracy[i];
        }
        values[k] = volume(&set);
        sum += values[k];
    }
    front_bootstrap(&low, &high, values, count);
    fprintf(out,
            "  of each seed alone    mean %.4f, 95 %% interval %.4f to %.4f (bootstrap over %d seeds; every point "
            "counts)\n",
            sum / count, low, high, count);
}

static void print_knee(FILE *out, const report_data *d, const box *b, double *room, int *place)
{
    double best = -INFINITY;
    int n = 0;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (!p->on_front || p->cost <= 0 || p->accuracy <= best) continue;
        best = p->accuracy;
        room[n] = scaled_cost(b, p->cost);
        room[d->count + n] = scaled_accuracy(b, p->accuracy);
        place[n++] = i;
    }
    const int knee = front_knee((front_set){room, room + d->count, n});
    if (knee < 0) return;
    const report_point *p = &d->points[place[knee]];
    fprintf(out, "knee                    point ");
    if (d->run_count > 1) fputc('A' + p->run, out);
    fprintf(out, "%d: %.4g %s, %.2f %% (farthest above the line between the ends of the front)\n", p->id, p->cost,
            d->cost_unit, p->accuracy);
}

static void print_runs(FILE *out, const report_data *d, const box *b, double *room)
{
    const size_t n = (size_t)d->count;
    for (int r = 0; r < d->run_count; r++) {
        const front_set own = collect(room, d->points, d->count, &(choice){.run = r}, b);
        fprintf(out, "  of run %c alone        %.4f\n", 'A' + r, volume(&own));
    }
    for (int r = 0; r < d->run_count; r++)
        for (int o = 0; o < d->run_count; o++) {
            if (r == o) continue;
            const front_set first = collect(room, d->points, d->count, &(choice){.run = r}, b);
            const front_set second = collect(room + 2 * n, d->points, d->count, &(choice){.run = o}, b);
            fprintf(out, "%c against %c             covers %.0f %% of its points; epsilon %.4f\n", 'A' + r, 'A' + o,
                    100 * front_coverage(first, second), front_epsilon(first, second));
        }
    fprintf(out,
            "  (epsilon: how far all of the first would have to move, in both scaled axes, to cover the second)\n");
}

static status print_volume_3d(FILE *out, const report_data *d, const box *b, const char *second, double *room)
{
    const int cost = report_columns_cost(d->costs, d->cost_count, second);
    if (cost < 0) return status_fail(STATUS_CONFIG, "there is no cost '%.60s'", second);
    double low = INFINITY, high = 0;
    for (int i = 0; i < d->count; i++) {
        const double value = d->points[i].costs[cost];
        if (!(value > 0)) continue;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    if (!(high > low)) {
        fprintf(out, "hypervolume in 3        none: all points have the same %s\n", d->costs[cost].name);
        return status_ok();
    }
    int n = 0;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (p->cost <= 0 || !(p->costs[cost] > 0)) continue;
        room[n] = scaled_cost(b, p->cost);
        room[d->count + n] = log(p->costs[cost] / low) / log(high / low);
        room[2 * d->count + n++] = scaled_accuracy(b, p->accuracy);
    }
    fprintf(out,
            "hypervolume in 3        %.4f (%s, %s, %s accuracy; every point counts; reference: the worst of each)\n",
            front_hypervolume_3d(room, room + d->count, room + 2 * d->count, n, 1, 1, 0), d->column,
            d->costs[cost].name, d->metric);
    return status_ok();
}

static status print_all(FILE *out, const report_data *d, const char *second, double *room, int *place)
{
    const box b = box_of(d->each != NULL ? d->each : d->points, d->each != NULL ? d->each_count : d->count);
    if (!(b.cost_high > b.cost_low && b.high > b.low)) {
        fprintf(out, "\nAll points are the same in cost or accuracy: no hypervolume.\n");
        return status_ok();
    }
    const front_set front = collect(room, d->points, d->count, &(choice){.run = -1, .only_front = true}, &b);
    fprintf(
        out,
        "\nhypervolume             %.4f (reference %.4g %s and %.2f %% %s accuracy, the worst of all points; 1 is %.4g "
        "%s with %.2f %%; cost as logarithm)\n",
        volume(&front), b.cost_high, d->cost_unit, b.low, d->metric, b.cost_low, d->cost_unit, b.high);
    if (d->each != NULL) print_seeds(out, d, &b, room, place);
    if (d->run_count > 1) print_runs(out, d, &b, room);
    print_knee(out, d, &b, room, place);
    return second != NULL ? print_volume_3d(out, d, &b, second, room) : status_ok();
}

status report_measures(FILE *out, const report_data *d, const char *second)
{
    const size_t n = (size_t)(d->count > d->each_count ? d->count : d->each_count);
    double *room = malloc((4 * n + 1) * sizeof *room);
    int *place = malloc((n + 1) * sizeof *place);
    status s = room != NULL && place != NULL ? print_all(out, d, second, room, place)
                                             : status_fail(STATUS_MEMORY, "no memory for %zu points", n);
    free(room);
    free(place);
    return s;
}
