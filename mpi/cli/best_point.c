#include "mpi/cli/best_point.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/spelling.h"
#include "results/report/report_best.h"
#include "results/report/report_sources.h"

static status find_best(char key[TASK_KEY], const char *directory)
{
    report_data d;
    TRY(report_sources_read(&d, &directory, 1, &(report_options){.each_seed = true}));
    const report_choice c = report_choose(&d, NULL, 0);
    if (c.point >= 0) memcpy(key, d.points[c.point].key, TASK_KEY);
    report_data_free(&d);
    return c.point >= 0 ? status_ok() : status_fail(STATUS_CONFIG, "%.300s has no finished point yet", directory);
}

static status find_task(const task **out, const run_plan *p, const char *text)
{
    status s = run_plan_task(out, p, text);
    if (!failed(s) || spelling_nearer(NULL, "best", text) == NULL) return s;
    return status_fail(STATUS_CONFIG,
                       "%.200s has no point \"%.40s\" (did you mean \"best\"?); bitfront list %.200s shows the points",
                       p->run.directory, text, p->run.directory);
}

status best_point_find(const task **out, const run_plan *p, const char *text)
{
    char key[TASK_KEY];
    if (strcmp(text, "best") != 0) return find_task(out, p, text);
    TRY(find_best(key, p->run.directory));
    return run_plan_task(out, p, key);
}

status best_point_read(record *out, const run_plan *p, const task *t)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, &p->run, t->key);
    if (!t->point)
        return status_fail(STATUS_CONFIG, "task %d of %.200s is no point but a state that points start from", t->id,
                           p->run.directory);
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG,
                           "point %d (%.8s) of %.200s is not finished; bitfront list %.200s lists what is", t->id,
                           t->key, p->run.directory, p->run.directory);
    TRY(run_read_task(out, &p->run, t->key));
    if (out->state == RECORD_DONE) return status_ok();
    status s = status_fail(STATUS_CONFIG, "point %d of %.200s failed: %.200s", t->id, p->run.directory, out->reason);
    record_free(out);
    return s;
}
