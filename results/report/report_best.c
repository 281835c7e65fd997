#include "results/report/report_best.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/base/unit.h"
#include "results/report/report_data.h"
#include "results/report/report_text.h"

/* ---- limits ---- */

static status no_limit(const char *text, const char *why)
{
    return status_fail(STATUS_CONFIG, "\"%.60s\" is no limit: %s; write size=32kB, \"ne16=1e5 cycles\" or accuracy=84",
                       text, why);
}

static status no_cost(const char *name, const report_data *d)
{
    char known[400] = "";
    for (int i = 0; i < d->cost_count; i++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, ", %s", d->costs[i].name);
    }
    return status_fail(STATUS_CONFIG, "there is no cost \"%.40s\"; known: accuracy%s", name, known);
}

status report_limit_read(report_limit *out, const char *text, bool at_most, const report_data *d)
{
    char name[MAX_NAME];
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals - text >= MAX_NAME) return no_limit(text, "no NAME=VALUE");
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    const char *end = equals + 1;
    double number;
    if (!number_take_real(&number, &end, DBL_MIN, DBL_MAX)) return no_limit(text, "no number above 0");
    end += strspn(end, " ");
    *out = (report_limit){.cost = -1, .at_most = at_most, .value = number};
    if (strcmp(name, "accuracy") == 0) {
        if (*end != '\0' && strcmp(end, "%") != 0) return no_limit(text, "accuracies are in percent");
        return number <= 100 ? status_ok() : no_limit(text, "an accuracy is at most 100 %");
    }
    out->cost = report_columns_cost(d->costs, d->cost_count, name);
    if (out->cost < 0) return no_cost(name, d);
    const char *unit = d->costs[out->cost].unit;
    const double factor = *end == '\0' ? 1 : unit_factor(end, unit);
    if (factor == 0) {
        char choices[64];
        unit_choices(choices, unit);
        return status_fail(STATUS_CONFIG, "\"%.60s\": %.40s is counted in %.20s, not in \"%.20s\"; write %s", text,
                           name, unit, end, choices);
    }
    out->value *= factor;
    return status_ok();
}

static double value_of(const report_point *p, const report_limit *l)
{
    return l->cost < 0 ? p->chosen_by : p->costs[l->cost];
}

/* By which part of a limit the point misses it, at most; 0 or less: it is within all. */
static double miss_of(const report_point *p, const report_limit *limits, int count)
{
    double most = -INFINITY;
    for (int i = 0; i < count; i++) {
        const double part = value_of(p, &limits[i]) / limits[i].value - 1;
        if (isnan(part)) return INFINITY;
        most = fmax(most, limits[i].at_most ? part : -part);
    }
    return most;
}

report_choice report_choose(const report_data *d, const report_limit *limits, int count)
{
    report_choice c = {.point = -1, .nearest = {-1, -1}, .miss = {INFINITY, INFINITY}};
    for (int i = 0; i < d->count; i++) {
        const double miss = miss_of(&d->points[i], limits, count);
        if (miss <= 0) {
            c.within++;
            /* points are sorted by cost: of equals the first stays */
            if (c.point < 0 || d->points[i].chosen_by > d->points[c.point].chosen_by) c.point = i;
        } else if (miss < c.miss[0]) {
            c.nearest[1] = c.nearest[0];
            c.miss[1] = c.miss[0];
            c.nearest[0] = i;
            c.miss[0] = miss;
        } else if (miss < c.miss[1]) {
            c.nearest[1] = i;
            c.miss[1] = miss;
        }
    }
    return c;
}

/* ---- words ---- */

static void print_amount(FILE *out, const report_cost_column *column, double value)
{
    char unit[24];
    const double scale = report_unit(unit, column, value);
    fprintf(out, "%.5g %s", value * scale, unit);
}

static void print_limit(FILE *out, const report_data *d, const report_limit *l)
{
    if (l->cost < 0) {
        fprintf(out, "%s accuracy %s %.4g %%", d->choose, l->at_most ? "at most" : "at least", l->value);
        return;
    }
    fprintf(out, "%s %s ", d->costs[l->cost].name, l->at_most ? "at most" : "at least");
    print_amount(out, &d->costs[l->cost], l->value);
}

static void print_name(FILE *out, const report_data *d, const report_point *p)
{
    char setting[32];
    report_setting(setting, d, p);
    fprintf(out, "point %d, key %.8s: %s %s", p->id, p->key, p->strategy, setting);
    if (strcmp(p->cost_model, "none") != 0) fprintf(out, " for %s", p->cost_model);
    fprintf(out, " on %s, seed %" PRIu64, p->network, p->seed);
}

