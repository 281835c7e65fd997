#include "mpi/sweep/journal.h"

#include <stdio.h>

/* The longest text is a status message; JSON needs at most 6 bytes a character. */
enum { QUOTED = 6 * sizeof(((status *)0)->message) + 3, FIELDS = 3 * QUOTED };

static void quote_label(char out[QUOTED], const task *t)
{
    char label[128];
    task_label(label, t);
    run_json_text(out, QUOTED, label);
}

status journal_sweep_started(const run *r, int ranks, int total, int finished_before)
{
    char fields[FIELDS];
    snprintf(fields, sizeof fields, "\"ranks\":%d,\"tasks\":%d,\"finished_before\":%d", ranks, total, finished_before);
    return run_log(r, "sweep_started", fields);
}

status journal_task_started(const run *r, const task *t, double at, int leader, int ranks)
{
    char label[QUOTED], fields[FIELDS];
    quote_label(label, t);
    snprintf(fields, sizeof fields, "\"task\":%d,\"key\":\"%s\",\"label\":%s,\"leader\":%d,\"ranks\":%d,\"at\":%.3f",
             t->id, t->key, label, leader, ranks, at);
    return run_log(r, "task_started", fields);
}

status journal_task_finished(const run *r, const task *t, double at, status outcome, double seconds)
{
    char label[QUOTED], reason[QUOTED], fields[FIELDS];
    quote_label(label, t);
    run_json_text(reason, sizeof reason, outcome.message);
    snprintf(fields, sizeof fields, "\"task\":%d,\"key\":\"%s\",\"label\":%s,\"seconds\":%.3f,\"at\":%.3f%s%s", t->id,
             t->key, label, seconds, at, failed(outcome) ? ",\"reason\":" : "", failed(outcome) ? reason : "");
    return run_log(r, failed(outcome) ? "task_failed" : "task_done", fields);
}

status journal_task_left(const run *r, const task *t, double at, double fraction)
{
    char label[QUOTED], fields[FIELDS];
    quote_label(label, t);
    snprintf(fields, sizeof fields, "\"task\":%d,\"key\":\"%s\",\"label\":%s,\"fraction\":%.4f,\"at\":%.3f", t->id,
             t->key, label, fraction, at);
    return run_log(r, "task_left", fields);
}

status journal_task_stopped(const run *r, const task *t, double at, const char *reason)
{
    char label[QUOTED], quoted[QUOTED], fields[FIELDS];
    quote_label(label, t);
    run_json_text(quoted, sizeof quoted, reason);
    snprintf(fields, sizeof fields, "\"task\":%d,\"key\":\"%s\",\"label\":%s,\"at\":%.3f,\"reason\":%s", t->id, t->key,
             label, at, quoted);
    return run_log(r, "task_stopped", fields);
}

status journal_task_abandoned(const run *r, const task *t, double at, int lost_rank)
{
    char label[QUOTED], fields[FIELDS];
    quote_label(label, t);
    snprintf(fields, sizeof fields, "\"task\":%d,\"key\":\"%s\",\"label\":%s,\"at\":%.3f,\"rank\":%d", t->id, t->key,
             label, at, lost_rank);
    return run_log(r, "task_abandoned", fields);
}

status journal_rank(const run *r, const char *event, int rank)
{
    char fields[FIELDS];
    snprintf(fields, sizeof fields, "\"rank\":%d", rank);
    return run_log(r, event, fields);
}

status journal_warning(const run *r, const char *text)
{
    char quoted[QUOTED], fields[FIELDS];
    run_json_text(quoted, sizeof quoted, text);
    snprintf(fields, sizeof fields, "\"text\":%s", quoted);
    return run_log(r, "warning", fields);
}

status journal_sweep_ended(const run *r, const char *state, int done, int failed_tasks, int exit_code)
{
    char fields[FIELDS];
    snprintf(fields, sizeof fields, "\"state\":\"%s\",\"done\":%d,\"failed\":%d,\"exit\":%d", state, done, failed_tasks,
             exit_code);
    return run_log(r, "sweep_ended", fields);
}
