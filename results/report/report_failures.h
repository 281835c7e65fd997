/* report_failures: why tasks of a run failed. */
#ifndef RESULTS_REPORT_REPORT_FAILURES_H
#define RESULTS_REPORT_REPORT_FAILURES_H

#include <stdio.h>

#include "core/base/status.h"

/* A line for each failed task of the results file `path`, for the first few of many; nothing when there is no such
 * file. DATA when it is damaged. */
MUST_CHECK status report_failures(FILE *out, const char *path);

#endif
