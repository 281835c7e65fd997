#define _POSIX_C_SOURCE 200809L
#include "core/sweep/walltime.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/number.h"

static const double ENDING_SHARE = 0.02;                          /* of the time, for the end of the job ... */
static const double SHORTEST_ENDING = 1.0, LONGEST_ENDING = 30.0; /* ... within these limits, s */
enum { MOST_FIELDS = 3, MOST_SECONDS = 1000000000 };

/* Digits only: no sign, no space, no fraction. */
static bool read_number(double *value, const char **at)
{
    uint64_t number;
    if (!number_take_count(&number, at) || number > MOST_SECONDS) return false;
    *value = (double)number;
    return true;
}

bool walltime_read(double *seconds, const char *text)
{
    double days = 0, field, sum = 0;
    const char *at = text;
    int fields = 0;
    const char *dash = strchr(text, '-');
    if (dash != NULL) {
        if (!read_number(&days, &at) || at != dash) return false;
        at++;
    }
    do {
        if (fields > 0) at++;
        if (fields == MOST_FIELDS || !read_number(&field, &at)) return false;
        if (fields > 0 && field >= 60) return false;
        sum = 60 * sum + field;
        fields++;
    } while (*at == ':');
    if (*at != '\0' || (dash != NULL && fields != MOST_FIELDS)) return false;
    *seconds = 86400 * days + sum;
    return *seconds > 0;
}

/* squeue's %L is the time left, in the form of walltime_read, or a word. */
static status ask_squeue(double *seconds, const char *job)
{
    char command[128], answer[64] = "";
    for (const char *c = job; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return status_fail(STATUS_CONFIG, "SLURM_JOB_ID is \"%.40s\", which is no job", job);
    snprintf(command, sizeof command, "timeout 20 squeue -h -j %.40s -o %%L 2>/dev/null", job);
    FILE *pipe = popen(command, "r");
    if (pipe != NULL) {
        if (fgets(answer, sizeof answer, pipe) == NULL) answer[0] = '\0';
        pclose(pipe);
    }
    answer[strcspn(answer, "\n")] = '\0';
    if (strcmp(answer, "UNLIMITED") == 0)
        *seconds = INFINITY;
    else if (!walltime_read(seconds, answer))
        return status_fail(STATUS_CONFIG, "squeue does not tell when job %s ends; say it with --max-walltime", job);
    return status_ok();
}

status walltime_of_job(double *seconds)
{
    *seconds = INFINITY;
    const char *job = getenv("SLURM_JOB_ID"), *end = getenv("SLURM_JOB_END_TIME");
    if (job == NULL) return status_ok();
    if (end == NULL || end[0] == '\0') return ask_squeue(seconds, job);
    double until;
    if (!number_real(&until, end, 0, DBL_MAX))
        return status_fail(STATUS_CONFIG, "SLURM_JOB_END_TIME is \"%.40s\", which is no time", end);
    *seconds = fmax(until - (double)time(NULL), 0);
    return status_ok();
}

double walltime_usable(double seconds)
{
    return seconds - fmin(fmax(ENDING_SHARE * seconds, SHORTEST_ENDING), LONGEST_ENDING);
}
