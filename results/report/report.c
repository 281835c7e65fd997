/* Reads, prints, draws. */
#define _POSIX_C_SOURCE 200809L
#include "results/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/report/report_data.h"
#include "results/report/report_origin.h"
#include "results/report/report_views.h"
#include "results/report/terminal.h"

enum { PATH_BYTES = 4096 };

/* A run directory, whose results have to be of its plan, or any results file: where to read and where to write. */
static status find_files(char file[PATH_BYTES], char directory[PATH_BYTES], const char *path)
{
    struct stat info;
    if (strlen(path) + 32 > PATH_BYTES) return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", path);
    if (stat(path, &info) != 0) return status_fail(STATUS_CONFIG, "there is no run %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) {
        snprintf(file, PATH_BYTES, "%s/results.h5", path);
        snprintf(directory, PATH_BYTES, "%s", path);
        if (!file_exists(file) && errno != ENOENT)
            return status_fail(STATUS_CONFIG, "cannot open %s: %s", file, strerror(errno));
        if (!file_exists(file))
            return status_fail(STATUS_CONFIG,
                               "%s has no results.h5: it is not the directory of a run, or no task has "
                               "finished yet",
                               path);
        return report_origin_check(file, directory);
    }
    snprintf(file, PATH_BYTES, "%s", path);
    snprintf(directory, PATH_BYTES, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        snprintf(directory, PATH_BYTES, ".");
    else
        slash[slash == directory] = 0;
    return status_ok();
}

/* A logarithmic axis has no place for them. */
static void tell_free_points(FILE *out, const report_data *d)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) count += d->points[i].cost <= 0;
    if (count > 0)
        fprintf(out, "%d point%s of cost 0 %s not drawn: the axis is logarithmic\n", count, count == 1 ? "" : "s",
                count == 1 ? "is" : "are");
}

static status show(FILE *out, const report_data *d, const char *directory, int width)
{
    report_table(out, d);
    if (d->count > 0) {
        fputc('\n', out);
        TRY(report_plot(out, d, terminal_width(out, width), terminal_knows_unicode()));
        tell_free_points(out, d);
    }
    if (access(directory, W_OK) != 0 && (errno == EACCES || errno == EROFS)) {
        fprintf(out, "\nfiles    none: %s may only be read\n", directory);
        return status_ok();
    }
    TRY(report_csv(directory, d));
    if (d->count == 0) {
        fprintf(out, "No finished point yet: nothing to draw.\n");
        return status_ok();
    }
    bool made;
    TRY(report_picture(&made, directory, d));
    fprintf(out, "\ntable    %s/front.csv\n", directory);
    if (made)
        fprintf(out, "picture  %s/front.png\n", directory);
    else
        fprintf(out,
                "picture  not drawn: gnuplot is not installed (apt-get install gnuplot-nox), then run: "
                "cd %s && gnuplot front.gp\n",
                directory);
    return status_ok();
}

status report_front(FILE *out, const char *path, const report_options *options)
{
    static const report_options defaults = {0};
    if (options == NULL) options = &defaults;
    char file[PATH_BYTES], directory[PATH_BYTES];
    TRY(find_files(file, directory, path));
    report_data d;
    TRY(report_data_read(&d, file, options));
    status result = show(out, &d, directory, options->width);
    report_data_free(&d);
    return result;
}
