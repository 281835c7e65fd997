/* Table for people, and the same as comma-separated values for programs. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/report/report_views.h"

void report_table(FILE *out, const report_data *d)
{
    char cost[40];
    snprintf(cost, sizeof cost, "%.14s %s", strcmp(d->cost_unit, "kB") == 0 ? "size" : "cost", d->cost_unit);
    fprintf(out, "%s%sfront of %d points: %d, by %s accuracy and %s\n\n", d->run, d->run[0] != 0 ? ": " : "", d->count,
            d->front_count, d->metric, d->cost_name);
    fprintf(out, "   id  strategy   setting     seed  %12s  test %%  valid. %%  front\n", cost);
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        char setting[32], front[32] = "*";
        report_setting(setting, p);
        if (!p->on_front) snprintf(front, sizeof front, "below %d", p->dominated_by);
        fprintf(out, "%5d  %-9s  %-7s  %7lld  %12.4g  %6.2f  %8.2f  %s\n", p->id, p->strategy, setting,
                (long long)p->seed, p->cost, p->test, p->validation, front);
    }
    if (d->float_count > 0)
        fprintf(out, "       float network%s: %.2f %% %s accuracy\n", d->float_count > 1 ? "s (mean)" : "",
                d->float_accuracy, d->metric);
    if (d->failed_count > 0) fprintf(out, "       %d failed: see the column reason in results.h5\n", d->failed_count);
}

/* A field of text: quoted where it must be, and never a formula for a spreadsheet. */
static void csv_text(FILE *out, const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
    if (!formula && strpbrk(text, ",\"") == NULL) {
        fputs(text, out);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (; *text != '\0'; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

static void csv_number(FILE *out, double value)
{
    if (isnan(value))
        fputc(',', out);
    else
        fprintf(out, ",%.10g", value);
}

status report_csv(const char *directory, const report_data *d)
{
    char path[4200], *text = NULL;
    size_t size;
    snprintf(path, sizeof path, "%s/front.csv", directory);
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    fprintf(out, "id,strategy,cost_model,strength,bits,seed,");
    csv_text(out, d->column);
    fprintf(out, ",test_accuracy,validation_accuracy,on_front\n");
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        fprintf(out, "%d,", p->id);
        csv_text(out, p->strategy);
        fputc(',', out);
        csv_text(out, p->cost_model);
        fprintf(out, ",%.17g,%d,%lld", p->strength, p->bits, (long long)p->seed);
        csv_number(out, p->raw_cost);
        csv_number(out, p->test / 100);
        csv_number(out, p->validation / 100);
        fprintf(out, ",%d\n", p->on_front);
    }
    bool bad = fclose(out) != 0;
    status result = bad ? status_fail(STATUS_MEMORY, "no memory for %s", path) : file_write_text(path, text);
    free(text);
    return result;
}
