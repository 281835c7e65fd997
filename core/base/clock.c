#define _DEFAULT_SOURCE /* timegm */
#define _POSIX_C_SOURCE 200809L
#include "core/base/clock.h"

#include <stdio.h>
#include <time.h>

double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double clock_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void clock_utc(char out[24])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

double clock_of_utc(const char *t)
{
    struct tm when = {0};
    if (sscanf(t, "%d-%d-%dT%d:%d:%dZ", &when.tm_year, &when.tm_mon, &when.tm_mday, &when.tm_hour, &when.tm_min,
               &when.tm_sec) != 6)
        return -1;
    when.tm_year -= 1900;
    when.tm_mon -= 1;
    return (double)timegm(&when);
}

void clock_sleep(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}
