/* links: test_support results */
/* wraps: gnuplot_draw */
/* results.h5 with a right seal, edited through HDF5, as table, plot, CSV, picture script (gnuplot is not run) and page:
 * no control character gets out. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/io/seal.h"
#include "results/report/page/report_page.h"
#include "results/report/report.h"
#include "results/report/report_data.h"
#include "results/report/report_gain.h"
#include "tests/fuzz/fuzz_run.h"

status __wrap_gnuplot_draw(bool *made, const char *script, const char *picture);
status __wrap_gnuplot_draw(bool *made, const char *script, const char *picture)
{
    (void)script, (void)picture;
    *made = false;
    return status_ok();
}

static status no_record(record *out, bool *there, void *ctx, const report_point *p)
{
    (void)out, (void)ctx, (void)p;
    *there = false;
    return status_ok();
}

static char *no_file(void *ctx, int place, const char *name)
{
    (void)ctx, (void)place, (void)name;
    return NULL;
}

static void check_file(const char *name)
{
    char *text;
    size_t size;
    if (failed(file_read_bytes(&text, &size, fuzz_path(name)))) return;
    fuzz_must_be_plain(text, size);
    free(text);
}

/* No text of the file opens an element of the page. */
static void check_page(void)
{
    static int usual = -1;
    char *text;
    size_t size;
    int scripts = 0;
    fuzz_must(file_read_bytes(&text, &size, fuzz_path("page.html")));
    for (const char *at = text; (at = strstr(at, "<script")) != NULL; at++) scripts++;
    if (usual < 0) usual = scripts;
    if (scripts != usual) abort();
    free(text);
}

static void take_failure(void *ctx, int id, const char *key, const char *reason)
{
    *(size_t *)ctx += (size_t)id + strlen(key) + strlen(reason);
}

/* What `bitfront status` asks of the file. */
static void watch(const char *path)
{
    enum { MOST = 3 };
    report_gain gain;
    size_t told = 0, untold = 0;
    (void)failed(report_gain_read(&gain, path, (const int[]){1, 2}, 2));
    (void)failed(report_failures(path, MOST, take_failure, &told, &untold));
}

static void draw(const char *path, const report_options *options)
{
    char *words = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&words, &length);
    if (out == NULL) abort();
    const report_request request = {.stem = fuzz_path("front")};
    bool drawn = !failed(report_front(out, &path, 1, &request, options));
    fclose(out);
    fuzz_must_be_plain(words, length);
    free(words);
    if (!drawn) return;
    check_file("front.csv");
    check_file("front.gp");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const fuzz_run *r = fuzz_run_make();
    fuzz_input in = {bytes, size};
    const char *path = fuzz_path("results.h5"), *name = "a";
    const int how = fuzz_byte(&in);
    const report_options options = {.each_seed = how % 2 == 1,
                                    .cost = how % 8 == 7 ? "size" : NULL,
                                    .metric = how % 4 == 3 ? "validation_accuracy" : NULL,
                                    .width = 40 + how % 64};
    fuzz_h5_write(path, &r->results, &in);
    fuzz_must(seal_append(path));
    draw(path, &options);
    watch(path);
    report_data d;
    const page_source source = {no_record, no_file, NULL};
    const report_options single = {.each_seed = true};
    const report_published nothing = {NULL, 0};
    if (failed(report_data_read(&d, &path, &name, 1, &single))) return 0;
    if (!failed(report_page(fuzz_path("page.html"), &d, &nothing, &source))) check_page();
    report_data_free(&d);
    return 0;
}
