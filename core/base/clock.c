#define _DEFAULT_SOURCE /* timegm */
#define _POSIX_C_SOURCE 200809L
#include "core/base/clock.h"

#include <stddef.h>
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

static int digits(const char *at, int count)
{
    int value = 0;
    while (count-- > 0) value = 10 * value + (*at++ - '0');
    return value;
}

double clock_of_utc(const char *t)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != form[i]) return -1;
    const int month = digits(t + 5, 2), day = digits(t + 8, 2), hour = digits(t + 11, 2), minute = digits(t + 14, 2);
    const int second = digits(t + 17, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return -1;
    struct tm when = {.tm_year = digits(t, 4) - 1900,
                      .tm_mon = month - 1,
                      .tm_mday = day,
                      .tm_hour = hour,
                      .tm_min = minute,
                      .tm_sec = second};
    return (double)timegm(&when);
}

void clock_sleep(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

void clock_duration(char out[32], double seconds)
{
    const long s = seconds < 0 ? 0 : (long)(seconds + 0.5);
    if (seconds < 9.95)
        snprintf(out, 32, "%.1f s", seconds < 0 ? 0 : seconds);
    else if (s < 60)
        snprintf(out, 32, "%ld s", s);
    else if (s < 3600)
        snprintf(out, 32, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(out, 32, "%ld h %02ld min", s / 3600, s % 3600 / 60);
}
