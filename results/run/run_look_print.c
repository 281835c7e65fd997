#define _POSIX_C_SOURCE 200809L
#include "results/run/run_look.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"

static const char GREEN[] = "\033[32m", RED[] = "\033[31m", YELLOW[] = "\033[33m", PLAIN[] = "\033[0m";

static void put(FILE *out, run_look_style style, const char *colour, const char *text)
{
    fprintf(out, "%s%s%s", style.colour ? colour : "", text, style.colour ? PLAIN : "");
}

static void age_text(char *out, size_t room, const run_job *j)
{
    const bool ahead = j->ahead > RUN_SILENT_AFTER_S;
    const double seconds = ahead ? j->ahead : j->age;
    const char *side = ahead ? "in the future, by a clock that is wrong" : "ago";
    if (seconds < 0)
        snprintf(out, room, "at an unknown time");
    else if (seconds < 120)
        snprintf(out, room, "%.0f s %s", seconds, side);
    else if (seconds < 7200)
        snprintf(out, room, "%.0f min %s", seconds / 60, side);
    else if (seconds < 48 * 3600.0)
        snprintf(out, room, "%.1f h %s", seconds / 3600, side);
    else
        snprintf(out, room, "%.1f days %s", seconds / 86400, side);
}

static void print_state(FILE *out, const run_job *j, run_look_style style)
{
    char updated[64];
    age_text(updated, sizeof updated, j);
    fputs("state    ", out);
    if (j->running) {
        put(out, style, GREEN, "running");
        fprintf(out, ", last update %s\n", updated);
    } else if (j->gone) {
        put(out, style, YELLOW, "interrupted");
        fprintf(out, " %s: its process has ended\n", updated);
    } else if (j->silent) {
        put(out, style, YELLOW, "silent");
        fprintf(out, ", last update %s\n", updated);
    } else {
        put(out, style, strcmp(j->state, "done") == 0 ? GREEN : YELLOW, j->state);
        fprintf(out, " %s, exit code %d\n", updated, j->exit_code);
    }
}

/* "[########............] 41 %, about 3 min 20 s left, until 14:05 UTC" */
static void print_bar(FILE *out, const run_job *j, run_look_style style)
{
    const double share = j->fraction >= 0 ? j->fraction
                         : j->total > 0   ? (double)(j->done + j->failed + j->stopped) / j->total
                                          : 0;
    const int room = style.width >= 100 ? 40 : style.width >= 80 ? 24 : 10;
    const int filled = (int)((share < 1 ? share : 1) * room);
    char left[32], until[32];
    fputs("progress [", out);
    if (style.colour) fputs(GREEN, out);
    for (int i = 0; i < filled; i++) fputc('#', out);
    if (style.colour) fputs(PLAIN, out);
    for (int i = filled; i < room; i++) fputc('.', out);
    fprintf(out, "] %.0f %%", 100 * share);
    if (j->running && j->seconds_left >= 0) {
        const time_t end = time(NULL) + (time_t)j->seconds_left;
        struct tm utc;
        clock_duration(left, j->seconds_left);
        gmtime_r(&end, &utc);
        strftime(until, sizeof until, j->seconds_left < 20 * 3600 ? "%H:%M" : "%Y-%m-%d %H:%M", &utc);
        fprintf(out, ", about %s left, until %s UTC", left, until);
    }
    fputc('\n', out);
}

static void print_groups(FILE *out, const run_job *j, bool *first)
{
    for (int i = 0; i < j->group_count && j->running; i++) {
        fprintf(out, "%s%s\n", *first ? "groups   " : "         ", j->groups[i]);
        *first = false;
    }
}

static void print_beside(FILE *out, const run_job *j)
{
    char updated[64];
    age_text(updated, sizeof updated, j);
    fprintf(out, "beside   %s: %s, %d at work, last update %s\n", j->job,
            j->running ? "running"
            : j->gone  ? "its process has ended"
                       : "silent",
            j->at_work, updated);
}

void run_look_print(FILE *out, const run_look *look, const char *directory, run_look_style style)
{
    const run_job *j = &look->lead;
    const int open = j->total - j->done - j->failed - j->stopped - j->at_work;
    bool first = true;
    fprintf(out, "run      %s\n", directory);
    print_state(out, j, style);
    fprintf(out, "tasks    %d of %d done, ", j->done, j->total);
    char failures[32];
    snprintf(failures, sizeof failures, "%d failed", j->failed);
    put(out, style, j->failed > 0 ? RED : "", failures);
    fprintf(out, ", %d running, %d waiting", j->at_work, open > 0 ? open : 0);
    if (j->stopped > 0) fprintf(out, ", %d stopped early", j->stopped);
    fputc('\n', out);
    print_bar(out, j, style);
    if (j->others > 0)
        fprintf(out, "others   %d result%s of other plans %s there, see bitfront list\n", j->others,
                j->others == 1 ? "" : "s", j->others == 1 ? "lies" : "lie");
    if (j->running && j->awaited > 0 && j->group_count == 0)
        fprintf(out, "waits    for %d task%s at work in other jobs, to take over if one of them dies\n", j->awaited,
                j->awaited == 1 ? "" : "s");
    print_groups(out, j, &first);
    for (int i = 0; i < look->beside_count; i++) print_beside(out, &look->beside[i]);
    for (int i = 0; i < look->beside_count; i++) print_groups(out, &look->beside[i], &first);
}

static bool somebody_works(const run_look *look)
{
    bool any = look->lead.running;
    for (int i = 0; i < look->beside_count; i++) any = any || look->beside[i].running;
    return any;
}

static void print_command(FILE *out, const run_job *j, const char *before, const char *option)
{
    if (j->command[0] == '\0')
        fprintf(out, "%s: the same sweep command again%s%s\n", before, option[0] != '\0' ? " with" : "", option);
    else
        fprintf(out, "%s: cd %s && %s%s\n", before, j->folder, j->command, option);
}

void run_look_print_next(FILE *out, const run_look *look)
{
    const run_job *j = &look->lead;
    const bool others = somebody_works(look);
    if (others && (j->gone || j->silent))
        fprintf(out, "The job that kept this record has ended; another one takes over within a minute.\n");
    if (others) return;
    if (look->queued_count > 0 && j->done + j->failed + j->stopped < j->total) {
        fprintf(out, "Nothing has to be submitted again: the queued job goes on from the checkpoints.\n");
        return;
    }
    if (j->silent)
        fprintf(out, "It has not been heard of for more than %d s: the job has probably ended.\n", RUN_SILENT_AFTER_S);
    if (j->gone || j->silent || strcmp(j->state, "stopped") == 0)
        print_command(out, j, "To continue", "");
    else if (j->failed > 0)
        print_command(out, j, "To run failed tasks again", " --retry-failed");
}
