/* The plot in the terminal: a canvas of character cells, points over lines over nothing. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/report/report_axis.h"
#include "results/report/report_views.h"

enum { HEIGHT = 20, LEFT = 8 }; /* rows of the drawing; columns before it: a number, a blank, the axis */

/* Cells hold a character below 128 or one of these. */
enum { LEVEL = 128, UPRIGHT, CORNER, DASH, FRONT_POINT, POINT, FRONT_FIXED, FIXED, GLYPHS_END };

static const char *const UNICODE[] = {"─", "│", "╯", "╌", "●", "○", "◆", "◇"};
static const char *const ASCII[] = {"-", "|", "+", ".", "*", "o", "#", "x"};

typedef struct {
    unsigned char *cells; /* (HEIGHT, width), row 0 on top */
    int width;
    report_axis x, y;
    const char *const *glyphs;
    bool unicode;
} canvas;

static unsigned char *cell(const canvas *c, int row, int column)
{
    return &c->cells[row * c->width + column];
}

static int column_of(const canvas *c, double cost)
{
    return (int)lround(report_axis_place(&c->x, cost) * (c->width - 1));
}

static int row_of(const canvas *c, double accuracy)
{
    return HEIGHT - 1 - (int)lround(report_axis_place(&c->y, accuracy) * (HEIGHT - 1));
}

static bool is_line(unsigned char content)
{
    return content >= LEVEL && content <= DASH;
}

/* Writes text where no point and no other text is; `over_lines` allows to cover lines. */
static bool write_text(const canvas *c, int row, int column, const char *text, bool over_lines)
{
    int length = (int)strlen(text);
    if (row < 0 || row >= HEIGHT || column < 0 || column + length > c->width) return false;
    for (int i = 0; i < length; i++) {
        unsigned char content = *cell(c, row, column + i);
        if (content != ' ' && !(over_lines && is_line(content))) return false;
    }
    memcpy(cell(c, row, column), text, (size_t)length);
    return true;
}

/* The name of a point beside it: the first free place of right, left, below, above; lines give way if they must. */
static void write_label(const canvas *c, int row, int column, const char *text)
{
    int length = (int)strlen(text);
    const int places[4][2] = {
        {row, column + 2}, {row, column - length - 1}, {row + 1, column - length / 2}, {row - 1, column - length / 2}};
    for (int over = 0; over < 2; over++)
        for (int i = 0; i < 4; i++)
            if (write_text(c, places[i][0], places[i][1], text, over != 0)) return;
}

static void draw_level(const canvas *c, int row, int from, int to, unsigned char glyph)
{
    for (int i = from; i <= to; i++) *cell(c, row, i) = glyph;
}

/* Steps: what is reachable at a cost is the accuracy of the best cheaper point. */
static void draw_front(const canvas *c, const report_data *d)
{
    int row = -1, column = -1;
    double best = -INFINITY;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (!report_on_line(d, i, &best)) continue;
        int next_row = row_of(c, p->accuracy), next_column = column_of(c, report_place(&c->x, p->cost));
        if (column >= 0) {
            draw_level(c, row, column, next_column, LEVEL);
            for (int r = next_row; r < row; r++) *cell(c, r, next_column) = UPRIGHT;
            if (next_row < row) *cell(c, row, next_column) = CORNER;
        }
        row = next_row;
        column = next_column;
    }
    if (column >= 0) draw_level(c, row, column, c->width - 1, LEVEL);
}

/* Dominated points first, so that the front stays on top. */
static void draw_points(const canvas *c, const report_data *d, bool on_front)
{
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (p->on_front != on_front) continue;
        unsigned char *at = cell(c, row_of(c, p->accuracy), column_of(c, report_place(&c->x, p->cost)));
        if (report_is_baseline(p))
            *at = on_front ? FRONT_FIXED : FIXED;
        else
            *at = on_front ? FRONT_POINT : POINT;
    }
}

static void name_baselines(const canvas *c, const report_data *d)
{
    bool named[65] = {false};
    for (int i = d->count - 1; i >= 0; i--) {
        const report_point *p = &d->points[i];
        if (!report_is_baseline(p) || named[p->bits]) continue;
        char name[32];
        report_setting(name, d, p);
        write_label(c, row_of(c, p->accuracy), column_of(c, report_place(&c->x, p->cost)), name);
        named[p->bits] = true;
    }
}

