/* The summary on top of the page. */
#include <stdbool.h>
#include <string.h>

#include "results/report/page/page_view.h"
#include "results/report/report_text.h"

static const char *strategy_of(const report_point *p)
{
    return p->strategy;
}
static const char *cost_model_of(const report_point *p)
{
    return strcmp(p->cost_model, "none") == 0 ? NULL : p->cost_model;
}

/* The different names of the points, with commas between them: as many as a sentence bears. NULL is no name. */
static void print_names(FILE *out, const report_data *d, const char *(*name_of)(const report_point *p))
{
    enum { MOST = 12 };
    const char *names[MOST];
    int count = 0;
    for (int i = 0; i < d->count && count < MOST; i++) {
        const char *name = name_of(&d->points[i]);
        bool known = name == NULL;
        for (int k = 0; k < count && !known; k++) known = strcmp(names[k], name) == 0;
        if (known) continue;
        fputs(count > 0 ? ", " : "", out);
        report_text_html(out, name);
        names[count++] = name;
    }
    if (count == 0) fputs("none", out);
}

static int count_seeds(const report_data *d)
{
    int count = 0;
    for (int i = 0; i < d->count && i <= 5000 && count < 1000; i++) {
        bool known = false;
        for (int k = 0; k < i && !known; k++) known = d->points[k].seed == d->points[i].seed;
        count += !known;
    }
    return count;
}

/* What was searched, in a sentence or two. */
static status print(FILE *out, const page_inputs *in)
{
    const report_data *d = in->data;
    fputs("<p id=\"summary\">", out);
    fprintf(out, "%d finished points of %d run%s: ", d->count, d->run_count, d->run_count > 1 ? "s" : "");
    report_text_html(out, d->network);
    if (d->runs[0].data[0] != 0) fputs(" on ", out);
    report_text_html(out, d->runs[0].data);
    const int seeds = count_seeds(d);
    fprintf(out, "; %d seed%s. Strategies: ", seeds, seeds > 1 ? "s" : "");
    print_names(out, d, strategy_of);
    fputs("; searched for the costs: ", out);
    print_names(out, d, cost_model_of);
    fprintf(out,
            ". Every point is a network of its own with precisions of 0 (pruned) to 8 bit for each channel. Points are "
            "chosen by their accuracy on the validation split; the test split had no part in training or choosing. %s",
            seeds > 1 ? "The seeds show how much of a difference is chance."
                      : "One seed: small differences may be chance, and nothing here says how small.");
    if (d->failed_count > 0) fprintf(out, " %d tasks failed.", d->failed_count);
    if (d->without_count > 0)
        fprintf(out, " %d finished points are left out: the results have no %s or no accuracy of them.",
                d->without_count, d->column);
    fputs(
        "</p>\n<noscript><p>The pictures and tables of this page are drawn by the script that it carries; scripts are "
        "switched off here.</p></noscript>\n",
        out);
    return status_ok();
}

extern const page_view page_view_summary;
const page_view page_view_summary = {.name = "summary", .write = print};
