#include "results/report/report_filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
    }
    return list == NULL;
}

enum { SEED_BYTES = 24 };

static const char *seed_text(char out[SEED_BYTES], uint64_t seed)
{
    snprintf(out, SEED_BYTES, "%" PRIu64, seed);
    return out;
}

/* What points can be chosen by: of row i its name, maybe written to `room`. */
static const char *strategy_of(const report_columns *c, size_t i, char room[SEED_BYTES])
{
    (void)room;
    return c->strategy[i];
}
static const char *cost_model_of(const report_columns *c, size_t i, char room[SEED_BYTES])
{
    (void)room;
    return c->cost_model[i];
}
static const char *network_of(const report_columns *c, size_t i, char room[SEED_BYTES])
{
    (void)room;
    return c->network[i];
}
static const char *seed_of(const report_columns *c, size_t i, char room[SEED_BYTES])
{
    return seed_text(room, (uint64_t)c->seed[i]);
}

typedef struct {
    const report_columns *columns; /* (count) borrowed */
    int count;
    const char *(*name)(const report_columns *c, size_t i, char room[SEED_BYTES]);
} names;

/* Is there a point with the name? */
static bool is_known(const names *of, const char *name)
{
    char room[SEED_BYTES];
    for (int r = 0; r < of->count; r++)
        for (size_t i = 0; i < of->columns[r].count; i++)
            if (strcmp(of->columns[r].role[i], "point") == 0 && strcmp(of->name(&of->columns[r], i, room), name) == 0)
                return true;
    return false;
}

/* The names that there are, or as many of them as fit, and "...". */
static void list_known(char *out, size_t size, const names *of)
{
    static const char more[] = ", ...";
    char room[SEED_BYTES];
    size_t used = 0;
    out[0] = '\0';
    for (int r = 0; r < of->count; r++)
        for (size_t i = 0; i < of->columns[r].count; i++) {
            if (strcmp(of->columns[r].role[i], "point") != 0) continue;
            const char *name = of->name(&of->columns[r], i, room);
            if (used > 0 && is_listed(out, name)) continue;
            if (used + 1 + strlen(name) + sizeof more > size) {
                snprintf(out + used, size - used, "%s", more);
                return;
            }
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? "," : "", name);
        }
}

/* Every name of the list is that of a point. */
static status check_names(const char *what, const char *list, const names *of)
{
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        char name[64], known[300];
        at += *at == ',';
        const size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (length < sizeof name && is_known(of, name)) continue;
        list_known(known, sizeof known, of);
        return status_fail(STATUS_CONFIG, "no point has the %s \"%s\"; there are: %s", what, name, known);
    }
    return status_ok();
}

status report_filter_make(report_filter *out, const report_options *o, const report_columns *columns, int count)
{
    *out = (report_filter){o->strategies, o->cost_models, o->networks, o->seeds};
    TRY(check_names("strategy", o->strategies, &(names){columns, count, strategy_of}));
    TRY(check_names("cost model", o->cost_models, &(names){columns, count, cost_model_of}));
    TRY(check_names("network", o->networks, &(names){columns, count, network_of}));
    return check_names("seed", o->seeds, &(names){columns, count, seed_of});
}

bool report_filter_takes(const report_filter *f, const report_point *p, bool is_warmup)
{
    char seed[SEED_BYTES];
    if (!is_listed(f->networks, p->network)) return false;
    if (f->seeds != NULL && !is_listed(f->seeds, seed_text(seed, p->seed))) return false;
    return is_warmup || (is_listed(f->strategies, p->strategy) && is_listed(f->cost_models, p->cost_model));
}
