#include "results/report/verdict_finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool verdict_is_of(const verdict_row *r, const char *strategy)
{
    return strcmp(r->strategy, strategy) == 0;
}

void verdict_add(verdict_finding *out, double value, const char *unit, const char *name, ...)
{
    if (out->count == VERDICT_NUMBERS) return;
    verdict_number *n = &out->numbers[out->count++];
    n->value = value;
    snprintf(n->unit, sizeof n->unit, "%s", unit);
    va_list rest;
    va_start(rest, name);
    vsnprintf(n->name, sizeof n->name, name, rest);
    va_end(rest);
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void verdict_add_range(verdict_finding *out, double *values, int count, const char *what)
{
    qsort(values, (size_t)count, sizeof *values, by_number);
    verdict_add(out, count, "", "%s, seeds", what);
    if (count == 0) return;
    verdict_add(out, values[count / 2], "", "%s, median", what);
    verdict_add(out, values[0], "", "%s, smallest", what);
    verdict_add(out, values[count - 1], "", "%s, largest", what);
}