static void draw_float(const canvas *c, const report_data *d)
{
    if (isnan(d->float_accuracy)) return;
    int row = row_of(c, d->float_accuracy);
    draw_level(c, row, 0, c->width - 1, DASH);
    char text[48];
    snprintf(text, sizeof text, " float %.1f %% ", d->float_accuracy);
    write_text(c, row, 2, text, true);
}

static void print_cell(FILE *out, const canvas *c, unsigned char content)
{
    if (content < LEVEL)
        fputc(content, out);
    else
        fputs(c->glyphs[content - LEVEL], out);
}

static void print_rows(FILE *out, const canvas *c)
{
    for (int row = 0; row < HEIGHT; row++) {
        char label[16] = "";
        bool ticked = false;
        for (int i = 0; i < c->y.count && !ticked; i++) {
            ticked = row_of(c, c->y.ticks[i]) == row;
            if (ticked) snprintf(label, sizeof label, "%6.4g", c->y.ticks[i]);
        }
        fprintf(out, "%6s ", label);
        fputs(c->unicode ? (ticked ? "┤" : "│") : (ticked ? "+" : "|"), out);
        int end = c->width;
        while (end > 0 && *cell(c, row, end - 1) == ' ') end--;
        for (int i = 0; i < end; i++) print_cell(out, c, *cell(c, row, i));
        fputc('\n', out);
    }
}

static void print_x_axis(FILE *out, const canvas *c)
{
    fprintf(out, "%*s%s", LEFT - 1, "", c->unicode ? "└" : "+");
    for (int i = 0; i < c->width; i++) {
        bool ticked = false;
        for (int k = 0; k < c->x.count && !ticked; k++) ticked = column_of(c, c->x.ticks[k]) == i;
        fputs(c->unicode ? (ticked ? "┴" : "─") : (ticked ? "+" : "-"), out);
    }
    fputc('\n', out);
    int used = -LEFT; /* column after the last label */
    for (int k = 0; k < c->x.count; k++) {
        char label[24];
        int length = snprintf(label, sizeof label, "%.4g", c->x.ticks[k]);
        int from = column_of(c, c->x.ticks[k]) - length / 2;
        if (from <= used && used > -LEFT) continue; /* no room between two labels */
        fprintf(out, "%*s%s", from - used, "", label);
        used = from + length;
    }
    fputc('\n', out);
}

static void print_all(FILE *out, const canvas *c, const report_data *d)
{
    fprintf(out, "%s accuracy [%%]\n", d->metric);
    print_rows(out, c);
    print_x_axis(out, c);
    char title[160];
    int length = snprintf(title, sizeof title, "%s [%s], logarithmic", d->cost_name, d->cost_unit);
    fprintf(out, "%*s%s\n", LEFT + (c->width > length ? (c->width - length) / 2 : 0), "", title);
    fprintf(out, "%*s%s on the front  %s dominated  %s/%s fixed precision on the front/dominated\n", LEFT, "",
            c->glyphs[FRONT_POINT - LEVEL], c->glyphs[POINT - LEVEL], c->glyphs[FRONT_FIXED - LEVEL],
            c->glyphs[FIXED - LEVEL]);
}

status report_plot(FILE *out, const report_data *d, int width, bool unicode)
{
    canvas c = {.width = width - LEFT, .glyphs = unicode ? UNICODE : ASCII, .unicode = unicode};
    if (!report_ranges(&c.x, &c.y, d)) return status_ok();
    size_t cells = (size_t)c.width * HEIGHT;
    c.cells = malloc(cells);
    if (c.cells == NULL) return status_fail(STATUS_MEMORY, "no memory for a plot of %zu characters", cells);
    memset(c.cells, ' ', cells);
    draw_float(&c, d);
    draw_front(&c, d);
    draw_points(&c, d, false);
    draw_points(&c, d, true);
    name_baselines(&c, d);
    print_all(out, &c, d);
    free(c.cells);
    return status_ok();
}
