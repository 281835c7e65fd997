/* Reads, prints, draws; and finds out what the terminal can do. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#define _POSIX_C_SOURCE 200809L
#include "results/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/report_data.h"
#include "results/report_views.h"

enum { PATH_BYTES = 4096, DEFAULT_WIDTH = 80, LEAST_WIDTH = 40, MOST_WIDTH = 160 };

static int choose_width(FILE *out, int asked)
{
    struct winsize size;
    int width = asked;
    int fd = fileno(out); /* -1 for a stream in memory */
    if (width == 0 && fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0) width = size.ws_col;
    if (width == 0) width = DEFAULT_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
}

/* The first of these that is set decides, as in setlocale, which belongs to the program and not to a library. */
static bool knows_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value == NULL || value[0] == 0) continue;
        return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL || strstr(value, "UTF8") != NULL ||
               strstr(value, "utf-8") != NULL;
    }
    return false;
}

/* A run directory or a results file: where to read and where to write. */
static status find_files(char file[PATH_BYTES], char directory[PATH_BYTES], const char *path)
{
    struct stat info;
    if (strlen(path) + 32 > PATH_BYTES) return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", path);
    if (stat(path, &info) != 0) return status_fail(STATUS_CONFIG, "there is no run %s", path);
    if (S_ISDIR(info.st_mode)) {
        snprintf(file, PATH_BYTES, "%s/results.h5", path);
        snprintf(directory, PATH_BYTES, "%s", path);
        if (!file_exists(file))
            return status_fail(STATUS_CONFIG,
                               "%s has no results.h5: it is not the directory of a run, or no task has "
                               "finished yet",
                               path);
        return status_ok();
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

static status show(FILE *out, const report_data *d, const char *directory, int width)
{
    report_table(out, d);
    TRY(report_csv(directory, d));
    if (d->count == 0) {
        fprintf(out, "No finished point yet: nothing to draw.\n");
        return status_ok();
    }
    fputc('\n', out);
    TRY(report_plot(out, d, choose_width(out, width), knows_unicode()));
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
