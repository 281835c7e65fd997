/* page_parts: what all views of the page share, as texts; CMake makes them. */
#ifndef RESULTS_REPORT_PAGE_PAGE_PARTS_H
#define RESULTS_REPORT_PAGE_PAGE_PARTS_H

extern const char page_css[], page_js[];

#endif
