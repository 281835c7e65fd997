/* report_gnuplot: draws a script with gnuplot, as the same picture for everybody: without the user's start-up files and
 * without what the environment says to gnuplot. */
#ifndef RESULTS_REPORT_REPORT_GNUPLOT_H
#define RESULTS_REPORT_REPORT_GNUPLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"

/* What tells a terminal of gnuplot from others. */
typedef struct {
    const char *ending; /* "png" */
    const char *setup;  /* "set terminal pngcairo ..." */
} gnuplot_format;

/* Of the file's name: png, svg or pdf; STATUS_CONFIG for another ending. */
MUST_CHECK status gnuplot_format_of(gnuplot_format *out, const char *path);

/* "set terminal ..." and "set output": what `gnuplot -c` is given, else the file without its folder, in which people
 * draw again. */
void gnuplot_begin(FILE *out, const gnuplot_format *f, const char *path);

/* Runs the script `script` for the picture `picture`, which is replaced (file.h) when the new one is whole, and removed
 * when it could not be drawn: an old one must not pass for the new one. *made = false (and OK) when gnuplot is not
 * installed. */
MUST_CHECK status gnuplot_draw(bool *made, const char *script, const char *picture);

#endif
