/* glyph: the ten digits as pen strokes. A digit has one or two ways of being written; its strokes are polylines or
 * smooth curves (Catmull-Rom splines) through a few points, delivered as short straight segments. */
#ifndef CORE_DATA_IMPORT_GLYPH_H
#define CORE_DATA_IMPORT_GLYPH_H

#include "core/data/import/draws.h"

typedef struct {
    float x, y; /* to the right, downwards */
} point;

typedef struct {
    point from, to;
} segment;

enum { GLYPH_SEGMENTS = 80 }; /* no digit has more */

/* Writes `digit` into out[GLYPH_SEGMENTS] in the unit square (about 0.6 wide, 1 high) and returns the number of
 * segments. The way of writing is drawn, and each point is moved by up to `wobble` along each axis. */
int glyph_trace(segment *out, int digit, float wobble, draws *d);

#endif
