/* The front as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "results/report/report_files.h"
#include "results/report/report_text.h"

static void put_text(FILE *out, const char *name, const char *text, const char *after)
{
    fprintf(out, "\"%s\": \"", name);
    report_text_json(out, text);
    fprintf(out, "\"%s", after);
}

static void put_number(FILE *out, const char *name, double value, const char *after)
{
    fprintf(out, "\"%s\": ", name);
    if (isfinite(value))
        report_text_number(out, value);
    else
        fputs("null", out);
    fputs(after, out);
}

static void put_point(FILE *out, const report_data *d, const report_point *p)
{
    fprintf(out, "    {\"id\": %d, ", p->id);
    put_text(out, "key", p->key, ", ");
    put_text(out, "run", d->runs[p->run].path, ", ");
    put_text(out, "strategy", p->strategy, ", ");
    put_text(out, "cost_model", p->cost_model, ", ");
    put_text(out, "network", p->network, ", ");
    put_number(out, "strength", p->strength, ", ");
    put_number(out, "target", p->target, ", ");
    fprintf(out, "\"bits\": %d, \"step\": %d, \"seed\": %" PRIu64 ", \"seeds\": %d, ", p->bits, p->step, p->seed,
            p->seeds);
    put_number(out, "test_accuracy", p->raw_test, ", ");
    put_number(out, "validation_accuracy", p->raw_validation, ", ");
    put_number(out, "accuracy_deviation", p->accuracy_deviation / 100, ", ");
    put_number(out, "cost_deviation", p->cost_deviation / d->scale, ", ");
    fprintf(out, "\"on_front\": %s, \"costs\": {", p->on_front ? "true" : "false");
    for (int k = 0; k < d->cost_count; k++)
        put_number(out, d->costs[k].name, p->costs[k], k + 1 < d->cost_count ? ", " : "");
    fputs("}}", out);
}

status report_json(FILE *out, const report_data *d)
{
    fputs("{\n  ", out);
    put_text(out, "cost", d->column, ",\n  \"units\": {");
    for (int k = 0; k < d->cost_count; k++)
        put_text(out, d->costs[k].name, d->costs[k].unit, k + 1 < d->cost_count ? ", " : "");
    fputs("},\n  ", out);
    put_text(out, "shown", d->metric, ",\n  ");
    put_text(out, "chosen_by", d->choose, ",\n  \"runs\": [");
    for (int r = 0; r < d->run_count; r++) {
        fprintf(out, "%s{", r > 0 ? ", " : "");
        put_text(out, "path", d->runs[r].path, ", ");
        put_text(out, "name", d->runs[r].name, ", ");
        put_text(out, "data", d->runs[r].data, "}");
    }
    fprintf(out, "],\n  \"failed\": %d,\n  \"float\": {\"networks\": %d, ", d->failed_count, d->float_count);
    put_number(out, "test_accuracy", d->float_test / 100, ", ");
    put_number(out, "validation_accuracy", d->float_validation / 100, "},\n  \"points\": [\n");
    for (int i = 0; i < d->count; i++) {
        put_point(out, d, &d->points[i]);
        fputs(i + 1 < d->count ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
    return status_ok();
}
