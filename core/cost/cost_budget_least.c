
#include <math.h>
#include <stdlib.h>

#include "core/cost/cost_walk.h"

double cost_budget_value(const cost_model *model, const allocation *a)
{
    group_choice *groups = calloc((size_t)a->graph->group_count + 1, sizeof *groups);
    if (groups == NULL) return NAN;
    cost_of_allocation(groups, a);
    double cost = cost_total(model, a->graph, groups, false, NULL);
    free(groups);
    return cost;
}

status cost_budget_least(double *cost, allocation *a, const graph *g, const cost_budget *b)
{
    allocation own = {.graph = NULL};
    if (a == NULL) TRY(allocation_new(&own, g));
    walk w;
    status s = walk_open(&w, a != NULL ? a : &own, b);
    if (!failed(s)) {
        walk_set_least(&w);
        *cost = walk_value(&w);
        walk_close(&w);
    }
    if (a == NULL) allocation_free(&own);
    return s;
}
