#include "results/report/report_sources.h"

#include <errno.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/share.h"
#include "results/report/report_origin.h"

enum { LONGEST_NAME = 120 };

status report_source_find(char file[REPORT_PATH], char directory[REPORT_PATH], const char *path)
{
    struct stat info;
    if (strlen(path) + 300 > REPORT_PATH) return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", path);
    if (stat(path, &info) != 0)
        return status_fail(STATUS_CONFIG, "there is no run %.500s%s", path, share_nearest(path, NULL).text);
    snprintf(directory, REPORT_PATH, "%s", path);
    if (S_ISDIR(info.st_mode)) {
        snprintf(file, REPORT_PATH, "%s/results.h5", path);
        if (!file_exists(file) && errno != ENOENT)
            return status_fail(file_fault(errno), "cannot open %s: %s", file, strerror(errno));
        if (!file_exists(file))
            return status_fail(STATUS_CONFIG,
                               "%s has no results.h5: it is not the directory of a run, or no task has "
                               "finished yet",
                               path);
        return report_origin_check(file, directory);
    }
    snprintf(file, REPORT_PATH, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        snprintf(directory, REPORT_PATH, ".");
    else
        slash[slash == directory] = 0;
    return status_ok();
}

status report_sources_read(report_data *out, const char *const *paths, int count, const report_options *options)
{
    char(*files)[REPORT_PATH] = calloc((size_t)count + 1, REPORT_PATH), directory[REPORT_PATH];
    const char *names[REPORT_MOST_RUNS];
    status s = files != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for the names of %d runs", count);
    if (count > REPORT_MOST_RUNS)
        s = status_fail(STATUS_CONFIG, "%d runs at a time; at most %d are possible", count, REPORT_MOST_RUNS);
    for (int i = 0; i < count && !failed(s); i++) {
        s = report_source_find(files[i], directory, paths[i]);
        names[i] = files[i];
    }
    if (!failed(s)) s = report_data_read(out, names, paths, count, options);
    free(files);
    return s;
}

/* A file's name that grows; one that is too long ends in a number that stands for the rest. */
typedef struct {
    char text[LONGEST_NAME + 16];
    size_t length; /* of the whole name */
    uint32_t sum;
} question_name;

static void append_text(question_name *out, const char *text)
{
    for (; *text != '\0'; text++, out->length++) {
        const bool plain = isalnum((unsigned char)*text) || strchr("-_.", *text) != NULL;
        out->sum = (out->sum ^ (unsigned char)*text) * 16777619u; /* FNV-1a */
        if (out->length < LONGEST_NAME) out->text[out->length] = plain ? *text : '_';
    }
}

static void append(question_name *out, const char *what, const char *value)
{
    append_text(out, "-");
    append_text(out, what);
    append_text(out, value);
}

void report_default_name(char out[256], const report_options *o, const report_data *d)
{
    question_name name = {.sum = 2166136261u};
    append_text(&name, "front");
    if (strcmp(d->column, "size_bits") != 0) append(&name, d->column, "");
    if (strcmp(d->metric, "test") != 0) append(&name, "shows_", d->metric);
    if (strcmp(d->choose, "validation") != 0) append(&name, "by_", d->choose);
    if (o->strategies != NULL) append(&name, "", o->strategies);
    if (o->cost_models != NULL) append(&name, "for_", o->cost_models);
    if (o->networks != NULL) append(&name, "", o->networks);
    if (o->seeds != NULL) append(&name, "seeds_", o->seeds);
    if (o->each_seed) append(&name, "each_seed", "");
    if (name.length > LONGEST_NAME) snprintf(name.text + LONGEST_NAME, 16, "-%08x", (unsigned)name.sum);
    snprintf(out, 256, "%s", name.text);
}
