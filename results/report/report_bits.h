/* report_bits: the picture of which precisions were chosen: stacked shares of channels, layer after layer of one point,
 * or of the whole network point after point. */
#ifndef RESULTS_REPORT_REPORT_BITS_H
#define RESULTS_REPORT_REPORT_BITS_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/task/record.h"

/* One bar: of its channels how many have each number of bits. */
typedef struct {
    char name[RECORD_NAME];
    double channels[9];
} bits_bar;

/* The bars of a point's layers, and the one of its network (all layers together). bars has room for allocation_count.
 */
void bits_of_layers(bits_bar *bars, const record *r);
void bits_of_network(bits_bar *bar, const record *r, const char *name);

/* Draws `picture` (.png, .svg, .pdf) as report_picture does; below: what the bars are ("layer"). */
MUST_CHECK status report_bits(bool *made, const char *picture, const char *title, const char *below,
                              const bits_bar *bars, int count);

#endif
