/* report_gain: how much a growing front encloses, and which of the latest points has last added to it. For watching a
 * sweep: one look at a few columns of results.h5, every point for itself (also each seed). */
#ifndef RESULTS_REPORT_REPORT_GAIN_H
#define RESULTS_REPORT_REPORT_GAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

typedef struct {
    int points, on_front;
    double volume; /* hypervolume of validation accuracy and size of weights, as `bitfront front` measures: costs as
                    * logarithms, both axes scaled to the box of all points, its worst corner as reference; NaN: a point
                    * or none */
    int last;      /* id of the task that has last added to it; 0: none of those in `latest` */
    double gain;   /* by it and what came after it: from the volume before */
} report_gain;

/* latest[count]: ids of the tasks that were finished last, oldest first. */
MUST_CHECK status report_gain_read(report_gain *out, const char *file, const int *latest, size_t count);

/* Why tasks failed: calls `tell` for at most `most` of them. *untold: how many more there are. */
MUST_CHECK status report_failures(const char *file, size_t most,
                                  void (*tell)(void *ctx, int id, const char *key, const char *reason), void *ctx,
                                  size_t *untold);

#endif
