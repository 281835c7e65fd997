#define _DEFAULT_SOURCE
#include "mpi/cli/counter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { LINE = 256, DEFAULT_WIDTH = 80, LONGEST_BAR = 24, NARROW = 60 };
static const double REDRAW_SECONDS = 0.1, PLAIN_SECONDS = 15;

counter counter_new(FILE *out)
{
    const char *kind = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    counter c = {.out = out, .width = DEFAULT_WIDTH};
    c.live = isatty(fileno(out)) && kind != NULL && strcmp(kind, "dumb") != 0;
    c.colour = c.live && (no_colour == NULL || no_colour[0] == '\0');
    struct winsize window;
    if (c.live && ioctl(fileno(out), TIOCGWINSZ, &window) == 0 && window.ws_col > 20) c.width = window.ws_col;
    return c;
}

static int filled(long done, long of, int bar)
{
    return of > 0 ? (int)((double)done / (double)of * bar) : 0;
}

/* "#####..... pictures: 1234 of 5000, 210/s, 18 s left"; the rate is 0 when it is not known yet. */
static void write_line(char *out, size_t room, const char *what, long done, long of, int bar, double rate)
{
    char left[32];
    size_t used = 0;
    if (of > 0 && bar > 0) {
        for (int i = 0; i < bar && used + 2 < room; i++) out[used++] = i < filled(done, of, bar) ? '#' : '.';
        out[used++] = ' ';
    }
    used += (size_t)snprintf(out + used, room - used, "%s: %ld", what, done);
    if (of > 0 && used < room) used += (size_t)snprintf(out + used, room - used, " of %ld", of);
    if (!(rate > 0) || of == 0 || used >= room) return;
    clock_duration(left, (double)(of - done) / rate);
    snprintf(out + used, room - used, ", %.3g/s, %s left", rate, left);
}

static void draw(counter *c, const char *line, int coloured)
{
    const int shown = c->colour ? coloured : 0;
    fprintf(c->out, "\r\033[K%s%.*s%s%.*s", shown > 0 ? "\033[32m" : "", shown, line, shown > 0 ? "\033[0m" : "",
            c->width - 1 - shown, line + shown);
    fflush(c->out);
    c->drawn = true;
}

void counter_end(counter *c)
{
    if (c->drawn) fputs("\r\033[K", c->out);
    fflush(c->out);
    c->drawn = false;
}

void counter_show(counter *c, const char *what, long done, long of)
{
    const double now = clock_seconds();
    if (strcmp(c->what, what) != 0) {
        snprintf(c->what, sizeof c->what, "%s", what);
        c->started = now;
        c->shown = c->live ? 0 : now;
        c->first = done;
    }
    if (of > 0 && done >= of) {
        counter_end(c);
        return;
    }
    if (now - c->shown < (c->live ? REDRAW_SECONDS : PLAIN_SECONDS)) return;
    c->shown = now;
    const double rate = now - c->started > 1 ? (double)(done - c->first) / (now - c->started) : 0;
    const int bar = !c->live || c->width < NARROW ? 0 : LONGEST_BAR;
    char line[LINE];
    write_line(line, sizeof line, what, done, of, bar, rate);
    if (c->live)
        draw(c, line, filled(done, of, bar));
    else
        fprintf(c->out, "%s\n", line);
}
