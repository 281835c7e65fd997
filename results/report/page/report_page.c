#define _POSIX_C_SOURCE 200809L
#include "results/report/page/report_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/report/page/page_data.h"
#include "results/report/page/page_parts.h"
#include "results/report/page/page_view.h"
#include "results/report/report_text.h"

static const char SCRIPT[] = "<script>\n", SCRIPT_END[] = "</script>\n";

/* Where the script of a view begins; its end when it has none. */
static const char *script_of(const char *html)
{
    const char *script = strstr(html, SCRIPT);
    return script != NULL ? script : html + strlen(html);
}

static status print_views(FILE *out, const page_inputs *in)
{
    for (const page_view *const *view = page_views; *view != NULL; view++) {
        const char *html = (*view)->html;
        if (html != NULL) fwrite(html, 1, (size_t)(script_of(html) - html), out);
        if ((*view)->write != NULL) TRY((*view)->write(out, in));
    }
    return status_ok();
}

/* What the views share, what they do, and the start, as one script behind the data. */
static void print_scripts(FILE *out)
{
    fputs(page_js, out);
    for (const page_view *const *view = page_views; *view != NULL; view++) {
        const char *script = (*view)->html != NULL ? script_of((*view)->html) : "";
        const char *end = strstr(script, SCRIPT_END);
        if (end != NULL) fwrite(script + strlen(SCRIPT), 1, (size_t)(end - script) - strlen(SCRIPT), out);
    }
    fputs("startViews();\n", out);
}

static status print_page(FILE *out, const page_inputs *in)
{
    const report_data *d = in->data;
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
          "script-src "
          "'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    report_text_html(out, d->runs[0].name[0] != 0 ? d->runs[0].name : "bitfront");
    fputs(": Pareto front</title>\n<style>\n", out);
    fputs(page_css, out);
    fputs("</style></head><body>\n<h1>", out);
    for (int r = 0; r < d->run_count; r++) {
        if (r > 0) fputs(", ", out);
        report_text_html(out, d->runs[r].name[0] != 0 ? d->runs[r].name : d->runs[r].path);
    }
    fputs(": accuracy against cost</h1>\n", out);
    TRY(print_views(out, in));
    fputs("<div id=\"tip\" hidden></div>\n", out);
    TRY(page_data_write(out, in));
    if (page_d3[0] != '\0') fprintf(out, "<script id=\"library\">\n%s</script>\n", page_d3);
    fputs("<script>\n", out);
    print_scripts(out);
    fputs("</script>\n</body></html>\n", out);
    return status_ok();
}

status report_page(const char *path, const report_data *d, const report_published *published, const page_source *source)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %.300s", path);
    status s = print_page(out, &(page_inputs){d, published, source});
    if (fclose(out) != 0 && !failed(s)) s = status_fail(STATUS_MEMORY, "no memory for %.300s", path);
    if (!failed(s)) s = file_write_text(path, text);
    free(text);
    return s;
}
