#define _POSIX_C_SOURCE 200809L
#include "results/report/report_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "results/report/report_data.h"
#include "results/report/report_page_parts.h"
#include "results/report/report_point_view.h"
#include "results/report/report_text.h"

enum { MOST_BITS = 8 };

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    report_text_json(out, text);
    fputc('"', out);
}

static void json_number(FILE *out, double value)
{
    if (isfinite(value))
        report_text_number(out, value);
    else
        fputs("null", out);
}

/* Lines of the log, each as a text; of a long one the first part. */
static void print_log(FILE *out, const char *log)
{
    fputs("[", out);
    size_t used = 0;
    bool first = true;
    while (log != NULL && *log != '\0' && used < PAGE_MOST_LOG_BYTES) {
        const size_t length = strcspn(log, "\n");
        char line[2048];
        if (length < sizeof line) {
            memcpy(line, log, length);
            line[length] = '\0';
            if (!first) fputs(",\n", out);
            json_string(out, line);
            first = false;
        }
        used += length;
        log += length + (log[length] == '\n');
    }
    fputs("]", out);
}

static void print_runs(FILE *out, const report_data *d, const page_source *source)
{
    fputs("\"runs\":[", out);
    for (int r = 0; r < d->run_count; r++) {
        char *log = source->file(source->ctx, r, "log.jsonl");
        fputs(r > 0 ? ",{\"path\":" : "{\"path\":", out);
        json_string(out, d->runs[r].path);
        fputs(",\"name\":", out);
        json_string(out, d->runs[r].name);
        fputs(",\"log\":", out);
        print_log(out, log);
        fputs("}", out);
        free(log);
    }
    fputs("],\n", out);
}

static void print_costs(FILE *out, const report_data *d)
{
    fputs("\"costs\":[", out);
    for (int k = 0; k < d->cost_count; k++) {
        double least = INFINITY;
        char unit[24];
        for (int i = 0; i < d->count; i++)
            if (d->points[i].costs[k] > 0) least = fmin(least, d->points[i].costs[k]);
        const double scale = report_unit(unit, &d->costs[k], least);
        fputs(k > 0 ? ",{\"name\":" : "{\"name\":", out);
        json_string(out, d->costs[k].name);
        fputs(",\"description\":", out);
        json_string(out, d->costs[k].description);
        fputs(",\"shown\":", out);
        json_string(out, unit);
        fputs(",\"scale\":", out);
        json_number(out, scale);
        fputs("}", out);
    }
    fputs("],\n", out);
}

static void print_details(FILE *out, const record *r)
{
    fputs(",[", out);
    for (int i = 0; i < r->allocation_count; i++) {
        const record_allocation *a = &r->allocations[i];
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", out);
        json_string(out, a->layer);
        fprintf(out, ",\"input\":%d,\"channels\":[", a->input_bits);
        for (int b = 0; b <= MOST_BITS; b++) fprintf(out, "%s%d", b > 0 ? "," : "", report_channels_at(a, b));
        fputs("]}", out);
    }
    fputs("],[", out);
    for (int i = 0; i < r->epoch_count; i++) {
        fputs(i > 0 ? ",[" : "[", out);
        json_string(out, r->curve[i].stage);
        fprintf(out, ",%.5g,%.5g]", 100 * r->curve[i].train_accuracy, 100 * r->curve[i].validation_accuracy);
    }
    fputs("]", out);
}

/* In the order of FIELDS in page/page.js; numbers to the digits that a screen shows. */
static void print_point(FILE *out, const report_data *d, const report_point *p)
{
    char setting[32];
    const char *const texts[] = {p->strategy, setting, p->cost_model, p->network};
    report_setting(setting, d, p);
    fprintf(out, "[%d,%d,\"%.16s\"", p->run, p->id, p->key);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fputc(',', out);
        json_string(out, texts[i]);
    }
    fprintf(out, ",\"%" PRIu64 "\",%.7g,%.7g,[", p->seed, p->validation, p->test);
    for (int k = 0; k < d->cost_count; k++) {
        if (k > 0) fputc(',', out);
        if (isnan(p->costs[k]))
            fputs("null", out);
        else
            fprintf(out, "%.7g", p->costs[k]);
    }
    fputc(']', out);
}

static status print_points(FILE *out, const report_data *d, const page_source *source)
{
    int room = PAGE_MOST_DETAILS - d->front_count; /* for points that are not on the front */
    fputs("\"points\":[\n", out);
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        bool there = false;
        record r;
        if (i > 0) fputs(",\n", out);
        print_point(out, d, p);
        if (p->on_front || room-- > 0) TRY(source->record(&r, &there, source->ctx, p));
        if (there) {
            print_details(out, &r);
            record_free(&r);
        }
        fputs("]", out);
    }
    fputs("],\n", out);
    return status_ok();
}

static void print_published(FILE *out, const report_data *d, const report_published *p)
{
    fputs("\"published\":[", out);
    for (int i = 0; i < p->count; i++) {
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", out);
        json_string(out, p->points[i].name);
        fputs(",\"column\":", out);
        json_string(out, d->column);
        fprintf(out, ",\"cost\":%.10g,\"accuracy\":%.10g}", p->points[i].cost, p->points[i].accuracy);
    }
    fputs("],\n", out);
}

