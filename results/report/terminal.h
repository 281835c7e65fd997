/* terminal: what a drawing needs to know about where it is drawn. */
#ifndef RESULTS_REPORT_TERMINAL_H
#define RESULTS_REPORT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Columns for a drawing: those asked for, or (0) those of the terminal behind `out`, 80 without one; within 40 ... 160.
 */
int terminal_width(FILE *out, int asked);

bool terminal_knows_unicode(void);

#endif
