#include "mpi/cli/run_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/config/settings_load.h"

enum { SHORTEST_KEY = 4 };

/* From the directory's own texts: what its configuration refers to may have changed or be gone. */
static status make_plan(run_plan *p)
{
    char path[MAX_PATH_TEXT + 16];
    snprintf(path, sizeof path, "%s/config.cfg", p->run.directory);
    TRY(settings_load(&p->settings, path, NULL, 0, strategies_entry_kinds()));
    snprintf(path, sizeof path, "%s/network.cfg", p->run.directory);
    TRY(networks_parse(&p->networks, &p->settings, p->run.network_text, path));
    return strategies_plan(&p->plan, &p->settings, &p->networks, cost_registry_make(&p->costs, &p->settings.cost),
                           p->run.data_checksum);
}

status run_plan_open(run_plan *out, const char *directory)
{
    memset(out, 0, sizeof *out);
    TRY(run_open_read(&out->run, directory));
    return make_plan(out);
}

void run_plan_close(run_plan *p)
{
    task_plan_free(&p->plan);
    networks_free(&p->networks);
    run_close(&p->run);
}

static status find_key(const task **out, const run_plan *p, const char *text)
{
    const size_t length = strlen(text);
    *out = NULL;
    for (int i = 0; i < p->plan.count; i++) {
        if (strncmp(p->plan.tasks[i].key, text, length) != 0) continue;
        if (*out != NULL)
            return status_fail(STATUS_CONFIG, "more than one task of %.200s has a key that begins with %.40s",
                               p->run.directory, text);
        *out = &p->plan.tasks[i];
    }
    return status_ok();
}

status run_plan_task(const task **out, const run_plan *p, const char *text)
{
    int64_t id;
    *out = NULL;
    if (number_whole(&id, text, 1, p->plan.count)) *out = &p->plan.tasks[id - 1];
    if (*out == NULL && strlen(text) >= SHORTEST_KEY) TRY(find_key(out, p, text));
    if (*out != NULL) return status_ok();
    return status_fail(STATUS_CONFIG,
                       "%.200s has no task \"%.40s\": say a number from 1 to %d or the start of a key; "
                       "bitfront list %.200s shows them",
                       p->run.directory, text, p->plan.count, p->run.directory);
}
