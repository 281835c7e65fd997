/* progress: what a person sees while a sweep runs. On a terminal a block of live lines, a header with totals and one
 * line per group, redrawn about once a second; in a file or pipe plain lines, values after words, so that they can be
 * grepped. */
#ifndef MPI_CLI_PROGRESS_H
#define MPI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/task/task.h"
#include "core/train/trainer.h"

typedef enum { PROGRESS_AUTO, PROGRESS_LIVE, PROGRESS_PLAIN } progress_style;
typedef enum { PROGRESS_QUIET, PROGRESS_NORMAL, PROGRESS_VERBOSE } progress_volume;

/* One group at work. */
typedef struct {
    int task_id;
    char label[128];       /* of the task */
    const char *cost_unit; /* of the task's cost model; NULL without */
    double weight;         /* of the task: its epochs */
    int ranks;
    double started;        /* clock_seconds */
    bool heard;            /* `latest` is filled */
    double first_fraction; /* where the task stood when it was taken up */
    trainer_progress latest;
    int told_phase, told_epoch; /* of the last plain line */
} progress_group;

/* Totals of the sweep. Weights are epochs: tasks differ in length. */
typedef struct {
    int total, done, failed;
    int workers;                                         /* ranks that compute */
    double total_weight, finished_weight, weight_before; /* ..._before: finished by earlier runs */
} progress_totals;

/* A finished point, as the live view shows the front. */
typedef struct {
    double cost, accuracy; /* bits of weights; fraction of the validation split */
} progress_point;

typedef struct {
    FILE *out;
    bool live;
    int width; /* columns of the terminal */
    progress_volume volume;
    double started, last_drawn; /* clock_seconds */
    int drawn_lines;
    bool colour;
    progress_point *points; /* (point_count) on the front, by increasing cost; owned */
    int point_count, point_room;
} progress;

progress progress_new(FILE *out, progress_style style, progress_volume volume);
void progress_free(progress *p);

/* A line that stays, above the live lines. */
void progress_say(progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

void progress_task_started(progress *p, const progress_group *g);
/* After `latest` changed. Plain style: a line every few epochs (every epoch when verbose). */
void progress_task_moved(progress *p, progress_group *g);
void progress_task_ended(progress *p, const progress_group *g, const progress_totals *t, status outcome,
                         double test_accuracy);

/* A point was finished: it joins the front that is shown, if it is on it. */
void progress_add_point(progress *p, double cost, double accuracy);

/* How far the sweep is (0 ... 1), and how long the rest takes; false: too early to say how long. */
bool progress_outlook(double *fraction, double *seconds_left, const progress *p, const progress_totals *t,
                      const progress_group *const *groups, int group_count);

/* Redraws the live lines when a second has passed. */
void progress_tick(progress *p, const progress_totals *t, const progress_group *const *groups, int group_count);
/* Removes the live lines. */
void progress_clear(progress *p);

/* "task 5 joint size 2.5 seed 1: search epoch 3/30 eta 2 min 05 s loss 0.412 accuracy 0.871 cost 10.2 kB" */
void progress_line(char *out, size_t room, const progress_group *g);

#endif
