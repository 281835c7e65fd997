/* report: the front of runs for people: table and plot in the terminal, and as files. */
#ifndef RESULTS_REPORT_REPORT_H
#define RESULTS_REPORT_REPORT_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_data.h"

/* paths[count]: run directories or results files. Prints table and plot to `out`, writes STEM.csv, STEM.gp and
 * STEM.png: stem NULL: beside the first run, with a name for each question (report_default_name). Says when gnuplot is
 * missing (the rest is still done). DATA when the results of a directory are not of its plan (report_origin.h). */
MUST_CHECK status report_front(FILE *out, const char *const *paths, int count, const char *stem,
                               const report_options *options);

#endif
