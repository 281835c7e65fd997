/* report_filter: which points are shown. */
#ifndef RESULTS_REPORT_REPORT_FILTER_H
#define RESULTS_REPORT_REPORT_FILTER_H

#include <stdbool.h>

#include "results/report/report_types.h"

typedef struct {
    const char *strategies, *cost_models, *networks, *seeds; /* comma-separated, borrowed; NULL: all */
} report_filter;

/* STATUS_CONFIG: the files have no point with a name or seed that is asked for; the message says which there are. */
MUST_CHECK status report_filter_make(report_filter *out, const report_options *o, const report_columns *columns,
                                     int count);

/* Warm-ups belong to all strategies and cost models. */
bool report_filter_takes(const report_filter *f, const report_point *p, bool is_warmup);

#endif
