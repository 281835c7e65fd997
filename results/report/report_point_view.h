/* report_point_view: one point in full: bits per layer, costs, curves, where it comes from. */
#ifndef RESULTS_REPORT_REPORT_POINT_VIEW_H
#define RESULTS_REPORT_REPORT_POINT_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "core/task/record.h"

/* `id`: of the task in the plan that is shown. `curves`: every epoch, else a line a stage. */
void report_point_print(FILE *out, const record *r, int id, bool unicode, bool curves);

/* Channels of a layer at `bits`. */
int report_channels_at(const record_allocation *a, int bits);

#endif
