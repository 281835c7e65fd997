#include "results/report/report_published.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/number.h"

enum { FIELDS = 64, FIELD = 128 };

typedef struct {
    char text[FIELDS][FIELD];
    int count;
} csv_line;

/* Splits the line at *at and moves *at behind it. False: a quote that does not end, or too much. */
static bool split_line(csv_line *out, const char **at)
{
    out->count = 0;
    for (bool more = true; more;) {
        if (out->count == FIELDS) return false;
        char *to = out->text[out->count++];
        size_t used = 0;
        const bool quoted = **at == '"';
        if (quoted) ++*at;
        for (;; ++*at) {
            if (quoted && **at == '\0') return false;
            if (quoted && **at == '"' && *++*at != '"') break;
            if (!quoted && strchr(",\r\n", **at) != NULL) break; /* or the end */
            if (used == FIELD - 1) return false;
            to[used++] = **at;
        }
        to[used] = '\0';
        more = **at == ',';
        if (more) ++*at;
    }
    if (**at == '\r') ++*at;
    if (**at != '\n' && **at != '\0') return false;
    if (**at == '\n') ++*at;
    return true;
}

static int find(const csv_line *header, const char *name)
{
    for (int i = 0; i < header->count; i++)
        if (strcmp(header->text[i], name) == 0) return i;
    return -1;
}

typedef struct {
    const char *path;
    int line, name, cost, accuracy; /* places of the columns; -1: there is none */
} reader;

static status read_header(reader *r, const csv_line *header, const report_data *d)
{
    char metric[32];
    snprintf(metric, sizeof metric, "%.10s_accuracy", d->metric);
    r->name = find(header, "name");
    r->cost = find(header, d->column);
    r->accuracy = find(header, metric);
    const char *missing = r->name < 0 ? "name" : r->cost < 0 ? d->column : r->accuracy < 0 ? metric : NULL;
    if (missing == NULL) return status_ok();
    return status_fail(STATUS_CONFIG, "%.200s, line %d: no column \"%s\"", r->path, r->line, missing);
}

static status read_number(double *out, const reader *r, const char *text)
{
    *out = NAN;
    if (text[0] == '\0' || number_real(out, text, -DBL_MAX, DBL_MAX)) return status_ok();
    return status_fail(STATUS_CONFIG, "%.200s, line %d: \"%.60s\" is no number", r->path, r->line, text);
}

static status add_point(report_published *out, const reader *r, const csv_line *line, const csv_line *header,
                        const report_data *d)
{
    double cost, accuracy;
    if (line->count != header->count)
        return status_fail(STATUS_CONFIG, "%.200s, line %d: %d fields, the first line has %d", r->path, r->line,
                           line->count, header->count);
    TRY(read_number(&cost, r, line->text[r->cost]));
    TRY(read_number(&accuracy, r, line->text[r->accuracy]));
    if (isnan(cost) || isnan(accuracy)) return status_ok();
    if (cost < 1e-100 || cost > 1e100 || accuracy < 0 || accuracy > 1)
        return status_fail(STATUS_CONFIG,
                           "%.200s, line %d: a cost is above 0 and below 1e100, an accuracy a fraction from 0 to 1",
                           r->path, r->line);
    published_point *grown = realloc(out->points, ((size_t)out->count + 1) * sizeof *grown);
    if (grown == NULL) return status_fail(STATUS_MEMORY, "no memory for the points of %.200s", r->path);
    out->points = grown;
    published_point *p = &grown[out->count++];
    snprintf(p->name, sizeof p->name, "%.60s", line->text[r->name]);
    p->cost = cost * d->scale;
    p->accuracy = accuracy * 100;
    return status_ok();
}

static status read_lines(report_published *out, const char *text, const char *path, const report_data *d,
                         csv_line *header, csv_line *line)
{
    reader r = {.path = path};
    header->count = 0;
    for (const char *at = text; *at != '\0';) {
        r.line++;
        if (*at == '#' || *at == '\n' || *at == '\r') {
            at += strcspn(at, "\n");
            at += *at == '\n';
            continue;
        }
        csv_line *to = header->count == 0 ? header : line;
        if (!split_line(to, &at))
            return status_fail(STATUS_CONFIG, "%.200s, line %d: no comma-separated values", path, r.line);
        if (to == header)
            TRY(read_header(&r, header, d));
        else
            TRY(add_point(out, &r, line, header, d));
    }
    if (out->count > 0) return status_ok();
    return status_fail(STATUS_CONFIG, "%.200s has no point with %s and %s_accuracy", path, d->column, d->metric);
}

status report_published_read(report_published *out, const char *path, const report_data *d)
{
    *out = (report_published){NULL, 0};
    if (!file_exists(path)) return status_fail(STATUS_CONFIG, "there is no file %.300s", path);
    char *text;
    TRY(file_read_text(&text, path));
    csv_line *lines = malloc(2 * sizeof *lines);
    status s = lines != NULL ? read_lines(out, text, path, d, &lines[0], &lines[1])
                             : status_fail(STATUS_MEMORY, "no memory for %.200s", path);
    free(lines);
    free(text);
    if (failed(s)) report_published_free(out);
    return s;
}

void report_published_free(report_published *p)
{
    free(p->points);
    *p = (report_published){NULL, 0};
}
