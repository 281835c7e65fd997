/* report_sources: which files a report reads and which it writes. */
#ifndef RESULTS_REPORT_REPORT_SOURCES_H
#define RESULTS_REPORT_REPORT_SOURCES_H

#include "core/base/status.h"
#include "results/report/report_data.h"

enum { REPORT_PATH = 4096 };

/* A run directory, whose results have to be of its plan (report_origin.h), or any results file: *file is what to read,
 * *directory where it lies. STATUS_CONFIG when there is no such thing, DATA when the results are of another plan. */
MUST_CHECK status report_source_find(char file[REPORT_PATH], char directory[REPORT_PATH], const char *path);

/* The points of several of them. */
MUST_CHECK status report_sources_read(report_data *out, const char *const *paths, int count,
                                      const report_options *options);

/* Where the answer goes when nobody says: "front" for the usual question, and a name of its own for every other one, so
 * that none overwrites another: "front-ne16_cycles-seeds_1". */
void report_default_name(char out[256], const report_options *options, const report_data *d);

#endif
