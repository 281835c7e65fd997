#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/progress.h"

#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/unit.h"

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
    const char *no_colour = getenv("NO_COLOR");
    p.colour = p.live && able && (no_colour == NULL || no_colour[0] == '\0');
    struct winsize window;
    if (terminal >= 0) {
        if (ioctl(terminal, TIOCGWINSZ, &window) == 0 && window.ws_col > 20) p.width = window.ws_col;
        close(terminal);
    }
    return p;
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
        clock_duration(eta, (clock_seconds() - g->started) * (1 - at->fraction) / gained);
        used += (size_t)snprintf(out + used, room - used, " eta %s", eta);
    }
    if (used < room && at->segments_done > 0)
        used += (size_t)snprintf(out + used, room - used, " loss %.3f accuracy %.3f", at->loss, at->accuracy);
    char cost[48];
    if (used >= room || g->cost_unit == NULL || !(at->cost > 0)) return;
    unit_text(cost, at->cost, g->cost_unit);
    snprintf(out + used, room - used, " cost %s", cost);
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
    clock_duration(took, clock_seconds() - g->started);
    int finished = t->done + t->failed;
    if (failed(outcome)) {
        progress_say(p, "task %d %s failed: %s (%d/%d)", g->task_id, g->label, outcome.message, finished, t->total);
        return;
    }
    char cost[64] = "";
    if (g->cost_unit != NULL && g->latest.cost > 0) {
        char text[48];
        unit_text(text, g->latest.cost, g->cost_unit);
        snprintf(cost, sizeof cost, " cost %s", text);
    }
    progress_say(p, "task %d %s done: test accuracy %.4f%s in %s (%d/%d)", g->task_id, g->label, test_accuracy, cost,
                 took, finished, t->total);
}

/* ---- the live lines ---- */

void progress_free(progress *p)
{
    free(p->points);
    p->points = NULL;
    p->point_count = p->point_room = 0;
}

static bool make_room(progress *p)
{
    if (p->point_count < p->point_room) return true;
    const int room = 2 * p->point_room + 16;
    progress_point *more = realloc(p->points, (size_t)room * sizeof *more);
    if (more == NULL) return false; /* then it is not shown */
    p->points = more;
    p->point_room = room;
    return true;
}

void progress_add_point(progress *p, double cost, double accuracy)
{
    int at = 0, kept = 0;
    if (!p->live || !(cost > 0) || !(accuracy >= 0) || !make_room(p)) return;
    while (at < p->point_count && p->points[at].cost <= cost) at++;
    if (at > 0 && p->points[at - 1].accuracy >= accuracy) return; /* one that is not dearer is as good */
    for (int i = 0; i < p->point_count; i++) {
        const progress_point *o = &p->points[i];
        if (o->cost < cost || o->accuracy > accuracy) p->points[kept++] = *o;
    }
    for (at = kept; at > 0 && p->points[at - 1].cost >= cost; at--) p->points[at] = p->points[at - 1];
    p->points[at] = (progress_point){cost, accuracy};
    p->point_count = kept + 1;
}

bool progress_outlook(double *fraction, double *seconds_left, const progress *p, const progress_totals *t,
                      const progress_group *const *groups, int group_count)
{
    double moving = 0, moved_before = 0;
    for (int i = 0; i < group_count; i++) {
        const progress_group *g = groups[i];
        if (!g->heard) continue;
        moving += g->weight * g->latest.fraction;
        moved_before += g->weight * g->first_fraction;
    }
    const double reached = t->finished_weight + moving, gained = reached - t->weight_before - moved_before;
    *fraction = t->total_weight > 0 ? reached / t->total_weight : 0;
    if (!(gained > 0)) return false;
    *seconds_left = (clock_seconds() - p->started) * (t->total_weight - reached) / gained;
    return true;
}

/* Writes at most a terminal line; the first `coloured` letters in green. */
static void draw(progress *p, const char *text, int coloured)
{
    const int shown = p->colour ? coloured : 0;
    fprintf(p->out, "\r\033[K%s%.*s%s%.*s\n", shown > 0 ? "\033[32m" : "", shown, text, shown > 0 ? "\033[0m" : "",
            p->width - 1 - shown, text + shown);
    p->drawn_lines++;
}

static void draw_totals(progress *p, const progress_totals *t, const progress_group *const *groups, int group_count)
{
    char line[LINE], elapsed[32], left[32];
    double fraction, seconds_left;
    int busy = 0;
    for (int i = 0; i < group_count; i++) busy += groups[i]->ranks;
    const bool known = progress_outlook(&fraction, &seconds_left, p, t, groups, group_count);
    const int room = p->width >= 100 ? 24 : p->width >= 60 ? 12 : 0;
    const int filled = (int)(fmin(fmax(fraction, 0), 1) * room);
    int used = 0;
    for (int i = 0; i < room; i++) line[used++] = i < filled ? '#' : '.';
    if (room > 0) line[used++] = ' ';
    clock_duration(elapsed, clock_seconds() - p->started);
    used += snprintf(line + used, sizeof line - (size_t)used, "%d/%d tasks done, %d failed, %d/%d ranks busy, %s",
                     t->done, t->total, t->failed, busy, t->workers, elapsed);
    if (known) {
        clock_duration(left, seconds_left);
        snprintf(line + used, sizeof line - (size_t)used, ", eta %s", left);
    }
    draw(p, line, filled);
}

/* "front: 3.77 kB 91.7 %, 6.55 kB 93.8 %, ...": what fits, evenly chosen. */
static void draw_front(progress *p)
{
    enum { ENTRY = 18, HEAD = 8 };
    char line[LINE] = "front: ";
    const int fit = (p->width - HEAD) / ENTRY, count = p->point_count;
    const int shown = count < fit ? count : fit;
    if (shown < 1) return;
    for (int i = 0; i < shown; i++) {
        const progress_point *at = &p->points[shown > 1 ? i * (count - 1) / (shown - 1) : 0];
        const size_t used = strlen(line);
        char cost[48];
        unit_text(cost, at->cost, "bits");
        snprintf(line + used, sizeof line - used, "%s%s %.1f %%", i > 0 ? ", " : "", cost, 100 * at->accuracy);
    }
    draw(p, line, 0);
}

void progress_tick(progress *p, const progress_totals *t, const progress_group *const *groups, int group_count)
{
    const double now = clock_seconds();
    if (!p->live || now - p->last_drawn < REDRAW_SECONDS) return;
    if (p->drawn_lines > 0) fprintf(p->out, "\033[%dA", p->drawn_lines);
    p->drawn_lines = 0;
    draw_totals(p, t, groups, group_count);
    draw_front(p);
    for (int i = 0; i < group_count; i++) {
        char line[LINE];
        progress_line(line, sizeof line, groups[i]);
        draw(p, line, 0);
    }
    fputs("\033[J", p->out); /* fewer lines than last time: the rest disappears */
    fflush(p->out);
    p->last_drawn = now;
}
