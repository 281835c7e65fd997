/* report: the front of runs for people: table and plot in the terminal, and as files. */
#ifndef RESULTS_REPORT_REPORT_H
#define RESULTS_REPORT_REPORT_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_data.h"
#include "results/report/report_files.h"

/* What is wanted besides; NULL: nothing. */
typedef struct {
    const char *stem;   /* where to write; NULL: beside the first run, with a name for each question */
    const char *second; /* a further cost, for the hypervolume in three dimensions (report_measures.h) */
    const char *iso;    /* a point to compare with (report_iso) */
    report_format format;
} report_request;

/* paths[count]: run directories or results files. Prints table, plot and measures to `out`, writes STEM.csv (or as
 * the format says), STEM.gp and STEM.png (report_default_name without a stem); a file that shows another cost is not
 * replaced (report_guard). Says when gnuplot is missing (the rest is still done). DATA when
 * the results of a directory are not of its plan (report_origin.h). */
MUST_CHECK status report_front(FILE *out, const char *const *paths, int count, const report_request *request,
                               const report_options *options);

#endif
