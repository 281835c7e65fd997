/* page_view: one part of the page of `bitfront report`, as a table of files. A view that a script draws is a file
 * views/NAME.html, HTML and behind it <script> with a block that calls view({...}) of page.js; CMake makes the object
 * page_view_NAME of it. A view that C writes is a file view_NAME.c with that object. */
#ifndef RESULTS_REPORT_PAGE_PAGE_VIEW_H
#define RESULTS_REPORT_PAGE_PAGE_VIEW_H

#include <stdio.h>

#include "core/base/status.h"
#include "results/report/page/page_source.h"
#include "results/report/report_published.h"

/* What there is to show. */
typedef struct {
    const report_data *data;
    const report_published *published;
    const page_source *source;
} page_inputs;

typedef struct {
    const char *name;
    const char *html;                                  /* the file, or NULL */
    status (*write)(FILE *out, const page_inputs *in); /* NULL: nothing */
} page_view;

/* Ends with NULL. */
extern const page_view *const page_views[];

#endif
