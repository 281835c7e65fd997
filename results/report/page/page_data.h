/* page_data: what the scripts of a page draw, as JSON: points, costs, runs with their logs, published points. */
#ifndef RESULTS_REPORT_PAGE_PAGE_DATA_H
#define RESULTS_REPORT_PAGE_PAGE_DATA_H

#include "results/report/page/page_view.h"

enum { PAGE_MOST_DETAILS = 400, PAGE_MOST_LOG_BYTES = 2 << 20 };

/* The element <script id="data">. */
MUST_CHECK status page_data_write(FILE *out, const page_inputs *in);

#endif
