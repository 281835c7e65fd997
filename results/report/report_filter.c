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

/* Appends a name that is not there yet. */
static void note(char *known, size_t room, const char *name)
{
    const size_t used = strlen(known);
    if (used > 0 && is_listed(known, name)) return;
    snprintf(known + used, room - used, "%s%s", used > 0 ? "," : "", name);
}

/* Every name of the list is one of `known`. */
static status check_names(const char *what, const char *list, const char *known)
{
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        char name[64];
        at += *at == ',';
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        if (!is_listed(known, name))
            return status_fail(STATUS_CONFIG, "no point has the %s \"%s\"; there are: %.300s", what, name, known);
    }
    return status_ok();
}

status report_filter_make(report_filter *out, const report_options *o, const report_columns *columns, int count)
{
    enum { KNOWN = 2000 };
    char strategies[KNOWN] = "", models[KNOWN] = "", networks[KNOWN] = "", seeds[KNOWN] = "";
    for (int r = 0; r < count; r++)
        for (size_t i = 0; i < columns[r].count; i++) {
            char seed[24];
            if (strcmp(columns[r].role[i], "point") != 0) continue;
            snprintf(seed, sizeof seed, "%" PRIu64, (uint64_t)columns[r].seed[i]);
            note(strategies, KNOWN, columns[r].strategy[i]);
            note(models, KNOWN, columns[r].cost_model[i]);
            note(networks, KNOWN, columns[r].network[i]);
            note(seeds, KNOWN, seed);
        }
    *out = (report_filter){o->strategies, o->cost_models, o->networks, o->seeds};
    TRY(check_names("strategy", o->strategies, strategies));
    TRY(check_names("cost model", o->cost_models, models));
    TRY(check_names("network", o->networks, networks));
    return check_names("seed", o->seeds, seeds);
}

bool report_filter_takes(const report_filter *f, const report_point *p, bool is_warmup)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, p->seed);
    if (!is_listed(f->networks, p->network) || !is_listed(f->seeds, seed)) return false;
    return is_warmup || (is_listed(f->strategies, p->strategy) && is_listed(f->cost_models, p->cost_model));
}