static void print_missed(FILE *out, const report_data *d, const report_point *p, const report_limit *limits, int count)
{
    for (int i = 0; i < count; i++) {
        const double value = value_of(p, &limits[i]);
        if (limits[i].at_most ? value <= limits[i].value : value >= limits[i].value) continue;
        fprintf(out, "    ");
        if (limits[i].cost < 0)
            fprintf(out, "%s accuracy %.2f %%", d->choose, value);
        else
            print_amount(out, &d->costs[limits[i].cost], value);
        fprintf(out, ", asked for: ");
        print_limit(out, d, &limits[i]);
        fputc('\n', out);
    }
}

static void print_nearest(FILE *out, const report_data *d, const report_choice *c, const report_limit *limits,
                          int count)
{
    fprintf(out, "None of the %d points is within all limits.", d->count);
    fprintf(out, "%s\n", c->nearest[0] >= 0 ? " The nearest:" : "");
    for (int i = 0; i < 2 && c->nearest[i] >= 0; i++) {
        const report_point *p = &d->points[c->nearest[i]];
        fprintf(out, "  ");
        print_name(out, d, p);
        fprintf(out, "; misses by %.3g %% of a limit\n    validation accuracy %.2f %%, test accuracy %.2f %%\n",
                100 * c->miss[i], p->validation, p->test);
        print_missed(out, d, p, limits, count);
    }
}

void report_best_print(FILE *out, const report_data *d, const report_choice *c, const report_limit *limits, int count)
{
    if (c->point < 0) {
        print_nearest(out, d, c, limits, count);
        return;
    }
    const report_point *p = &d->points[c->point];
    const char *path = d->runs[p->run].path;
    print_name(out, d, p);
    fprintf(out, "\n\nvalidation accuracy  %6.2f %%\ntest accuracy        %6.2f %%\n", p->validation, p->test);
    for (int i = 0; i < d->cost_count; i++) {
        fprintf(out, "%-20s ", d->costs[i].name);
        if (isnan(p->costs[i]))
            fprintf(out, "not defined");
        else
            print_amount(out, &d->costs[i], p->costs[i]);
        for (int k = 0; k < count; k++) {
            if (limits[k].cost != i) continue;
            fprintf(out, "  (%s ", limits[k].at_most ? "at most" : "at least");
            print_amount(out, &d->costs[i], limits[k].value);
            fprintf(out, ")");
        }
        fputc('\n', out);
    }
    fprintf(out, "\nIt has the highest %s accuracy of the %d points", d->choose, c->within);
    for (int i = 0; i < count; i++) {
        fprintf(out, i == 0 ? " with " : " and ");
        print_limit(out, d, &limits[i]);
    }
    fprintf(out,
            ", of %d in all.\nThe best of several is also the luckiest: its %s accuracy is too high by chance. %s\n",
            d->count, d->choose,
            strcmp(d->choose, "validation") == 0 ? "The test accuracy had no part in the choice: report that."
                                                 : "It had a part in the choice: nothing unbiased is left to report.");
    fprintf(out,
            "\nnext:  bitfront show %s --point %.8s\n       bitfront eval %s --point %.8s\n       bitfront export %s "
            "--point %.8s --format c --out network\n",
            path, p->key, path, p->key, path, p->key);
}

static void json_point(FILE *out, const report_data *d, const report_point *p)
{
    char setting[32];
    report_setting(setting, d, p);
    fprintf(out, "{\"id\": %d, \"key\": \"%s\", \"strategy\": \"", p->id, p->key);
    report_text_json(out, p->strategy);
    fprintf(out, "\", \"setting\": \"");
    report_text_json(out, setting);
    fprintf(out, "\", \"cost_model\": \"");
    report_text_json(out, p->cost_model);
    fprintf(out, "\", \"network\": \"");
    report_text_json(out, p->network);
    fprintf(out, "\", \"seed\": %" PRIu64 ", \"validation_accuracy\": ", p->seed);
    report_text_number(out, p->raw_validation);
    fputs(", \"test_accuracy\": ", out);
    report_text_number(out, p->raw_test);
    fputs(", \"costs\": {", out);
    bool first = true;
    for (int i = 0; i < d->cost_count; i++) {
        if (isnan(p->costs[i])) continue;
        fprintf(out, "%s\"%s\": ", first ? "" : ", ", d->costs[i].name);
        report_text_number(out, p->costs[i]);
        first = false;
    }
    fprintf(out, "}}");
}

void report_best_json(FILE *out, const report_data *d, const report_choice *c)
{
    fprintf(out, "{\"chosen_by\": \"%s_accuracy\", \"points\": %d, \"within\": %d, \"best\": ", d->choose, d->count,
            c->within);
    if (c->point >= 0)
        json_point(out, d, &d->points[c->point]);
    else
        fprintf(out, "null");
    fprintf(out, ", \"nearest\": [");
    for (int i = 0; i < 2 && c->point < 0 && c->nearest[i] >= 0; i++) {
        if (i > 0) fprintf(out, ", ");
        json_point(out, d, &d->points[c->nearest[i]]);
    }
    fprintf(out, "]}\n");
}
