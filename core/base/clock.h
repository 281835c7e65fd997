/* clock: seconds for measuring and the time of day for records. */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

double clock_seconds(void);         /* monotonic, since an arbitrary start */
double clock_cpu_seconds(void);     /* that this process has computed: on a busy machine less than went by */
void clock_utc(char out[24]);       /* "2026-11-21T05:06:07Z" */
double clock_of_utc(const char *t); /* seconds since 1970 of such a text; negative when it is none */
void clock_sleep(double seconds);

/* "4.2 s", "42 s", "3 min 10 s", "2 h 05 min" */
void clock_duration(char out[32], double seconds);

#endif
