/* report_files: the points of a front as files for programs and papers, and the promise that no file of one cost takes
 * the place of a file of another. */
#ifndef RESULTS_REPORT_REPORT_FILES_H
#define RESULTS_REPORT_REPORT_FILES_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/report_types.h"

typedef enum { REPORT_CSV, REPORT_JSON, REPORT_LATEX } report_format;

/* "csv", "json", "latex". */
MUST_CHECK status report_format_read(report_format *out, const char *name);
/* ".csv", ".json", ".tex" */
const char *report_format_ending(report_format format);

/* Writes STEM.csv (all points), STEM.json (all points, everything that is known) or STEM.tex (a table of the front). */
MUST_CHECK status report_write(const char *stem, report_format format, const report_data *d);

/* STATUS_CONFIG when one of the files of `stem` is there and shows another cost. */
MUST_CHECK status report_guard(const char *stem, const report_data *d);

/* The same for a picture alone (STEM.png, .svg, .pdf): by the script beside it. */
MUST_CHECK status report_guard_picture(const char *picture, const report_data *d);

/* One view each, to a stream, whose own errors show when it is closed. */
MUST_CHECK status report_csv(FILE *out, const report_data *d);
MUST_CHECK status report_json(FILE *out, const report_data *d);
MUST_CHECK status report_latex(FILE *out, const report_data *d);

#endif
