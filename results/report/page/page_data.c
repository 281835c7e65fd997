#include "results/report/page/page_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/file/stopping_file.h"
#include "results/report/report_data.h"
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

/* What a run says of the points that it has stopped; "" when it has stopped none, or its file was changed. */
static void print_stopping(FILE *out, char *text)
{
    char line[256] = "";
    stopping_row *rows = NULL;
    int count;
    if (text != NULL && !failed(stopping_rows_read(&rows, &count, text, "stopping.csv"))) {
        const stopping_summary s = stopping_summarise(rows, count);
        stopping_summary_text(line, sizeof line, &s);
    }
    free(rows);
    json_string(out, line);
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
        fputs(",\"stopping\":", out);
        char *stopping = source->file(source->ctx, r, "stopping.csv");
        print_stopping(out, stopping);
        free(stopping);
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

status page_data_write(FILE *out, const page_inputs *in)
{
    const report_data *d = in->data;
    fputs("<script type=\"application/json\" id=\"data\">{", out);
    print_runs(out, d, in->source);
    print_costs(out, d);
    TRY(print_points(out, d, in->source));
    print_published(out, d, in->published);
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
