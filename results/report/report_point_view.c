#include "results/report/report_point_view.h"

#include <math.h>
#include <string.h>

#include "results/report/report_data.h"

enum { BAR = 24, MOST_BITS = 8 };

int report_channels_at(const record_allocation *a, int bits)
{
    int n = 0;
    for (int c = 0; c < a->channels; c++) n += a->bits[c] == bits;
    return n;
}

/* Precisions that some layer uses, and the usual ones. */
static bool has_column(const record *r, int bits)
{
    bool used = bits == 8 || bits == 4 || bits == 2 || bits == 0;
    for (int i = 0; i < r->allocation_count && !used; i++) used = report_channels_at(&r->allocations[i], bits) > 0;
    return used;
}

/* The layer's channels as a bar, high precisions first: 8 ... 1, and . for pruned ones. */
static void print_bar(FILE *out, const record_allocation *a)
{
    int8_t sorted[BAR];
    int n = 0;
    for (int bits = MOST_BITS; bits >= 0; bits--)
        for (int c = report_channels_at(a, bits); c > 0; c--, n++)
            for (int at = n * BAR / a->channels; at < (n + 1) * BAR / a->channels; at++) sorted[at] = (int8_t)bits;
    for (int i = 0; i < BAR; i++) fputc(sorted[i] == 0 ? '.' : '0' + sorted[i], out);
}

static void print_layers(FILE *out, const record *r)
{
    int width = 5;
    for (int i = 0; i < r->allocation_count; i++)
        if ((int)strlen(r->allocations[i].layer) > width) width = (int)strlen(r->allocations[i].layer);
    fprintf(out, "\n%-*s", width, "layer");
    for (int bits = MOST_BITS; bits >= 0; bits--)
        if (has_column(r, bits)) fprintf(out, "    w%d", bits);
    fprintf(out, "   kept  mean bits  input  channels by precision\n");
    for (int i = 0; i < r->allocation_count; i++) {
        const record_allocation *a = &r->allocations[i];
        const int kept = a->channels - report_channels_at(a, 0);
        int sum = 0;
        fprintf(out, "%-*s", width, a->layer);
        for (int bits = MOST_BITS; bits >= 0; bits--) {
            sum += bits * report_channels_at(a, bits);
            if (has_column(r, bits)) fprintf(out, "  %4d", report_channels_at(a, bits));
        }
        fprintf(out, "  %5d  %9.2f  %5d  ", kept, kept > 0 ? (double)sum / kept : 0.0, a->input_bits);
        print_bar(out, a);
        fputc('\n', out);
    }
}

/* The cost of the same network at the precisions of processors is told where it differs. */
static bool is_told(const record *r, const record_cost *c)
{
    const size_t prefix = strlen(RECORD_DEPLOY);
    if (strncmp(c->name, RECORD_DEPLOY, prefix) != 0) return true;
    for (int i = 0; i < r->cost_count; i++)
        if (strcmp(r->costs[i].name, c->name + prefix) == 0)
            return r->costs[i].value != c->value && !(isnan(r->costs[i].value) && isnan(c->value));
    return true;
}

/* The budget of a point that has one, in the unit that people use. */
static void print_target(FILE *out, const record *r)
{
    const task *t = &r->task;
    for (int i = 0; i < r->cost_count && t->target > 0; i++) {
        const record_cost *c = &r->costs[i];
        if (!report_columns_targeted(c->name, c->unit, t->cost_model)) continue;
        report_cost_column column = {.values = NULL};
        char unit[24];
        snprintf(column.unit, sizeof column.unit, "%s", c->unit);
        const double scale = report_unit(unit, &column, t->target);
        fprintf(out, "target               at most %.4g %s of %s\n", t->target * scale, unit, t->cost_model);
        return;
    }
}

static void print_costs(FILE *out, const record *r)
{
    fputc('\n', out);
    for (int i = 0; i < r->cost_count; i++) {
        const record_cost *c = &r->costs[i];
        if (!is_told(r, c)) continue;
        report_cost_column column = {.values = NULL};
        char unit[24];
        snprintf(column.unit, sizeof column.unit, "%s", c->unit);
        if (isnan(c->value)) {
            fprintf(out, "%-29s  not defined at these precisions\n", c->name);
            continue;
        }
        const double scale = report_unit(unit, &column, c->value);
        fprintf(out, "%-29s %10.5g %-10s %s\n", c->name, c->value * scale, unit, c->description);
    }
}

static void print_epoch(FILE *out, const record_epoch *e, int count)
{
    fprintf(out, "%-10s %6d  %10.4f %8.2f  %10.4f %8.2f  %12.6g  %8.3g\n", e->stage, count, e->train_loss,
            100 * e->train_accuracy, e->validation_loss, 100 * e->validation_accuracy, e->cost, e->seconds);
}

static void print_curves(FILE *out, const record *r, bool all)
{
    fprintf(out, "\n%-10s %6s  %10s %8s  %10s %8s  %12s  %8s\n", "stage", all ? "epoch" : "epochs", "train loss",
            "acc. %", "valid. loss", "acc. %", "cost", "s");
    for (int i = 0; i < r->epoch_count; i++) {
        const record_epoch *e = &r->curve[i];
        const bool last = i + 1 == r->epoch_count || strcmp(e->stage, r->curve[i + 1].stage) != 0;
        if (all || last) print_epoch(out, e, all ? e->epoch : e->epoch + 1);
    }
    if (!all) fprintf(out, "(the last epoch of each stage; --curves shows all)\n");
}

static void print_provenance(FILE *out, const record *r)
{
    fprintf(out, "\nkey      %s\n", r->task.key);
    if (r->parents != NULL && r->parents[0] != '\0') fprintf(out, "from     %s\n", r->parents);
    if (r->options != NULL && r->options[0] != '\0') fprintf(out, "options  %s\n", r->options);
    fprintf(out, "trained  %d epochs in %.4g s\n", r->epochs, r->seconds);
}

void report_point_print(FILE *out, const record *r, int id, bool unicode, bool curves)
{
    char label[TASK_LABEL];
    task_label(label, &r->task);
    fprintf(out, "point %d: %s %s %s\n\n", id, label, unicode ? "·" : "-", r->task.network_name);
    print_target(out, r);
    fprintf(out, "validation accuracy  %6.2f %%   kept epoch of the last stage; points are chosen by it\n",
            100 * r->validation_accuracy);
    fprintf(out, "test accuracy        %6.2f %%   had no part in training\n", 100 * r->test_accuracy);
    if (!isnan(r->integer_accuracy))
        fprintf(out, "the same by integers %6.2f %%   of the network that bitfront export writes\n",
                100 * r->integer_accuracy);
    else
        fprintf(out, "the same by integers    none   %s\n", r->integer_reason);
    print_costs(out, r);
    if (r->allocation_count > 0) print_layers(out, r);
    print_curves(out, r, curves);
    print_provenance(out, r);
}
