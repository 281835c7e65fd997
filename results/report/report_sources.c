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
            return status_fail(STATUS_CONFIG, "cannot open %s: %s", file, strerror(errno));
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

static void append(char out[256], const char *what, const char *value)
{
    size_t used = strlen(out);
    snprintf(out + used, 256 - used, "-%s%s", what, value);
    for (char *at = out + used; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL) *at = '_';
}

void report_default_name(char out[256], const report_options *o, const report_data *d)
{
    snprintf(out, 256, "front");
    if (strcmp(d->column, "size_bits") != 0) append(out, d->column, "");
    if (strcmp(d->metric, "test") != 0) append(out, "shows_", d->metric);
    if (strcmp(d->choose, "validation") != 0) append(out, "by_", d->choose);
    if (o->strategies != NULL) append(out, "", o->strategies);
    if (o->cost_models != NULL) append(out, "for_", o->cost_models);
    if (o->networks != NULL) append(out, "", o->networks);
    if (o->seeds != NULL) append(out, "seeds_", o->seeds);
    if (o->each_seed) append(out, "each_seed", "");
}
