#define _POSIX_C_SOURCE 200809L
#include "results/report/report_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"

enum { PATH_BYTES = 4300, HEAD_BYTES = 4096 };

static const struct {
    const char *name, *ending;
    status (*write)(FILE *out, const report_data *d);
    const char *before; /* in such a file the name of the cost follows this */
} formats[] = {[REPORT_CSV] = {"csv", ".csv", report_csv, ",seed,"},
               [REPORT_JSON] = {"json", ".json", report_json, "\"cost\": \""},
               [REPORT_LATEX] = {"latex", ".tex", report_latex, "% cost: "}};
enum { FORMATS = sizeof formats / sizeof *formats };

status report_format_read(report_format *out, const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0) {
            *out = (report_format)i;
            return status_ok();
        }
    return status_fail(STATUS_CONFIG, "front: --format is csv, json or latex, not \"%.40s\"", name);
}

const char *report_format_ending(report_format format)
{
    return formats[format].ending;
}

status report_write(const char *stem, report_format format, const report_data *d)
{
    char path[PATH_BYTES], *text = NULL;
    size_t size;
    snprintf(path, sizeof path, "%.*s%s", PATH_BYTES - 8, stem, formats[format].ending);
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    status result = formats[format].write(out, d);
    const bool bad = fclose(out) != 0;
    if (!failed(result) && bad) result = status_fail(STATUS_MEMORY, "no memory for %s", path);
    if (!failed(result)) result = file_write_text(path, text);
    free(text);
    return result;
}

/* The cost that the file shows; empty: there is none, or none that we have written. */
static void cost_in_file(char out[MAX_NAME], const char *path, const char *before)
{
    char head[HEAD_BYTES + 1];
    int fd;
    out[0] = '\0';
    if (failed(file_open_plain(&fd, path))) return; /* writing it says why */
    const ssize_t got = read(fd, head, HEAD_BYTES);
    close(fd);
    head[got > 0 ? got : 0] = '\0';
    const char *at = strstr(head, before);
    if (at == NULL) return;
    at += strlen(before);
    snprintf(out, MAX_NAME, "%.*s", (int)strcspn(at, ",\"\n"), at);
}

static status guard(const char *path, const char *before, const report_data *d)
{
    char there[MAX_NAME];
    cost_in_file(there, path, before);
    if (there[0] == '\0' || strcmp(there, d->column) == 0) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%.300s is there and shows %.40s, not %.40s: say another name with -o, or remove it first", path,
                       there, d->column);
}

status report_guard_picture(const char *picture, const report_data *d)
{
    char path[PATH_BYTES];
    const char *dot = strrchr(picture, '.');
    const size_t length = dot != NULL ? (size_t)(dot - picture) : strlen(picture);
    snprintf(path, sizeof path, "%.*s.gp", (int)(length < PATH_BYTES - 8 ? length : PATH_BYTES - 8), picture);
    return guard(path, "# cost: ", d);
}

status report_guard(const char *stem, const report_data *d)
{
    char path[PATH_BYTES];
    for (int i = 0; i < FORMATS; i++) {
        snprintf(path, sizeof path, "%.*s%s", PATH_BYTES - 8, stem, formats[i].ending);
        TRY(guard(path, formats[i].before, d));
    }
    snprintf(path, sizeof path, "%.*s.png", PATH_BYTES - 8, stem);
    return report_guard_picture(path, d);
}
