/* report: the front of a run for people: table and plot in the terminal, front.csv, front.png (gnuplot). */
#ifndef RESULTS_REPORT_REPORT_H
#define RESULTS_REPORT_REPORT_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_data.h"

/* Reads directory/results.h5 (or the file itself if `path` is one), prints table and plot to `out`, writes front.csv,
 * front.gp and front.png into the directory. Says when gnuplot is missing (the rest is still done). DATA when the
 * results of a directory are not of its plan (report_origin.h). */
MUST_CHECK status report_front(FILE *out, const char *path, const report_options *options);

#endif
