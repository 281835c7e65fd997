#include "results/file/front.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const double *cost, *accuracy;
} points;

/* Cheaper first; at equal cost the more accurate; of identical points the first. A total order without NaN. */
static bool before(const points *p, int a, int b)
{
    if (p->cost[a] != p->cost[b]) return p->cost[a] < p->cost[b];
    if (p->accuracy[a] != p->accuracy[b]) return p->accuracy[a] > p->accuracy[b];
    return a < b;
}

/* Restores the heap (the latest point on top) below position `top`. */
static void sift(const points *p, int *order, int top, int count)
{
    int moved = order[top];
    for (;;) {
        int child = 2 * top + 1;
        if (child >= count) break;
        if (child + 1 < count && before(p, order[child], order[child + 1])) child++;
        if (!before(p, moved, order[child])) break;
        order[top] = order[child];
        top = child;
    }
    order[top] = moved;
}

/* Heap sort: in place, no memory to run out of, n log n for every input. */
static void sort_points(const points *p, int *order, int count)
{
    for (int i = count / 2 - 1; i >= 0; i--) sift(p, order, i, count);
    for (int last = count - 1; last > 0; last--) {
        int latest = order[0];
        order[0] = order[last];
        order[last] = latest;
        sift(p, order, 0, last);
    }
}

/* order[] receives the members by increasing cost: going up in cost, a point is one when it is more accurate than
 * everything before it. */
static int find_members(const points *p, int *order, int n)
{
    int count = 0, kept = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(p->cost[i]) && !isnan(p->accuracy[i])) order[count++] = i;
    sort_points(p, order, count);
    for (int i = 0; i < count; i++)
        if (kept == 0 || p->accuracy[order[i]] > p->accuracy[order[kept - 1]]) order[kept++] = order[i];
    return kept;
}

int front_extract(bool *member, int *order, const double *cost, const double *accuracy, int n)
{
    int kept = find_members(&(points){cost, accuracy}, order, n);
    for (int i = 0; i < n; i++) member[i] = false;
    for (int i = 0; i < kept; i++) member[order[i]] = true;
    return kept;
}

double front_hypervolume(const double *cost, const double *accuracy, int n, double cost_reference,
                         double accuracy_reference, bool log_cost)
{
    int *order = malloc(((size_t)n + 1) * sizeof *order);
    if (order == NULL) return NAN;
    int kept = find_members(&(points){cost, accuracy}, order, n);
    double area = 0, reached = accuracy_reference;
    /* Each member adds the strip of accuracy above its predecessor, as wide as it is cheaper than the reference. */
    for (int i = 0; i < kept; i++) {
        double c = cost[order[i]], a = accuracy[order[i]];
        if (c >= cost_reference || a <= reached) continue;
        area += (log_cost ? log(cost_reference / c) : cost_reference - c) * (a - reached);
        reached = a;
    }
    free(order);
    return area;
}
