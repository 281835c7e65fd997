#define _POSIX_C_SOURCE 200809L
#include "results/file/task_row.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/number.h"
#include "core/base/text.h"
#include "core/io/seal.h"
#include "results/file/task_file.h"

/* Behind the row: "bitfront-row 0000001234\n", with its length. */
enum { FOOT_BYTES = 24, ROW_MOST = 8192 };
static const char FOOT[] = "bitfront-row ";

/* ---- writing: a line for each column, "name\tvalue", and for each cost ---- */

static void print_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *escaped = *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : *text == '\\' ? "\\\\" : NULL;
        if (escaped != NULL)
            fputs(escaped, out);
        else
            fputc(*text, out);
    }
}

static void print_row(FILE *out, const record *rec)
{
    for (int i = 0; i < task_file_columns.count; i++) {
        const field *f = &task_file_columns.fields[i];
        fprintf(out, "%s\t", f->name);
        if (field_is_text(f))
            print_text(out, field_text(f, rec));
        else
            field_print(out, f, rec);
        fputc('\n', out);
    }
    for (int i = 0; i < rec->cost_count; i++) {
        const record_cost *c = &rec->costs[i];
        fprintf(out, "%s\t%a\t", c->name, c->value);
        print_text(out, c->unit);
        fputc('\t', out);
        print_text(out, c->description);
        fputc('\n', out);
    }
}

/* The row with its foot; the caller frees. */
static status make_row(char **text, size_t *size, const record *rec)
{
    *text = NULL;
    FILE *out = open_memstream(text, size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for the row of a task");
    print_row(out, rec);
    const long length = ftell(out);
    fprintf(out, "%s%010ld\n", FOOT, length);
    if (fclose(out) == 0 && length >= 0) return status_ok();
    free(*text);
    return status_fail(STATUS_MEMORY, "no memory for the row of a task");
}

status task_row_append(const char *path, const record *rec)
{
    char *text;
    size_t size;
    TRY(make_row(&text, &size, rec));
    status result = status_ok();
    if (size + TASK_MARK_BYTES <= ROW_MOST) {
        int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        result = fd < 0 ? status_fail(STATUS_IO, "cannot open %s: %s", path, strerror(errno))
                        : file_write_bytes(fd, path, text, size);
        if (fd >= 0 && close(fd) != 0 && !failed(result))
            result = status_fail(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    }
    free(text);
    return result;
}

/* ---- reading ---- */

/* Undoes print_text, in place. */
static void read_text(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '\\' || from[1] == '\0') {
            *to++ = *from;
            continue;
        }
        from++;
        *to++ = (char)(*from == 't' ? '\t' : *from == 'n' ? '\n' : *from);
    }
    *to = '\0';
}

/* The next part of *at, which ends with `end`; NULL when there is none. */
static char *take(char **at, char end)
{
    char *from = *at, *stop = strchr(from, end);
    if (stop == NULL) return NULL;
    *stop = '\0';
    *at = stop + 1;
    return from;
}

static status broken(const char *path)
{
    return status_fail(STATUS_DATA, "the row of %s cannot be read: it was changed", path);
}

static status read_cost(record *out, char *line, const char *path)
{
    char *name = take(&line, '\t'), *value = take(&line, '\t'), *unit = take(&line, '\t');
    if (name == NULL || value == NULL || unit == NULL || out->cost_count == RECORD_MAX_COSTS) return broken(path);
    record_cost *c = &out->costs[out->cost_count++];
    read_text(unit);
    read_text(line);
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->unit, sizeof c->unit, "%s", unit);
    snprintf(c->description, sizeof c->description, "%s", line);
    return number_printed(&c->value, value) && text_is_printable(name) ? status_ok() : broken(path);
}

static status read_row(record *out, char *row, const char *path)
{
    char *line;
    for (int i = 0; i < task_file_columns.count; i++) {
        const field *f = &task_file_columns.fields[i];
        line = take(&row, '\n');
        const char *name = line != NULL ? take(&line, '\t') : NULL;
        if (name == NULL || strcmp(name, f->name) != 0) return broken(path);
        read_text(line);
        TRY(field_parse(f, out, line));
    }
    while ((line = take(&row, '\n')) != NULL) TRY(read_cost(out, line, path));
    return status_ok();
}

/* The row in the last bytes of a file, ended by NUL instead of its foot; NULL: there is none. */
static char *find_row(char *end, size_t bytes)
{
    char *foot = end + bytes - TASK_MARK_BYTES - FOOT_BYTES;
    if (memcmp(foot, FOOT, sizeof FOOT - 1) != 0) return NULL;
    const char *digits = foot + sizeof FOOT - 1;
    uint64_t length;
    if (!number_take_count(&length, &digits) || length > (size_t)(foot - end)) return NULL;
    *foot = '\0';
    return strlen(foot - length) == length ? foot - length : NULL;
}

status task_row_read(bool *there, record *out, task_mark *mark, const char *path)
{
    char end[ROW_MOST];
    record rec;
    *there = false;
    TRY(seal_check_end(end, sizeof end, path));
    TRY(task_mark_parse(mark, end + sizeof end - TASK_MARK_BYTES, path));
    char *row = find_row(end, sizeof end);
    if (row == NULL) return status_ok();
    memset(&rec, 0, sizeof rec);
    status result = read_row(&rec, row, path);
    if (!failed(result) && (strcmp(rec.task.key, mark->key) != 0 || rec.state != mark->state)) result = broken(path);
    if (!failed(result)) result = status_in(record_check(&rec), "%s", path);
    *there = !failed(result);
    if (*there)
        *out = rec;
    else
        record_free(&rec);
    return result;
}

status task_row_check(const char *path, const record *rec)
{
    char end[ROW_MOST], *text;
    size_t size;
    TRY(seal_check_end(end, sizeof end, path));
    const char *row = find_row(end, sizeof end);
    if (row == NULL) return status_ok();
    TRY(make_row(&text, &size, rec));
    text[size - FOOT_BYTES] = '\0';
    const bool same = strcmp(text, row) == 0;
    free(text);
    return same ? status_ok() : status_fail(STATUS_DATA, "the row behind it says something else: it was changed");
}
