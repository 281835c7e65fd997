/* The front as a table for LaTeX: only standard commands, so that every document can take it in. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "results/report/report_data.h"
#include "results/report/report_files.h"

static void put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '\\')
            fputs("\\textbackslash{}", out);
        else if (c == '~')
            fputs("\\textasciitilde{}", out);
        else if (c == '^')
            fputs("\\textasciicircum{}", out);
        else if (strchr("&%$#_{}", c) != NULL)
            fprintf(out, "\\%c", c);
        else
            fputc(c < 0x20 ? ' ' : c, out);
    }
}

static void put_row(FILE *out, const report_data *d, const report_point *p)
{
    char setting[32];
    report_setting(setting, d, p);
    put(out, p->strategy);
    fputs(" & ", out);
    put(out, setting);
    fprintf(out, " & %.4g", p->cost);
    if (d->is_mean) fprintf(out, " $\\pm$ %.2g", p->cost_deviation);
    fprintf(out, " & %.2f & %.2f", p->validation, p->test);
    if (d->is_mean) fprintf(out, " & %.2f", p->accuracy_deviation);
    fputs(" \\\\\n", out);
}

status report_latex(FILE *out, const report_data *d)
{
    fprintf(out, "%% cost: %s\n%% the front, chosen by %s accuracy; accuracies in percent%s\n", d->column, d->choose,
            d->is_mean ? "; means over seeds, standard deviation of the shown accuracy" : "");
    fprintf(out, "\\begin{tabular}{llrrr%s}\n\\hline\nstrategy & setting & ", d->is_mean ? "r" : "");
    put(out, strcmp(d->column, "size_bits") == 0 ? "size" : d->column);
    fputs(" [", out);
    put(out, d->cost_unit);
    fprintf(out, "] & validation & test%s \\\\\n\\hline\n", d->is_mean ? " & $\\pm$" : "");
    for (int i = 0; i < d->count; i++)
        if (d->points[i].on_front) put_row(out, d, &d->points[i]);
    if (d->float_count > 0)
        fprintf(out, "\\hline\nfloat & & & %.2f & %.2f%s \\\\\n", d->float_validation, d->float_test,
                d->is_mean ? " &" : "");
    fputs("\\hline\n\\end{tabular}\n", out);
    return status_ok();
}
