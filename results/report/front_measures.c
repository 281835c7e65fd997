#include "results/report/front_measures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"

enum { SAMPLES = 2000, BOOTSTRAP_SEED = 1 };

/* ---- hypervolume with two costs ---- */

typedef struct {
    double first, second, accuracy;
} point3;

static int by_falling_accuracy(const void *left, const void *right)
{
    const point3 *a = left, *b = right;
    return a->accuracy > b->accuracy ? -1 : a->accuracy < b->accuracy;
}

/* The points that no other one undercuts in both costs, by increasing first and falling second cost. */
typedef struct {
    point3 *steps;
    int count;
    double area; /* between them and the reference */
    double first_reference, second_reference;
} staircase;

/* The place of the first step with a first cost of at least `first`. */
static int place_of(const staircase *s, double first)
{
    int low = 0, high = s->count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (s->steps[middle].first >= first)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Area that only the steps [from, to) and their neighbours' corners bound, right of `from`. */
static double area_of(const staircase *s, int from, int to, double ceiling, double end)
{
    double area = 0, above = ceiling;
    for (int i = from; i < to; i++) {
        area += (end - s->steps[i].first) * (above - s->steps[i].second);
        above = s->steps[i].second;
    }
    return area;
}

static void add_step(staircase *s, point3 p)
{
    const int at = place_of(s, p.first);
    if (at > 0 && s->steps[at - 1].second <= p.second) return;
    if (at < s->count && s->steps[at].first == p.first && s->steps[at].second <= p.second) return;
    int end = at;
    while (end < s->count && s->steps[end].second >= p.second) end++;
    const double ceiling = at > 0 ? s->steps[at - 1].second : s->second_reference;
    const double right = end < s->count ? s->steps[end].first : s->first_reference;
    /* between p and the first step below it nothing but the steps that p replaces was dominated above p */
    s->area += (right - p.first) * (ceiling - p.second) - area_of(s, at, end, ceiling, right);
    memmove(&s->steps[at + 1], &s->steps[end], (size_t)(s->count - end) * sizeof *s->steps);
    s->steps[at] = p;
    s->count += 1 - (end - at);
}

double front_hypervolume_3d(const double *first, const double *second, const double *accuracy, int n,
                            double first_reference, double second_reference, double accuracy_reference)
{
    point3 *points = malloc(((size_t)n + 1) * sizeof *points), *steps = malloc(((size_t)n + 1) * sizeof *steps);
    int count = 0;
    double volume = points != NULL && steps != NULL ? 0 : NAN;
    for (int i = 0; i < n && !isnan(volume); i++)
        if (first[i] < first_reference && second[i] < second_reference && accuracy[i] > accuracy_reference)
            points[count++] = (point3){first[i], second[i], accuracy[i]};
    if (count > 0) qsort(points, (size_t)count, sizeof *points, by_falling_accuracy);
    staircase s = {.steps = steps, .first_reference = first_reference, .second_reference = second_reference};
    for (int i = 0; i < count; i++) {
        add_step(&s, points[i]);
        volume += s.area * (points[i].accuracy - (i + 1 < count ? points[i + 1].accuracy : accuracy_reference));
    }
    free(points);
    free(steps);
    return volume;
}

/* ---- two fronts ---- */

double front_epsilon(front_set a, front_set b)
{
    double most = -INFINITY;
    for (int j = 0; j < b.count; j++) {
        double least = INFINITY;
        for (int i = 0; i < a.count; i++)
            least = fmin(least, fmax(a.cost[i] - b.cost[j], b.accuracy[j] - a.accuracy[i]));
        most = fmax(most, least);
    }
    return most;
}

double front_coverage(front_set a, front_set b)
{
    int covered = 0;
    for (int j = 0; j < b.count; j++) {
        bool is_covered = false;
        for (int i = 0; i < a.count && !is_covered; i++)
            is_covered = a.cost[i] <= b.cost[j] && a.accuracy[i] >= b.accuracy[j];
        covered += is_covered;
    }
    return b.count > 0 ? (double)covered / b.count : NAN;
}

/* ---- one front ---- */

int front_knee(front_set f)
{
    if (f.count < 3) return -1;
    const int last = f.count - 1;
    const double width = f.cost[last] - f.cost[0], height = f.accuracy[last] - f.accuracy[0];
    double most = 0;
    int knee = -1;
    for (int i = 1; i < last && width > 0 && height > 0; i++) {
        const double above = (f.accuracy[i] - f.accuracy[0]) / height - (f.cost[i] - f.cost[0]) / width;
        if (above > most) knee = i;
        most = fmax(most, above);
    }
    return knee;
}

double front_between(const double *x, const double *y, int n, double at)
{
    for (int i = 0; i < n; i++) {
        if (x[i] == at) return y[i];
        if (i + 1 < n && x[i] < at && at < x[i + 1]) return y[i] + (y[i + 1] - y[i]) * (at - x[i]) / (x[i + 1] - x[i]);
    }
    return NAN;
}

/* ---- several seeds ---- */

typedef struct {
    double cost, accuracy;
    int set;
} attained;

static int by_rising_cost(const void *left, const void *right)
{
    const attained *a = left, *b = right;
    return a->cost < b->cost ? -1 : a->cost > b->cost;
}

/* The accuracy that at least `least` sets have. */
static double kth_largest(const double *best, double *sorted, int sets, int least)
{
    for (int s = 0; s < sets; s++) {
        int i = s;
        for (; i > 0 && sorted[i - 1] < best[s]; i--) sorted[i] = sorted[i - 1];
        sorted[i] = best[s];
    }
    return sorted[least - 1];
}

int front_of_sets(double *cost, double *accuracy, int *set, int n, int sets)
{
    attained *points = malloc(((size_t)n + 1) * sizeof *points);
    double *best = malloc(((size_t)sets + 1) * sizeof *best);
    int kept = points != NULL && best != NULL ? 0 : -1;
    for (int i = 0; i < n && kept == 0; i++) points[i] = (attained){cost[i], accuracy[i], set[i]};
    for (int s = 0; s < sets && kept == 0; s++) best[s] = -INFINITY;
    if (kept == 0) qsort(points, (size_t)n, sizeof *points, by_rising_cost);
    for (int i = 0; i < n && kept >= 0; i++) {
        const attained *p = &points[i];
        if (p->accuracy <= best[p->set]) continue;
        best[p->set] = accuracy[kept] = p->accuracy;
        cost[kept] = p->cost;
        set[kept++] = p->set;
    }
    free(points);
    free(best);
    return kept;
}

int front_attainment(double *out_cost, double *out_accuracy, const double *cost, const double *accuracy, const int *set,
                     int n, int sets, int least)
{
    attained *points = malloc(((size_t)n + 1) * sizeof *points);
    double *best = malloc((2 * (size_t)sets + 1) * sizeof *best);
    int corners = 0;
    if (points == NULL || best == NULL) corners = -1;
    for (int i = 0; i < n && corners == 0; i++) points[i] = (attained){cost[i], accuracy[i], set[i]};
    for (int s = 0; s < sets && corners == 0; s++) best[s] = -INFINITY;
    if (corners == 0) qsort(points, (size_t)n, sizeof *points, by_rising_cost);
    double reached = -INFINITY;
    for (int i = 0; i < n && corners >= 0; i++) {
        if (points[i].accuracy <= best[points[i].set]) continue;
        best[points[i].set] = points[i].accuracy;
        const double now = kth_largest(best, best + sets, sets, least);
        if (now <= reached) continue;
        if (corners == 0 || out_cost[corners - 1] < points[i].cost) corners++;
        out_cost[corners - 1] = points[i].cost;
        out_accuracy[corners - 1] = reached = now;
    }
    free(points);
    free(best);
    return corners;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

void front_bootstrap(double *low, double *high, const double *values, int n)
{
    double means[SAMPLES];
    *low = *high = NAN;
    if (n < 2) return;
    for (int s = 0; s < SAMPLES; s++) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            const rng_block draw = rng_draw(BOOTSTRAP_SEED, RNG_SYNTHETIC, (uint32_t)s, (uint32_t)i, 0);
            sum += values[rng_below(draw.word[0], (uint32_t)n)];
        }
        means[s] = sum / n;
    }
    qsort(means, SAMPLES, sizeof *means, by_size);
    *low = means[SAMPLES / 40];
    *high = means[SAMPLES - 1 - SAMPLES / 40];
}
