#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/progress.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { PLAIN_LINES_PER_PHASE = 5, LINE = 512, DEFAULT_WIDTH = 80 };
static const double REDRAW_SECONDS = 1.0;

/* A descriptor of the terminal that shows our standard output, or -1. Open MPI gives every rank a pseudo-terminal of
 * its own, also when the output of mpirun goes to a file: there the question is asked of mpirun's output. */
static int open_terminal(void)
{
    if (!isatty(STDOUT_FILENO)) return -1;
    if (getenv("OMPI_COMM_WORLD_SIZE") == NULL) return dup(STDOUT_FILENO);
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/1", (long)getppid());
    int fd = open(path, O_WRONLY | O_NOCTTY);
    if (fd >= 0 && isatty(fd)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

progress progress_new(FILE *out, progress_style style, progress_volume volume)
{
    progress p = {.out = out, .width = DEFAULT_WIDTH, .volume = volume, .started = clock_seconds()};
    int terminal = open_terminal();
    const char *kind = getenv("TERM");
    bool able = terminal >= 0 && kind != NULL && strcmp(kind, "dumb") != 0;
    p.live = volume != PROGRESS_QUIET && (style == PROGRESS_LIVE || (style == PROGRESS_AUTO && able));
    struct winsize window;
    if (terminal >= 0) {
        if (ioctl(terminal, TIOCGWINSZ, &window) == 0 && window.ws_col > 20) p.width = window.ws_col;
        close(terminal);
    }
    return p;
}

void progress_duration(char out[32], double seconds)
{
    long s = seconds < 0 ? 0 : (long)(seconds + 0.5);
    if (seconds < 9.95)
        snprintf(out, 32, "%.1f s", seconds < 0 ? 0 : seconds);
    else if (s < 60)
        snprintf(out, 32, "%ld s", s);
    else if (s < 3600)
        snprintf(out, 32, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(out, 32, "%ld h %02ld min", s / 3600, s % 3600 / 60);
}

void progress_clear(progress *p)
{
    if (p->drawn_lines > 0) fprintf(p->out, "\033[%dA\r\033[J", p->drawn_lines);
    p->drawn_lines = 0;
    fflush(p->out);
}

static void say(progress *p, const char *text)
{
    progress_clear(p);
    char now[24];
    clock_utc(now);
    fprintf(p->out, "%s %s\n", now, text);
    fflush(p->out);
    p->last_drawn = 0; /* the live lines come back at the next tick */
}

void progress_say(progress *p, const char *format, ...)
{
    if (p->volume == PROGRESS_QUIET) return;
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(p, text);
}

void progress_line(char *out, size_t room, const progress_group *g)
{
    size_t used = (size_t)snprintf(out, room, "task %d %s", g->task_id, g->label);
    if (used >= room) return;
    if (!g->heard) {
        snprintf(out + used, room - used, " starts");
        return;
    }
    const trainer_progress *at = &g->latest;
    used += (size_t)snprintf(out + used, room - used, ": %s epoch %d/%d", at->stage, at->epoch, at->epochs);
    double gained = at->fraction - g->first_fraction;
    if (used < room && gained > 0 && at->fraction < 1) {
        char eta[32];
        progress_duration(eta, (clock_seconds() - g->started) * (1 - at->fraction) / gained);
        used += (size_t)snprintf(out + used, room - used, " eta %s", eta);
    }
    if (used < room && at->segments_done > 0)
        used += (size_t)snprintf(out + used, room - used, " loss %.3f accuracy %.3f", at->loss, at->accuracy);
    if (used < room && g->cost_unit != NULL && at->cost > 0)
        snprintf(out + used, room - used, " cost %.*f %s", at->cost < 100 ? 3 : 0, at->cost, g->cost_unit);
}

void progress_task_started(progress *p, const progress_group *g)
{
    if (p->live) return; /* its line says so */
    progress_say(p, "task %d %s started on %d rank%s", g->task_id, g->label, g->ranks, g->ranks == 1 ? "" : "s");
}

void progress_task_moved(progress *p, progress_group *g)
{
    if (p->live || p->volume == PROGRESS_QUIET) return;
    int phase = (int)g->latest.phase, epoch = g->latest.epoch, epochs = g->latest.epochs;
    if (g->told_phase != phase) g->told_epoch = 0;
    g->told_phase = phase;
    int every = p->volume == PROGRESS_VERBOSE ? 1 : (epochs + PLAIN_LINES_PER_PHASE - 1) / PLAIN_LINES_PER_PHASE;
    if (epoch == 0 || epoch == g->told_epoch || (epoch < g->told_epoch + every && epoch != epochs)) return;
    g->told_epoch = epoch;
    char line[LINE];
    progress_line(line, sizeof line, g);
    say(p, line);
}

void progress_task_ended(progress *p, const progress_group *g, const progress_totals *t, status outcome,
                         double test_accuracy)
{
    char took[32];
    progress_duration(took, clock_seconds() - g->started);
    int finished = t->done + t->failed;
    if (failed(outcome)) {
        progress_say(p, "task %d %s failed: %s (%d/%d)", g->task_id, g->label, outcome.message, finished, t->total);
        return;
    }
    char cost[64] = "";
    if (g->cost_unit != NULL && g->latest.cost > 0)
        snprintf(cost, sizeof cost, " cost %.*f %s", g->latest.cost < 100 ? 3 : 0, g->latest.cost, g->cost_unit);
    progress_say(p, "task %d %s done: test accuracy %.4f%s in %s (%d/%d)", g->task_id, g->label, test_accuracy, cost,
                 took, finished, t->total);
}

/* Writes at most a terminal line. */
static void draw(progress *p, const char *text)
{
    fprintf(p->out, "\r\033[K%.*s\n", p->width - 1, text);
    p->drawn_lines++;
}

void progress_tick(progress *p, const progress_totals *t, const progress_group *const *groups, int group_count)
{
    double now = clock_seconds();
    if (!p->live || now - p->last_drawn < REDRAW_SECONDS) return;
    double moving = 0, moved_before = 0;
    int busy = 0;
    for (int i = 0; i < group_count; i++) {
        const progress_group *g = groups[i];
        busy += g->ranks;
        if (!g->heard) continue;
        moving += g->weight * g->latest.fraction;
        moved_before += g->weight * g->first_fraction;
    }
    char line[LINE], elapsed[32];
    progress_duration(elapsed, now - p->started);
    int used = snprintf(line, sizeof line, "%d/%d tasks done, %d failed, %d/%d ranks busy, %s", t->done, t->total,
                        t->failed, busy, t->workers, elapsed);
    double reached = t->finished_weight + moving;
    double gained = reached - t->weight_before - moved_before;
    if (gained > 0) {
        char eta[32];
        progress_duration(eta, (now - p->started) * (t->total_weight - reached) / gained);
        snprintf(line + used, sizeof line - (size_t)used, ", eta %s", eta);
    }
    if (p->drawn_lines > 0) fprintf(p->out, "\033[%dA", p->drawn_lines);
    p->drawn_lines = 0;
    draw(p, line);
    for (int i = 0; i < group_count; i++) {
        progress_line(line, sizeof line, groups[i]);
        draw(p, line);
    }
    fputs("\033[J", p->out); /* fewer lines than last time: the rest disappears */
    fflush(p->out);
    p->last_drawn = now;
}
