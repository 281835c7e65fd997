#include "results/report/report_gain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "results/file/front.h"

/* The columns that are needed. */
typedef struct {
    size_t rows;
    double *id, *cost, *accuracy; /* (rows) owned; a cost that is not a number: no point of the front */
} gain_columns;

/* Only what a run of ours has sealed is read: status is asked of directories of others, too. */
static status open_results(h5_id *out, const char *file)
{
    TRY(seal_check(file));
    return h5_open_read(out, file);
}

/* Texts of a column, as many as its neighbours have. */
static status read_texts(char ***out, size_t rows, h5_id points, const char *name)
{
    size_t found;
    TRY(h5_read_strings(out, &found, points, name));
    if (found == rows) return status_ok();
    return status_fail(STATUS_DATA, "the columns of /points have %zu and %zu entries (%s)", rows, found, name);
}

static status read_column(double **out, h5_id points, const char *name, size_t rows)
{
    *out = size_allocate(size_product(size_sum(rows, 1), sizeof(double)));
    if (*out == NULL) return status_fail(STATUS_MEMORY, "no memory for %zu points", rows);
    return h5_read(points, name, H5_F64, rows, *out);
}

/* Warm-ups and other states are no points. */
static status leave_out_states(gain_columns *c, h5_id points)
{
    char **roles = NULL;
    status s = read_texts(&roles, c->rows, points, "role");
    for (size_t i = 0; i < c->rows && !failed(s); i++)
        if (strcmp(roles[i], "point") != 0) c->cost[i] = NAN;
    free(roles);
    return s;
}

static status read_columns(gain_columns *c, h5_id points)
{
    TRY(h5_dims(points, "id", 1, &c->rows));
    TRY(read_column(&c->id, points, "id", c->rows));
    TRY(read_column(&c->cost, points, "size_bits", c->rows));
    TRY(read_column(&c->accuracy, points, "validation_accuracy", c->rows));
    TRY(leave_out_states(c, points));
    size_t kept = 0;
    for (size_t i = 0; i < c->rows; i++) {
        if (!(c->cost[i] > 0) || !(c->accuracy[i] >= 0)) continue;
        c->id[kept] = c->id[i];
        c->cost[kept] = log(c->cost[i]);
        c->accuracy[kept++] = c->accuracy[i];
    }
    c->rows = kept;
    return status_ok();
}

/* Both axes to 0 ... 1; false when that box has no area. */
static bool scale(gain_columns *c)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    double *const axes[2] = {c->cost, c->accuracy};
    for (int a = 0; a < 2; a++)
        for (size_t i = 0; i < c->rows; i++) {
            low[a] = fmin(low[a], axes[a][i]);
            high[a] = fmax(high[a], axes[a][i]);
        }
    for (int a = 0; a < 2; a++)
        for (size_t i = 0; i < c->rows && high[a] > low[a]; i++)
            axes[a][i] = (axes[a][i] - low[a]) / (high[a] - low[a]);
    return high[0] > low[0] && high[1] > low[1];
}

static status volume(double *out, const gain_columns *c)
{
    *out = front_hypervolume(c->cost, c->accuracy, (int)c->rows, 1, 0, false);
    return isnan(*out) ? status_fail(STATUS_MEMORY, "no memory for the hypervolume of %zu points", c->rows)
                       : status_ok();
}

/* The latest point that is on the front has last added to it: what came later was dominated when it came, by a point
 * that is still there or by one that was there before. */
static void find_last(report_gain *out, gain_columns *c, const bool *member, const int *latest, size_t count)
{
    for (size_t k = count; k-- > 0 && out->last == 0;)
        for (size_t i = 0; i < c->rows; i++)
            if (member[i] && c->id[i] == latest[k]) {
                out->last = latest[k];
                count = k; /* what was there before it */
            }
}

static void leave_out_latest(gain_columns *c, const int *latest, size_t count, int from)
{
    size_t kept = 0, first = 0;
    while (first < count && latest[first] != from) first++;
    for (size_t i = 0; i < c->rows; i++) {
        bool late = false;
        for (size_t k = first; k < count && !late; k++) late = c->id[i] == latest[k];
        if (late) continue;
        c->cost[kept] = c->cost[i];
        c->accuracy[kept++] = c->accuracy[i];
    }
    c->rows = kept;
}

static status measure_front(report_gain *out, gain_columns *c, const int *latest, size_t count, bool *member,
                            int *order)
{
    double before;
    out->on_front = front_extract(member, order, c->cost, c->accuracy, (int)c->rows);
    find_last(out, c, member, latest, count);
    if (!scale(c)) return status_ok();
    TRY(volume(&out->volume, c));
    if (out->last == 0) return status_ok();
    leave_out_latest(c, latest, count, out->last);
    TRY(volume(&before, c));
    out->gain = out->volume - before;
    return status_ok();
}

static status measure(report_gain *out, gain_columns *c, const int *latest, size_t count)
{
    out->points = (int)c->rows;
    out->volume = NAN;
    bool *member = calloc(c->rows + 1, sizeof *member);
    int *order = calloc(c->rows + 1, sizeof *order);
    status s = member != NULL && order != NULL ? measure_front(out, c, latest, count, member, order)
                                               : status_fail(STATUS_MEMORY, "no memory for %zu points", c->rows);
    free(member);
    free(order);
    return s;
}

status report_gain_read(report_gain *out, const char *file, const int *latest, size_t count)
{
    h5_id results, points;
    gain_columns c = {0};
    *out = (report_gain){.volume = NAN};
    TRY(open_results(&results, file));
    status s = h5_group_open(&points, results, "points");
    if (!failed(s)) {
        if (h5_exists(points, "size_bits")) s = read_columns(&c, points);
        h5_group_close(points);
    }
    const status closed = h5_close(results);
    if (!failed(s)) s = closed;
    s = status_in(s, "%.200s", file);
    if (!failed(s)) s = measure(out, &c, latest, count);
    free(c.id);
    free(c.cost);
    free(c.accuracy);
    return s;
}

/* ---- failures ---- */

static status tell_failures(h5_id points, size_t most,
                            void (*tell)(void *ctx, int id, const char *key, const char *reason), void *ctx,
                            size_t *untold)
{
    char **states = NULL, **reasons = NULL, **keys = NULL;
    double *ids = NULL;
    size_t count = 0, told = 0;
    status s = h5_read_strings(&states, &count, points, "state");
    if (!failed(s)) s = read_texts(&reasons, count, points, "reason");
    if (!failed(s)) s = read_texts(&keys, count, points, "key");
    if (!failed(s)) s = read_column(&ids, points, "id", count);
    for (size_t i = 0; i < count && !failed(s); i++) {
        if (strcmp(states[i], "failed") != 0) continue;
        text_printable(reasons[i]);
        text_printable(keys[i]);
        if (told++ < most) tell(ctx, (int)ids[i], keys[i], reasons[i]);
    }
    *untold = told > most ? told - most : 0;
    free(states);
    free(reasons);
    free(keys);
    free(ids);
    return s;
}

status report_failures(const char *file, size_t most,
                       void (*tell)(void *ctx, int id, const char *key, const char *reason), void *ctx, size_t *untold)
{
    h5_id results, points;
    *untold = 0;
    TRY(open_results(&results, file));
    status s = h5_group_open(&points, results, "points");
    if (!failed(s)) {
        s = tell_failures(points, most, tell, ctx, untold);
        h5_group_close(points);
    }
    const status closed = h5_close(results);
    return failed(s) ? status_in(s, "%.200s", file) : closed;
}
