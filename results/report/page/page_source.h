/* page_source: where the page gets what a results file does not hold: layers, curves, configuration, log. */
#ifndef RESULTS_REPORT_PAGE_PAGE_SOURCE_H
#define RESULTS_REPORT_PAGE_PAGE_SOURCE_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/record.h"
#include "results/report/report_types.h"

typedef struct {
    /* The record of a point, freed by the page; *there = false when it cannot be had. */
    status (*record)(record *out, bool *there, void *ctx, const report_point *p);
    /* A file of the run at that place in runs, "config.cfg" or "log.jsonl"; NULL when it is not there; freed by the
     * page. */
    char *(*file)(void *ctx, int place, const char *name);
    void *ctx;
} page_source;

#endif
