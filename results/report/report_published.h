/* report_published: points of other people's papers, from a CSV file, to be drawn beside ours.
 *
 *   # comment
 *   name,size_bits,test_accuracy
 *   "Some method, 2021",320000,0.771
 *
 * The first line that is no comment names the columns: `name`, at least one cost as it is called in /points, and
 * test_accuracy or validation_accuracy as fractions. Other columns are left alone; an empty field is a value that
 * nobody published. Points of one name belong together. */
#ifndef RESULTS_REPORT_REPORT_PUBLISHED_H
#define RESULTS_REPORT_REPORT_PUBLISHED_H

#include "core/base/status.h"
#include "results/report/report_data.h"

typedef struct {
    char name[64];
    double cost, accuracy; /* in the display units of the report */
} published_point;

typedef struct {
    published_point *points; /* (count), owned */
    int count;
} report_published;

/* The points of `path` that have the cost and the metric of the report; none is an error (STATUS_CONFIG), too. */
MUST_CHECK status report_published_read(report_published *out, const char *path, const report_data *d);
void report_published_free(report_published *p);

#endif
