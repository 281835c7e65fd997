#include "core/data/import/glyph.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

enum { MAX_POINTS = 11, STEPS = 4 }; /* STEPS: segments between two points of a curve */

typedef enum { LINE, CURVE, LOOP } stroke_kind; /* LOOP: a closed curve */

typedef struct {
    int digit, variant;
    stroke_kind kind;
    int count;
    point points[MAX_POINTS];
} stroke;

static const int variants[10] = {1, 2, 1, 2, 2, 1, 1, 2, 1, 2};

/* clang-format off */
static const stroke strokes[] = {
    {0, 0, LOOP, 8, {{.50f, 0}, {.73f, .13f}, {.81f, .50f}, {.73f, .87f}, {.50f, 1}, {.27f, .87f}, {.19f, .50f},
                     {.27f, .13f}}},

    {1, 0, LINE, 3, {{.30f, .25f}, {.55f, 0}, {.55f, 1}}},
    {1, 1, LINE, 3, {{.30f, .22f}, {.52f, 0}, {.52f, 1}}},
    {1, 1, LINE, 2, {{.28f, 1}, {.76f, 1}}},

    {2, 0, CURVE, 8, {{.21f, .27f}, {.30f, .08f}, {.50f, 0}, {.72f, .08f}, {.78f, .28f}, {.68f, .51f}, {.45f, .76f},
                      {.21f, 1}}},
    {2, 0, LINE, 2, {{.21f, 1}, {.81f, 1}}},

    {3, 0, CURVE, 5, {{.22f, .13f}, {.48f, 0}, {.74f, .12f}, {.73f, .34f}, {.43f, .46f}}},
    {3, 0, CURVE, 5, {{.43f, .46f}, {.76f, .57f}, {.80f, .83f}, {.50f, 1}, {.20f, .86f}}},
    {3, 1, LINE, 3, {{.23f, 0}, {.76f, 0}, {.45f, .40f}}},
    {3, 1, CURVE, 6, {{.45f, .40f}, {.73f, .50f}, {.80f, .74f}, {.66f, .95f}, {.42f, 1}, {.20f, .88f}}},

    {4, 0, LINE, 4, {{.63f, 1}, {.63f, 0}, {.20f, .69f}, {.82f, .69f}}},
    {4, 1, LINE, 3, {{.30f, 0}, {.20f, .58f}, {.80f, .58f}}},
    {4, 1, LINE, 2, {{.68f, .12f}, {.64f, 1}}},

    {5, 0, LINE, 3, {{.76f, 0}, {.29f, 0}, {.25f, .45f}}},
    {5, 0, CURVE, 7, {{.25f, .45f}, {.50f, .36f}, {.74f, .46f}, {.81f, .68f}, {.70f, .91f}, {.45f, 1}, {.19f, .90f}}},

    {6, 0, CURVE, 11, {{.72f, .03f}, {.44f, .17f}, {.25f, .47f}, {.21f, .74f}, {.33f, .95f}, {.53f, 1}, {.74f, .91f},
                       {.80f, .70f}, {.68f, .50f}, {.46f, .48f}, {.24f, .64f}}},

    {7, 0, LINE, 3, {{.20f, 0}, {.80f, 0}, {.42f, 1}}},
    {7, 1, LINE, 3, {{.20f, 0}, {.80f, 0}, {.46f, 1}}},
    {7, 1, LINE, 2, {{.36f, .50f}, {.80f, .50f}}},

    {8, 0, LOOP, 6, {{.50f, 0}, {.71f, .09f}, {.71f, .34f}, {.50f, .46f}, {.29f, .34f}, {.29f, .09f}}},
    {8, 0, LOOP, 6, {{.50f, .46f}, {.78f, .58f}, {.78f, .88f}, {.50f, 1}, {.22f, .88f}, {.22f, .58f}}},

    {9, 0, CURVE, 11, {{.28f, .97f}, {.56f, .83f}, {.75f, .53f}, {.79f, .26f}, {.67f, .05f}, {.47f, 0}, {.26f, .09f},
                       {.20f, .30f}, {.32f, .50f}, {.54f, .52f}, {.76f, .36f}}},
    {9, 1, LOOP, 6, {{.48f, 0}, {.72f, .12f}, {.72f, .42f}, {.48f, .54f}, {.24f, .42f}, {.24f, .12f}}},
    {9, 1, LINE, 2, {{.76f, .20f}, {.72f, 1}}},
};
/* clang-format on */

/* The Catmull-Rom spline through p[1] and p[2] at t in [0, 1], one coordinate. */
static float spline(float p0, float p1, float p2, float p3, float t)
{
    float a = 2 * p1, b = p2 - p0, c = 2 * p0 - 5 * p1 + 4 * p2 - p3, e = 3 * p1 - p0 - 3 * p2 + p3;
    return 0.5f * (a + t * (b + t * (c + t * e)));
}

static const point *neighbour(const point *p, int i, int count, bool closed)
{
    if (closed) return &p[(i + count) % count];
    return &p[i < 0 ? 0 : i >= count ? count - 1 : i];
}

static int trace_curve(segment *out, const point *p, int count, bool closed)
{
    int made = 0;
    point from = p[0];
    for (int i = 0; i < (closed ? count : count - 1); i++) {
        const point *a = neighbour(p, i - 1, count, closed), *b = &p[i], *c = neighbour(p, i + 1, count, closed),
                    *e = neighbour(p, i + 2, count, closed);
        for (int step = 1; step <= STEPS; step++) {
            float t = (float)step / STEPS;
            point to = {spline(a->x, b->x, c->x, e->x, t), spline(a->y, b->y, c->y, e->y, t)};
            out[made++] = (segment){from, to};
            from = to;
        }
    }
    return made;
}

int glyph_trace(segment *out, int digit, float wobble, draws *d)
{
    int variant = draws_below(d, variants[digit]), made = 0;
    for (size_t s = 0; s < sizeof strokes / sizeof strokes[0]; s++) {
        const stroke *pen = &strokes[s];
        if (pen->digit != digit || pen->variant != variant) continue;
        point p[MAX_POINTS];
        for (int i = 0; i < pen->count; i++) {
            p[i].x = pen->points[i].x + draws_between(d, -wobble, wobble);
            p[i].y = pen->points[i].y + draws_between(d, -wobble, wobble);
        }
        if (pen->kind == LINE) {
            for (int i = 1; i < pen->count; i++) out[made++] = (segment){p[i - 1], p[i]};
        } else {
            made += trace_curve(out + made, p, pen->count, pen->kind == LOOP);
        }
    }
    assert(made > 0 && made <= GLYPH_SEGMENTS);
    return made;
}