static status print_data(FILE *out, const report_data *d, const report_published *published, const page_source *source)
{
    fputs("<script type=\"application/json\" id=\"data\">{", out);
    print_runs(out, d, source);
    print_costs(out, d);
    TRY(print_points(out, d, source));
    print_published(out, d, published);
    fputs("\"column\":", out);
    json_string(out, d->column);
    fputs(",\"metric\":", out);
    json_string(out, d->metric);
    fputs(",\"floats\":{\"test\":", out);
    json_number(out, d->float_test);
    fputs(",\"validation\":", out);
    json_number(out, d->float_validation);
    fputs("}}</script>\n", out);
    return status_ok();
}

static int count_different(const report_data *d, bool seeds)
{
    int count = 0;
    for (int i = 0; i < d->count && count < 1000; i++) {
        bool known = false;
        for (int k = 0; k < i && !known; k++)
            known = seeds ? d->points[k].seed == d->points[i].seed
                          : strcmp(d->points[k].strategy, d->points[i].strategy) == 0;
        count += !known;
        if (i > 5000) break;
    }
    return count;
}

/* What was searched, in a sentence or two. */
static void print_summary(FILE *out, const report_data *d)
{
    fprintf(out, "%d finished points of %d run%s: ", d->count, d->run_count, d->run_count > 1 ? "s" : "");
    report_text_html(out, d->network);
    if (d->runs[0].data[0] != 0) fputs(" on ", out);
    report_text_html(out, d->runs[0].data);
    const int strategies = count_different(d, false), seeds = count_different(d, true);
    fprintf(out,
            "; %d %s, %d seed%s. Every point is a network of its own with precisions of 0 (pruned) to 8 bit for each "
            "channel. "
            "Points are chosen by their accuracy on the validation split; the test split had no part in training or "
            "choosing.",
            strategies, strategies > 1 ? "strategies" : "strategy", seeds, seeds > 1 ? "s" : "");
    if (d->failed_count > 0) fprintf(out, " %d tasks failed.", d->failed_count);
}

static void print_body(FILE *out, const report_data *d)
{
    static const char mark[] = "@SUMMARY@";
    const char *at = strstr(report_page_html, mark);
    fwrite(report_page_html, 1, (size_t)(at - report_page_html), out);
    print_summary(out, d);
    fputs(at + strlen(mark), out);
}

/* Line ends stay. */
static void html_lines(FILE *out, const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        if (line != NULL) report_text_html(out, line);
        free(line);
        fputc('\n', out);
        text += length + (text[length] == '\n');
    }
}

static void print_origins(FILE *out, const report_data *d, const page_source *source)
{
    char now[24];
    clock_utc(now);
    fprintf(out, "<p>Page made %s.</p>\n", now);
    for (int r = 0; r < d->run_count; r++) {
        char *config = source->file(source->ctx, r, "config.cfg");
        fprintf(out, "<h3>Run %c: ", 'A' + r);
        report_text_html(out, d->runs[r].path);
        fputs("</h3>\n<pre>", out);
        html_lines(out, d->runs[r].provenance);
        fputs("</pre>\n", out);
        if (config != NULL) {
            fputs("<details><summary>configuration</summary><pre>", out);
            html_lines(out, config);
            fputs("</pre></details>\n", out);
        }
        free(config);
    }
}

/* D3 with its licence, when it was there at build time. */
static void print_library(FILE *out)
{
    if (report_page_d3[0] == '\0') return;
    fputs("<details id=\"d3-licence\"><summary>licence of D3</summary><pre>", out);
    html_lines(out, report_page_d3_licence);
    fputs("</pre></details>\n<script id=\"library\">\n", out);
    fputs(report_page_d3, out);
    fputs("</script>\n", out);
}

static status print_page(FILE *out, const report_data *d, const report_published *published, const page_source *source)
{
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
          "script-src "
          "'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    report_text_html(out, d->runs[0].name[0] != 0 ? d->runs[0].name : "bitfront");
    fputs(": Pareto front</title>\n<style>\n", out);
    fputs(report_page_css, out);
    fputs("</style></head><body>\n<h1>", out);
    for (int r = 0; r < d->run_count; r++) {
        if (r > 0) fputs(", ", out);
        report_text_html(out, d->runs[r].name[0] != 0 ? d->runs[r].name : d->runs[r].path);
    }
    fputs(": accuracy against cost</h1>\n", out);
    print_body(out, d);
    print_origins(out, d, source);
    print_library(out);
    fputs("<div id=\"tip\" hidden></div>\n", out);
    TRY(print_data(out, d, published, source));
    fputs("<script>\n", out);
    fputs(report_page_js, out);
    fputs("</script>\n</body></html>\n", out);
    return status_ok();
}

status report_page(const char *path, const report_data *d, const report_published *published, const page_source *source)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %.300s", path);
    status s = print_page(out, d, published, source);
    if (fclose(out) != 0 && !failed(s)) s = status_fail(STATUS_MEMORY, "no memory for %.300s", path);
    if (!failed(s)) s = file_write_text(path, text);
    free(text);
    return s;
}
