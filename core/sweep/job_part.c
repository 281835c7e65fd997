#include "core/sweep/job_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"

enum { MOST_SHARDS = 1000000 };

/* A whole number within [low, high] up to `end`; false when the text is anything else. */
static bool read_number(long *out, const char *text, char end, long low, long high, const char **rest)
{
    int64_t value;
    if (!number_take_whole(&value, &text, low, high) || *text != end) return false;
    *out = (long)value;
    *rest = text + (end != '\0');
    return true;
}

status job_part_parse(job_part *out, const char *text)
{
    long index, count;
    const char *rest = text;
    if (!read_number(&index, rest, '/', 1, MOST_SHARDS, &rest) ||
        !read_number(&count, rest, '\0', 1, MOST_SHARDS, &rest) || index > count)
        return status_fail(STATUS_CONFIG,
                           "--part wants I/N, for example 2/4 for the second of four parts, or auto, not \"%.40s\"",
                           text);
    *out = (job_part){.index = (int)index - 1, .count = (int)count};
    return status_ok();
}

static status read_variable(long *out, const char *name)
{
    const char *text = getenv(name), *rest;
    if (text != NULL && read_number(out, text, '\0', 0, INT32_MAX, &rest)) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "SLURM_ARRAY_TASK_ID is set, but %s is %s%.40s: say which part this job does with --part I/N "
                       "(1/1: everything)",
                       name, text != NULL ? "" : "missing", text != NULL ? text : "");
}

status job_part_from_slurm(job_part *out)
{
    *out = (job_part){.index = 0, .count = 1};
    if (getenv("SLURM_ARRAY_TASK_ID") == NULL) return status_ok();
    long id, lowest, highest, count;
    TRY(read_variable(&id, "SLURM_ARRAY_TASK_ID"));
    TRY(read_variable(&lowest, "SLURM_ARRAY_TASK_MIN"));
    TRY(read_variable(&highest, "SLURM_ARRAY_TASK_MAX"));
    TRY(read_variable(&count, "SLURM_ARRAY_TASK_COUNT"));
    long step = count > 1 ? (highest - lowest) / (count - 1) : 1;
    bool regular = count >= 1 && count <= MOST_SHARDS && step >= 1 && highest - lowest == step * (count - 1) &&
                   id >= lowest && id <= highest && (id - lowest) % step == 0;
    if (!regular)
        return status_fail(STATUS_CONFIG,
                           "this Slurm array has %ld tasks with ids from %ld to %ld: they have no regular step, so the "
                           "part of task %ld is unknown. Use --array=1-N, or say it with --part I/N (1/1: everything)",
                           count, lowest, highest, id);
    *out = (job_part){.index = (int)((id - lowest) / step), .count = (int)count};
    return status_ok();
}

int job_part_mark(bool *mine, const job_part *s, const task *tasks, const int *parents, int count)
{
    int points = 0, marked = 0;
    memset(mine, 0, (size_t)count * sizeof *mine);
    for (int i = 0; i < count; i++) {
        mine[i] = tasks[i].point && points++ % s->count == s->index;
    }
    for (int i = count - 1; i >= 0; i--) /* children come after their parents */
        for (int p = 0; p < tasks[i].parent_count && mine[i]; p++) mine[parents[tasks[i].parents + p] - 1] = true;
    /* A sweep without points is done by the first. */
    for (int i = 0; i < count && (points == 0 || s->count == 1); i++) mine[i] = mine[i] || s->index == 0;
    for (int i = 0; i < count; i++) marked += mine[i];
    return marked;
}

status job_part_size(int *out, const job_part *s, const task *tasks, const int *parents, int count)
{
    bool *mine = malloc((size_t)count + 1);
    if (mine == NULL) return status_fail(STATUS_MEMORY, "no memory to share %d tasks", count);
    *out = job_part_mark(mine, s, tasks, parents, count);
    free(mine);
    return status_ok();
}
