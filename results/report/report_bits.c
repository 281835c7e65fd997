#define _POSIX_C_SOURCE 200809L
#include "results/report/report_bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/report/report_gnuplot.h"
#include "results/report/report_point_view.h"
#include "results/report/report_text.h"

enum { MOST_BITS = 8, PATH_BYTES = 4400 };

/* From dark (8 bit) to light (pruned), so that they stay apart in grey. */
static const char *const COLOURS[] = {"#f0ede6", "#e8d9b0", "#e3c46b", "#d9b04a", "#d08a3e",
                                      "#a8683f", "#7a5a6a", "#45507a", "#1f3a68"};

void bits_of_layers(bits_bar *bars, const record *r)
{
    for (int i = 0; i < r->allocation_count; i++) {
        snprintf(bars[i].name, sizeof bars[i].name, "%s", r->allocations[i].layer);
        for (int b = 0; b <= MOST_BITS; b++) bars[i].channels[b] = report_channels_at(&r->allocations[i], b);
    }
}

void bits_of_network(bits_bar *bar, const record *r, const char *name)
{
    *bar = (bits_bar){.name = ""};
    snprintf(bar->name, sizeof bar->name, "%s", name);
    for (int i = 0; i < r->allocation_count; i++)
        for (int b = 0; b <= MOST_BITS; b++) bar->channels[b] += report_channels_at(&r->allocations[i], b);
}

static bool is_used(const bits_bar *bars, int count, int bits)
{
    for (int i = 0; i < count; i++)
        if (bars[i].channels[bits] > 0) return true;
    return bits == 8 || bits == 4 || bits == 2 || bits == 0;
}

static void print_script(FILE *out, const gnuplot_format *f, const char *picture, const char *title, const char *below,
                         const bits_bar *bars, int count)
{
    gnuplot_begin(out, f, picture);
    fprintf(out, "$bars << EOD\n");
    for (int i = 0; i < count; i++) {
        double all = 0;
        for (int b = 0; b <= MOST_BITS; b++) all += bars[i].channels[b];
        for (int b = MOST_BITS; b >= 0; b--) fprintf(out, "%.6g ", all > 0 ? 100 * bars[i].channels[b] / all : 0);
        fprintf(out, "\n");
    }
    fprintf(out,
            "EOD\nset style data histograms\nset style histogram rowstacked\nset style fill solid 1.0 border "
            "linecolor '#606060'\nset boxwidth 0.8\nset border 3 linecolor '#404040'\nset tics nomirror\n"
            "set yrange [0:100]\nset xrange [-0.6:%.1f]\nset ylabel 'channels [%%]'\n"
            "set key outside right top vertical reverse Left samplen 1.5 invert\nset xtics rotate by -40 (",
            count - 0.4);
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s'", i > 0 ? ", " : "");
        report_text_gnuplot(out, bars[i].name);
        fprintf(out, "' %d", i);
    }
    fprintf(out, ")\nset xlabel '");
    report_text_gnuplot(out, below);
    fprintf(out, "'\nset title '");
    report_text_gnuplot(out, title);
    fprintf(out, "'\nplot \\\n");
    for (int b = MOST_BITS; b >= 0; b--) {
        if (!is_used(bars, count, b)) continue;
        fprintf(out, "  $bars using %d linecolor '%s' title '", MOST_BITS - b + 1, COLOURS[b]);
        fprintf(out, b > 0 ? "%d bit" : "pruned", b);
        fprintf(out, "'%s\n", b > 0 ? ", \\" : "");
    }
}

status report_bits(bool *made, const char *picture, const char *title, const char *below, const bits_bar *bars,
                   int count)
{
    char script[PATH_BYTES], *text = NULL;
    size_t size;
    gnuplot_format f;
    *made = false;
    TRY(gnuplot_format_of(&f, picture));
    if (strlen(picture) + 8 > sizeof script)
        return status_fail(STATUS_CONFIG, "the path is too long: %.100s...", picture);
    if (count == 0) return status_fail(STATUS_CONFIG, "%.200s: no point with precisions to draw", picture);
    snprintf(script, sizeof script, "%.*s.gp", (int)(strrchr(picture, '.') - picture), picture);
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", script);
    print_script(out, &f, picture, title, below, bars, count);
    status s =
        fclose(out) != 0 ? status_fail(STATUS_MEMORY, "no memory for %s", script) : file_write_text(script, text);
    free(text);
    if (!failed(s)) s = gnuplot_draw(made, script, picture);
    return s;
}
