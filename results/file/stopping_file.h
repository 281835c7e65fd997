/* stopping_file: RUN/stopping.csv, which a sweep keeps that stops hopeless points (core/sweep/rungs.h): a row for each
 * point at each rung and at its end, with the decision, for people, reports, and the next start of the sweep. The last
 * line is the checksum of all before. */
#ifndef RESULTS_FILE_STOPPING_FILE_H
#define RESULTS_FILE_STOPPING_FILE_H

#include <stddef.h>

#include "core/base/status.h"
#include "core/task/task.h"

typedef enum { ROW_OPEN, ROW_GOES_ON, ROW_HOPES, ROW_CONTROL, ROW_CONTROL_SAVED, ROW_STOPPED, ROW_END } row_verdict;

typedef struct {
    int pool, id; /* points of a pool are compared */
    char key[TASK_KEY], label[TASK_LABEL];
    int rung, epochs;   /* from 1, at so many epochs of the last stage; 0: the end */
    double error, cost; /* of the validation split, 0 ... 1; in the cost model's unit */
    row_verdict verdict;
} stopping_row;

/* For people: "stopped". */
const char *stopping_row_text(row_verdict verdict);

MUST_CHECK status stopping_file_write(const char *path, const stopping_row *rows, int count);

/* *rows is to be freed. None when there is no such file. DATA when it was changed. */
MUST_CHECK status stopping_file_read(stopping_row **rows, int *count, const char *path);

/* The same from the file's text, which is changed; path: for messages. */
MUST_CHECK status stopping_rows_read(stopping_row **rows, int *count, char *text, const char *path);

typedef struct {
    int points, stopped; /* that were compared; that have no result */
    int judged, saved;   /* control points that have ended; of them those that would have been stopped ... */
    int wrong;           /* ... although they ended on the front of their pool */
} stopping_summary;

/* Rows of a point stand together. */
stopping_summary stopping_summarise(const stopping_row *rows, int count);

/* "stopped early: 5 of 16 points; ...", in a line; nothing without points. */
void stopping_summary_text(char *out, size_t room, const stopping_summary *s);

#endif
