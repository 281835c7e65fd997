/* report_page: one self-contained HTML file with everything that a reader of a sweep asks: which point, how sure, what
 * was searched. It loads nothing. */
#ifndef RESULTS_REPORT_PAGE_REPORT_PAGE_H
#define RESULTS_REPORT_PAGE_REPORT_PAGE_H

#include "core/base/status.h"
#include "results/report/page/page_source.h"
#include "results/report/report_published.h"

/* Points one by one (each_seed). Details are written of the points on the front, then of others, up to a number
 * (page_data.h). The file appears complete or not at all. */
MUST_CHECK status report_page(const char *path, const report_data *d, const report_published *published,
                              const page_source *source);

#endif
