#define _POSIX_C_SOURCE 200809L
/* How the results were made: provenance and configuration of each run. */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "results/report/page/page_parts.h"
#include "results/report/page/page_view.h"
#include "results/report/report_text.h"

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

static void print_licence(FILE *out)
{
    if (page_d3[0] == '\0') return;
    fputs("<details id=\"d3-licence\"><summary>licence of D3</summary><pre>", out);
    html_lines(out, page_d3_licence);
    fputs("</pre></details>\n", out);
}

static status print(FILE *out, const page_inputs *in)
{
    const report_data *d = in->data;
    const page_source *source = in->source;
    char now[24];
    clock_utc(now);
    fputs("<h2>How this was made</h2>\n<p class=\"soft\">", out);
    fputs(page_d3[0] != '\0' ? "Drawn with D3 5.16.0, which the page carries with its licence; it loads nothing.</p>\n"
                             : "Drawn as plain SVG by the page itself, without a plotting library (D3 was not there "
                               "when bitfront was built), so without zooming; it loads nothing.</p>\n",
          out);
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
    print_licence(out);
    return status_ok();
}

extern const page_view page_view_origin;
const page_view page_view_origin = {.name = "origin", .write = print};
