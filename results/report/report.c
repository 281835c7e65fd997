/* Reads, prints, draws. */
#define _POSIX_C_SOURCE 200809L
#include "results/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/file/stopping_file.h"
#include "results/report/report_measures.h"
#include "results/report/report_picture.h"
#include "results/report/report_sources.h"
#include "results/report/report_views.h"
#include "results/report/terminal.h"

/* The folder of the files that are to be written. */
static bool only_readable(const char *stem)
{
    char folder[REPORT_PATH + 300];
    snprintf(folder, sizeof folder, "%s", stem);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder] = '\0';
    return access(slash != NULL ? folder : ".", W_OK) != 0 && (errno == EACCES || errno == EROFS);
}

static status show(FILE *out, const report_data *d, const char *stem, const report_request *r, int width)
{
    report_table(out, d);
    if (d->count == 0) report_tell_odd_points(out, d);
    if (d->count > 0) {
        fputc('\n', out);
        TRY(report_plot(out, d, terminal_width(out, width), terminal_knows_unicode()));
        report_tell_odd_points(out, d);
        TRY(report_measures(out, d, r->second));
        if (r->iso != NULL) TRY(report_iso(out, d, r->iso));
    }
    if (r->stem == NULL && only_readable(stem)) {
        fprintf(out, "\nfiles    none: the run may only be read; say -o NAME to have them elsewhere\n");
        return status_ok();
    }
    TRY(report_guard(stem, d));
    TRY(report_write(stem, r->format, d));
    if (d->count == 0) {
        fprintf(out, "No finished point yet: nothing to draw.\n");
        return status_ok();
    }
    bool made;
    char picture[REPORT_PATH + 320];
    snprintf(picture, sizeof picture, "%.*s.png", REPORT_PATH + 300, stem);
    TRY(report_picture(&made, picture, d, &(picture_options){NULL, false, 0}));
    fprintf(out, "\ntable    %s%s\n", stem, report_format_ending(r->format));
    if (made)
        fprintf(out, "picture  %s\n", picture);
    else
        fprintf(out,
                "picture  not drawn: gnuplot is not installed (apt-get install gnuplot-nox), then run: gnuplot %s.gp\n",
                stem);
    return status_ok();
}

/* Of the runs that have stopped hopeless points. */
static status tell_stopped(FILE *out, const char *const *paths, int count)
{
    for (int i = 0; i < count; i++) {
        char file[REPORT_PATH], directory[REPORT_PATH], name[REPORT_PATH + 32], text[256];
        stopping_row *rows;
        int row_count;
        TRY(report_source_find(file, directory, paths[i]));
        snprintf(name, sizeof name, "%s/stopping.csv", directory);
        TRY(stopping_file_read(&rows, &row_count, name));
        const stopping_summary s = stopping_summarise(rows, row_count);
        free(rows);
        stopping_summary_text(text, sizeof text, &s);
        if (text[0] == '\0') continue;
        if (count > 1) fprintf(out, "%s: ", paths[i]);
        fprintf(out, "%s\n", text);
    }
    return status_ok();
}

status report_front(FILE *out, const char *const *paths, int count, const report_request *request,
                    const report_options *options)
{
    static const report_options defaults = {0};
    static const report_request plain = {.stem = NULL};
    if (options == NULL) options = &defaults;
    if (request == NULL) request = &plain;
    const char *stem = request->stem;
    char file[REPORT_PATH], directory[REPORT_PATH], usual[REPORT_PATH + 300], name[256];
    report_data d;
    if (stem != NULL && strlen(stem) + 16 > REPORT_PATH)
        return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", stem);
    TRY(report_source_find(file, directory, paths[0]));
    TRY(report_sources_read(&d, paths, count, options));
    report_default_name(name, options, &d);
    snprintf(usual, sizeof usual, "%s/%s%s", directory, count > 1 ? "runs-" : "", name);
    status result = show(out, &d, stem != NULL ? stem : usual, request, options->width);
    if (!failed(result)) result = tell_stopped(out, paths, count);
    report_data_free(&d);
    return result;
}
