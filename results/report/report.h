/* report: the front of a run for people: table and plot in the terminal, front.csv, front.png (gnuplot). */
#ifndef RESULTS_REPORT_REPORT_H
#define RESULTS_REPORT_REPORT_H

#include <stdio.h>

#include "core/base/status.h"

typedef struct {
    const char *cost;   /* column to draw against: "size" or "size_bits" (default NULL = size_bits) */
    const char *metric; /* "test_accuracy" (default NULL) or "validation_accuracy" */
    int width;          /* terminal columns; 0 = of `out`, 80 when not a terminal */
} report_options;

/* Reads directory/results.h5 (or, when it is missing, the file itself if `path` is one), prints table and plot to
 * `out`, writes front.csv, front.gp and front.png into the directory. Says when gnuplot is missing (the rest is still
 * done). */
MUST_CHECK status report_front(FILE *out, const char *path, const report_options *options);

#endif
