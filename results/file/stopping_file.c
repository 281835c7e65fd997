#define _POSIX_C_SOURCE 200809L
#include "results/file/stopping_file.h"

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/checksum.h"
#include "core/base/file.h"
#include "core/base/number.h"

static const char HEAD[] = "pool,task,key,label,rung,epochs,validation_error,cost,decision\n";
static const char LAST[] = "checksum,";

static const char *const verdicts[] = {[ROW_OPEN] = "open",
                                       [ROW_GOES_ON] = "goes on",
                                       [ROW_HOPES] = "may reach the front",
                                       [ROW_CONTROL] = "control",
                                       [ROW_CONTROL_SAVED] = "control that would be stopped",
                                       [ROW_STOPPED] = "stopped",
                                       [ROW_END] = "end"};
enum { VERDICTS = sizeof verdicts / sizeof *verdicts, FIELDS = 9 };

const char *stopping_row_text(row_verdict verdict)
{
    return verdicts[verdict];
}

/* ---- writing ---- */

static void write_row(FILE *out, const stopping_row *r)
{
    char label[TASK_LABEL];
    snprintf(label, sizeof label, "%s", r->label);
    for (char *c = label; *c != '\0'; c++)
        if (*c == ',' || *c == '"' || (unsigned char)*c < ' ') *c = ' ';
    fprintf(out, "%d,%d,%s,%s,%d,%d,%.17g,%.17g,%s\n", r->pool, r->id, r->key, label, r->rung, r->epochs, r->error,
            r->cost, verdicts[r->verdict]);
}

static status sum_of(char out[CHECKSUM_TEXT], const char *text, size_t length)
{
    checksum sum = checksum_begin();
    checksum_add(&sum, text, length);
    return checksum_end(&sum, out);
}

status stopping_file_write(const char *path, const stopping_row *rows, int count)
{
    char *text = NULL, sum[CHECKSUM_TEXT];
    size_t length;
    const status no_memory = status_fail(STATUS_MEMORY, "no memory for %s", path);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return no_memory;
    fputs(HEAD, out);
    for (int i = 0; i < count; i++) write_row(out, &rows[i]);
    fflush(out);
    status s = text != NULL ? sum_of(sum, text, length) : no_memory;
    if (!failed(s)) fprintf(out, "%s%s\n", LAST, sum);
    if (fclose(out) != 0 && !failed(s)) s = no_memory;
    if (!failed(s)) s = file_write_text(path, text);
    free(text);
    return s;
}

/* ---- reading ---- */

static bool read_integer(int *out, const char *text)
{
    int64_t value;
    if (!number_whole(&value, text, 0, INT_MAX)) return false;
    *out = (int)value;
    return true;
}

/* Cuts a line at its commas. */
static bool split(char *fields[FIELDS], char *line)
{
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = line;
        char *comma = strchr(line, ',');
        if ((comma == NULL) != (i == FIELDS - 1)) return false;
        if (comma == NULL) return true;
        *comma = '\0';
        line = comma + 1;
    }
    return false;
}

static bool read_row(stopping_row *out, char *line)
{
    char *f[FIELDS];
    if (!split(f, line) || strlen(f[2]) != TASK_KEY - 1 || strlen(f[3]) >= TASK_LABEL) return false;
    strcpy(out->key, f[2]);
    strcpy(out->label, f[3]);
    int verdict = 0;
    while (verdict < VERDICTS && strcmp(f[8], verdicts[verdict]) != 0) verdict++;
    out->verdict = (row_verdict)verdict;
    return verdict < VERDICTS && read_integer(&out->pool, f[0]) && read_integer(&out->id, f[1]) &&
           read_integer(&out->rung, f[4]) && read_integer(&out->epochs, f[5]) &&
           number_real(&out->error, f[6], -DBL_MAX, DBL_MAX) && number_real(&out->cost, f[7], -DBL_MAX, DBL_MAX);
}

/* Of what stands before the last line. */
static bool is_whole(const char *text, const char *last)
{
    char sum[CHECKSUM_TEXT];
    if (failed(sum_of(sum, text, (size_t)(last - text)))) return false;
    const char *told = last + strlen(LAST);
    return strncmp(told, sum, strlen(sum)) == 0 && strcmp(told + strlen(sum), "\n") == 0;
}

static status read_rows(stopping_row *rows, int *count, char *text, const char *path)
{
    const status changed = status_fail(STATUS_DATA, "%s was changed or is cut off", path);
    char *last = strstr(text, LAST);
    if (strncmp(text, HEAD, strlen(HEAD)) != 0 || last == NULL || !is_whole(text, last)) return changed;
    *last = '\0';
    for (char *line = text + strlen(HEAD), *next; *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next == NULL) return changed;
        *next++ = '\0';
        if (!read_row(&rows[(*count)++], line)) return changed;
    }
    return status_ok();
}

status stopping_rows_read(stopping_row **rows, int *count, char *text, const char *path)
{
    int lines = 1;
    *count = 0;
    for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
    *rows = calloc((size_t)lines, sizeof **rows);
    status s =
        *rows != NULL ? read_rows(*rows, count, text, path) : status_fail(STATUS_MEMORY, "no memory for %s", path);
    if (!failed(s)) return s;
    free(*rows);
    *rows = NULL;
    *count = 0;
    return s;
}

status stopping_file_read(stopping_row **rows, int *count, const char *path)
{
    char *text;
    *rows = NULL;
    *count = 0;
    if (!file_exists(path)) return status_ok();
    TRY(file_read_text(&text, path));
    status s = stopping_rows_read(rows, count, text, path);
    free(text);
    return s;
}

/* ---- how it went ---- */

static bool is_beaten(const stopping_row *rows, int count, const stopping_row *end)
{
    for (int i = 0; i < count; i++) {
        const stopping_row *r = &rows[i];
        if (r->verdict == ROW_END && r->pool == end->pool && r->error <= end->error && r->cost <= end->cost &&
            (r->error < end->error || r->cost < end->cost))
            return true;
    }
    return false;
}

stopping_summary stopping_summarise(const stopping_row *rows, int count)
{
    stopping_summary s = {.points = 0};
    for (int first = 0, next; first < count; first = next) {
        const stopping_row *end = NULL;
        bool stopped = false, control = false, saved = false;
        for (next = first; next < count && rows[next].id == rows[first].id; next++) {
            const row_verdict v = rows[next].verdict;
            if (v == ROW_END) end = &rows[next];
            stopped = stopped || v == ROW_STOPPED;
            saved = saved || v == ROW_CONTROL_SAVED;
            control = control || v == ROW_CONTROL || v == ROW_CONTROL_SAVED;
        }
        s.points++;
        s.stopped += stopped && end == NULL;
        if (!control || end == NULL) continue;
        s.judged++;
        s.saved += saved;
        s.wrong += saved && !is_beaten(rows, count, end);
    }
    return s;
}

void stopping_summary_text(char *out, size_t room, const stopping_summary *s)
{
    out[0] = '\0';
    if (s->points == 0 || room == 0) return;
    const int used = snprintf(out, room, "stopped early: %d of %d points (stopping.csv); ", s->stopped, s->points);
    if (used < 0 || (size_t)used >= room) return;
    if (s->judged == 0)
        snprintf(out + used, room - (size_t)used, "no control points have ended that tell how often that was wrong");
    else
        snprintf(out + used, room - (size_t)used,
                 "of %d control points, never stopped, %d would have been, wrongly %d (they ended on the front)",
                 s->judged, s->saved, s->wrong);
}
