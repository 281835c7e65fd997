/* The only list of the page's views, in the order of the page: a new one is a file (page_view.h) and a line here. */
#include <stddef.h>

#include "results/report/page/page_view.h"

extern const page_view page_view_summary, page_view_answer, page_view_front, page_view_point, page_view_points,
    page_view_cross, page_view_schedule, page_view_origin;

const page_view *const page_views[] = {
    &page_view_summary,  &page_view_answer, &page_view_front,
    &page_view_point,    &page_view_points, &page_view_cross,
    &page_view_schedule, &page_view_origin, NULL,
};
