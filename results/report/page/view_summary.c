/* The summary on top of the page. */
#include <string.h>

#include "results/report/page/page_view.h"
#include "results/report/report_text.h"

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
static status print(FILE *out, const page_inputs *in)
{
    const report_data *d = in->data;
    fputs("<p id=\"summary\">", out);
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
    fputs(
        "</p>\n<noscript><p>The pictures and tables of this page are drawn by the script that it carries; scripts are "
        "switched off here.</p></noscript>\n",
        out);
    return status_ok();
}

extern const page_view page_view_summary;
const page_view page_view_summary = {.name = "summary", .write = print};
