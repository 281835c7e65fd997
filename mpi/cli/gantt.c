#include "core/base/clock.h"
#include "mpi/cli/gantt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/cli/progress.h"

enum { MOST_ROWS = 32, LEFT = 13, LEAST_COLUMNS = 20, SHADES = 5 };

/* Cells of a row hold a character below 128 or one of these. */
enum { WARMUP = 128, POINT, SHADE };

static const char *const UNICODE[] = {"═", "─", " ", "░", "▒", "▓", "█"};
static const char *const ASCII[] = {"=", "-", " ", ".", ":", "+", "#"};

typedef struct {
    unsigned char *cells;     /* (rows, columns) */
    double *busy;             /* (rows, columns) rank-seconds; only with several ranks a row */
    int rows, columns, bunch; /* ranks a row */
    double makespan;
    const char *const *glyphs;
} picture;

static int column_at(const picture *p, double time)
{
    int column = (int)(time / p->makespan * p->columns);
    return column < p->columns ? column : p->columns - 1;
}

/* One rank a row: the id of the task where its work begins, then a line. */
static void draw_span(const picture *p, const simulated_span *s, bool warmup)
{
    unsigned char *row = &p->cells[s->rank * p->columns];
    int from = column_at(p, s->from), to = column_at(p, s->to);
    char id[16];
    int length = snprintf(id, sizeof id, "%d", s->id);
    for (int i = from; i <= to; i++) row[i] = warmup ? WARMUP : POINT;
    if (length <= to - from) memcpy(&row[from], id, (size_t)length);
}

/* Several ranks a row: which share of them is busy. */
static void add_span(const picture *p, const simulated_span *s)
{
    double *row = &p->busy[s->rank / p->bunch * p->columns], cell = p->makespan / p->columns;
    for (int i = column_at(p, s->from); i <= column_at(p, s->to); i++)
        row[i] += fmax(0, fmin(s->to, (i + 1) * cell) - fmax(s->from, i * cell));
}

static void shade(const picture *p, int workers)
{
    for (int row = 0; row < p->rows; row++) {
        int ranks = row + 1 < p->rows ? p->bunch : workers - row * p->bunch;
        for (int i = 0; i < p->columns; i++) {
            double share = p->busy[row * p->columns + i] / (ranks * p->makespan / p->columns);
            int level = (int)ceil(share * (SHADES - 1) - 0.02); /* full means 98 % and more, blank nothing at all */
            p->cells[row * p->columns + i] = (unsigned char)(SHADE + (level < 0         ? 0
                                                                      : level >= SHADES ? SHADES - 1
                                                                                        : level));
        }
    }
}

static void print_rows(FILE *out, const picture *p, int workers, int first_rank, bool unicode)
{
    for (int row = 0; row < p->rows; row++) {
        int from = first_rank + row * p->bunch, to = from + p->bunch - 1;
        if (to > first_rank + workers - 1) to = first_rank + workers - 1;
        char label[32];
        snprintf(label, sizeof label, from < to ? "%d-%d" : "%d", from, to);
        fprintf(out, "%*s %s", LEFT - 2, label, unicode ? "│" : "|");
        const unsigned char *cells = &p->cells[row * p->columns];
        int end = p->columns;
        while (end > 0 && (cells[end - 1] == ' ' || cells[end - 1] == SHADE)) end--;
        for (int i = 0; i < end; i++) {
            if (cells[i] < WARMUP)
                fputc(cells[i], out);
            else
                fputs(p->glyphs[cells[i] - WARMUP], out);
        }
        fputc('\n', out);
    }
}

static void print_axis(FILE *out, const picture *p, bool unicode)
{
    fprintf(out, "%*s%s", LEFT - 1, "", unicode ? "└" : "+");
    for (int i = 0; i < p->columns; i++) fputs(unicode ? "─" : "-", out);
    char half[32], all[32];
    clock_duration(half, p->makespan / 2);
    clock_duration(all, p->makespan);
    int middle = p->columns / 2 - (int)strlen(half) / 2, rest = p->columns - middle - (int)strlen(half);
    fprintf(out, "\n%*s0%*s%*s\n", LEFT, "", middle + (int)strlen(half) - 1, half, rest, all);
}

static void print_all(FILE *out, const picture *p, int workers, int first_rank, bool unicode)
{
    fprintf(out, "%*s\n", LEFT - 2, p->bunch > 1 ? "ranks" : "rank");
    print_rows(out, p, workers, first_rank, unicode);
    print_axis(out, p, unicode);
    if (p->bunch == 1) {
        fprintf(out, "%*sa number is the id of a task, %s a warm-up, %s a point, blank: idle or changing groups\n",
                LEFT, "", p->glyphs[0], p->glyphs[1]);
        return;
    }
    fprintf(out, "%*sshare of the ranks at work: blank none", LEFT, "");
    for (int i = 1; i < SHADES; i++)
        fprintf(out, ", %s up to %d %%", p->glyphs[SHADE - WARMUP + i], 100 * i / (SHADES - 1));
    fputc('\n', out);
}

status gantt_print(FILE *out, const simulated_sweep *s, const task *tasks, int workers, int first_rank, int width,
                   bool unicode)
{
    if (s->makespan <= 0) return status_ok();
    int bunch = (workers + MOST_ROWS - 1) / MOST_ROWS;
    picture p = {.rows = (workers + bunch - 1) / bunch,
                 .columns = width - LEFT > LEAST_COLUMNS ? width - LEFT : LEAST_COLUMNS,
                 .bunch = bunch,
                 .makespan = s->makespan,
                 .glyphs = unicode ? UNICODE : ASCII};
    size_t cells = (size_t)p.rows * p.columns;
    p.cells = malloc(cells);
    p.busy = calloc(cells, sizeof *p.busy);
    if (p.cells == NULL || p.busy == NULL) {
        free(p.cells);
        free(p.busy);
        return status_fail(STATUS_MEMORY, "no memory for a picture of %zu characters", cells);
    }
    memset(p.cells, ' ', cells);
    for (int i = 0; i < s->span_count; i++) {
        if (bunch == 1)
            draw_span(&p, &s->spans[i], !tasks[s->spans[i].id - 1].point);
        else
            add_span(&p, &s->spans[i]);
    }
    if (bunch > 1) shade(&p, workers);
    print_all(out, &p, workers, first_rank, unicode);
    free(p.cells);
    free(p.busy);
    return status_ok();
}
