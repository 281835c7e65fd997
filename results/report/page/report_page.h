/* report_page: one self-contained HTML file with everything that a reader of a sweep asks: which point, how sure, what
 * was searched. It loads nothing. */
#ifndef RESULTS_REPORT_PAGE_REPORT_PAGE_H
#define RESULTS_REPORT_PAGE_REPORT_PAGE_H

#include "core/base/status.h"
#include "core/task/record.h"
#include "results/report/report_published.h"
#include "results/report/report_types.h"

enum { PAGE_MOST_DETAILS = 400, PAGE_MOST_LOG_BYTES = 2 << 20 };

/* Where layers, curves, configuration and log come from. */
typedef struct {
    /* The record of a point, freed by the page; *there = false when it cannot be had. */
    status (*record)(record *out, bool *there, void *ctx, const report_point *p);
    /* A file of the run at that place in runs, "config.cfg" or "log.jsonl"; NULL when it is not there; freed by the
     * page. */
    char *(*file)(void *ctx, int place, const char *name);
    void *ctx;
} page_source;

/* Points one by one (each_seed). Details are written of the points on the front, then of others, of PAGE_MOST_DETAILS
 * at most. The file appears complete or not at all. */
MUST_CHECK status report_page(const char *path, const report_data *d, const report_published *published,
                              const page_source *source);

#endif
