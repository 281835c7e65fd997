/* A view of the report page for test_added.c: how many points there are. */
#include "results/report/page/page_view.h"

static status print(FILE *out, const page_inputs *in)
{
    fprintf(out, "<p>%d points were added</p>\n", in->data->count);
    return status_ok();
}

extern const page_view page_view_added;
const page_view page_view_added = {.name = "added",
                                   .html = "<p id=\"added\"></p>\n<script>\nview({ start: addedView });\n</script>\n",
                                   .write = print};
