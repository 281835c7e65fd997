#include "tests/golden/cases.h"

#include <stdio.h>
#include <stdlib.h>

h5_id cases_file;
int cases_differ;

void cases_check_all(const char *kind, void (*check)(const char *group))
{
    char group[64];
    const int cases = golden_cases(cases_file, kind);
    for (int i = 0; i < cases; i++) {
        snprintf(group, sizeof group, "%s/case_%03d", kind, i);
        check(group);
    }
}

real *cases_reals(const char *group, const char *tensor)
{
    return golden_reals(golden_read(cases_file, "%s/%s", group, tensor));
}

golden_tensor cases_weight(const char *group, const char *tensor)
{
    golden_tensor t = golden_read(cases_file, "%s/%s", group, tensor);
    golden_weight_order(&t, false);
    return t;
}

void cases_compare(const char *group, const char *tensor, const real *values, double tolerance)
{
    cases_differ += golden_check(cases_file, group, tensor, values, tolerance);
}

void cases_compare_scaled(const char *group, const char *tensor, const real *values, double tolerance, double scale)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s", group, tensor);
    golden_tensor wanted = golden_read(cases_file, "%s", name);
    cases_differ += golden_compare_scaled(name, values, &wanted, tolerance, scale);
    free(wanted.data);
}

void cases_compare_weight(const char *group, const char *tensor, const real *values, double tolerance)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s", group, tensor);
    golden_tensor wanted = cases_weight(group, tensor);
    cases_differ += golden_compare(name, values, &wanted, tolerance);
    free(wanted.data);
}
