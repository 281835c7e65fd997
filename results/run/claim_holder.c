#define _POSIX_C_SOURCE 200809L
#include "results/run/claim_holder.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/base/text.h"
#include "results/file/claim_file.h"

/* The first line of a small file of the system; empty when it has none. */
static void read_line(char *out, size_t room, const char *path)
{
    out[0] = '\0';
    FILE *file = fopen(path, "r");
    if (file == NULL) return;
    if (fgets(out, (int)room, file) == NULL) out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

/* One start of one kernel, and one table of processes in it; empty when the system does not tell. */
static void machine_id(char out[128])
{
    char boot[64], space[48] = "";
    read_line(boot, sizeof boot, "/proc/sys/kernel/random/boot_id");
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    out[0] = '\0';
    if (boot[0] != '\0' && length > 0) snprintf(out, 128, "%s %.*s", boot, (int)length, space);
}

/* When the process was started, in ticks since boot: tells a process from a later one with the same number. The name
 * before it may hold anything, so that fields are counted from its closing parenthesis. 0: no such process, or one that
 * has ended and is only remembered for its parent. */
static uint64_t start_of(long pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_line(line, sizeof line, path);
    const char *at = strrchr(line, ')');
    if (at != NULL && (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0)) return 0;
    for (int field = 2; at != NULL && field < 22; field++) at = strchr(at + 1, ' ');
    if (at == NULL) return 0;
    uint64_t ticks = 0;
    at++;
    number_take_count(&ticks, &at);
    return ticks;
}

/* "4711_3" of a Slurm array, "4711" of another Slurm job, else the process. */
static void job_name(char out[64])
{
    const char *job = getenv("SLURM_JOB_ID"), *array = getenv("SLURM_ARRAY_JOB_ID"),
               *array_task = getenv("SLURM_ARRAY_TASK_ID");
    if (array != NULL && array_task != NULL)
        snprintf(out, 64, "%.24s_%.24s", array, array_task);
    else if (job != NULL)
        snprintf(out, 64, "%.48s", job);
    else
        snprintf(out, 64, "process-%ld", (long)getpid());
}

void claim_holder_self(char out[CLAIM_HOLDER_TEXT])
{
    char host[128] = "unknown", job[64], machine[128], now[24];
    if (gethostname(host, sizeof host - 1) != 0) snprintf(host, sizeof host, "unknown");
    job_name(job);
    machine_id(machine);
    clock_utc(now);
    snprintf(out, CLAIM_HOLDER_TEXT, "job %s\nhost %s\npid %ld\nstarted %llu\nmachine %s\nsince %s\n", job, host,
             (long)getpid(), (unsigned long long)start_of((long)getpid()), machine, now);
}

void claim_holder_name(char out[CLAIM_HOLDER], const char *text)
{
    char job[64], host[80];
    claim_file_value(job, sizeof job, text, "job");
    claim_file_value(host, sizeof host, text, "host");
    snprintf(out, CLAIM_HOLDER, "job %s on %s", job[0] != '\0' ? job : "unknown", host[0] != '\0' ? host : "unknown");
    text_printable(out);
}

bool claim_holder_is_dead(const char *text)
{
    char mine[128], theirs[128], pid[24], started[32];
    machine_id(mine);
    claim_file_value(theirs, sizeof theirs, text, "machine");
    claim_file_value(pid, sizeof pid, text, "pid");
    claim_file_value(started, sizeof started, text, "started");
    int64_t process;
    const char *ticks = started;
    uint64_t begun;
    if (mine[0] == '\0' || strcmp(mine, theirs) != 0 || !number_whole(&process, pid, 1, INT32_MAX)) return false;
    if (kill((pid_t)process, 0) != 0 && errno == ESRCH) return true;
    if (!number_take_count(&begun, &ticks) || *ticks != '\0') return false; /* a claim of somebody else's making */
    return start_of((long)process) != begun;
}
