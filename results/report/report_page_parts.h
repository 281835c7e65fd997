/* report_page_parts: the files of results/report/page, and D3, as texts; CMake makes them. */
#ifndef RESULTS_REPORT_REPORT_PAGE_PARTS_H
#define RESULTS_REPORT_REPORT_PAGE_PARTS_H

extern const char report_page_css[], report_page_js[], report_page_html[];
extern const char report_page_d3[], report_page_d3_licence[]; /* empty when D3 was not there */

#endif
