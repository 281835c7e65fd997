/* page_parts: what all views of the page share, as texts; CMake makes them. */
#ifndef RESULTS_REPORT_PAGE_PAGE_PARTS_H
#define RESULTS_REPORT_PAGE_PAGE_PARTS_H

extern const char page_css[], page_js[];
extern const char page_d3[], page_d3_licence[]; /* empty when D3 was not there */

#endif
