#include "core/task/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What tells the task from others of its strategy. */
static void describe(char *out, size_t room, const task *t)
{
    size_t used = 0;
    out[0] = '\0';
    if (strcmp(t->cost_model, "none") != 0) used += (size_t)snprintf(out + used, room - used, " %s", t->cost_model);
    if (t->bits != 0 && used < room) used += (size_t)snprintf(out + used, room - used, " w%d", t->bits);
    if (t->step != 0 && !t->point && used < room) used += (size_t)snprintf(out + used, room - used, " leg %d", t->step);
    if (t->step != 0 && t->point && t->target == 0 && used < room)
        used += (size_t)snprintf(out + used, room - used, " #%d", t->step);
    if (t->target != 0 && used < room)
        snprintf(out + used, room - used, " to %.6g", t->target);
    else if (t->strength != 0 && used < room)
        snprintf(out + used, room - used, " %.6g", t->strength);
}

void task_setting(char out[TASK_NAME], const task *t)
{
    if (t->bits != 0)
        snprintf(out, TASK_NAME, "w%d", t->bits);
    else if (t->target != 0)
        snprintf(out, TASK_NAME, "to %.6g", t->target);
    else if (t->point)
        snprintf(out, TASK_NAME, "%.6g", t->strength);
    else
        snprintf(out, TASK_NAME, "-");
}

void task_label(char out[TASK_LABEL], const task *t)
{
    char what[64];
    describe(what, sizeof what, t);
    const bool warmup = strcmp(t->strategy, "warmup") == 0;
    snprintf(out, TASK_LABEL, "%s%s%s%s seed %" PRIu64, warmup ? "warm-up" : t->strategy, what,
             t->one_of_several ? " on " : "", t->one_of_several ? t->network_name : "", t->seed);
}
