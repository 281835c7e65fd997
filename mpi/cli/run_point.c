#include "mpi/cli/run_point.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "mpi/cli/best_point.h"
#include "mpi/cli/inputs.h"

static bool is_there(const run *r, const char *key)
{
    char path[MAX_PATH_TEXT];
    run_task_path(path, r, key);
    return file_exists(path);
}

static status find_task(run_point *p, const char *point)
{
    const task *t;
    const char *directory = p->plan.run.directory;
    TRY(best_point_find(&t, &p->plan, point));
    if (!is_there(&p->plan.run, t->key))
        return status_fail(STATUS_CONFIG,
                           "task %d (%.8s) of %.200s is not finished; bitfront list %.200s shows what is", t->id,
                           t->key, directory, directory);
    TRY(run_read_task(&p->record, &p->plan.run, t->key));
    char label[TASK_LABEL];
    task_label(label, t);
    snprintf(p->title, sizeof p->title, "task %d, key %.8s (%s)", t->id, t->key, label);
    if (p->record.state == RECORD_FAILED)
        return status_fail(STATUS_CONFIG, "task %d (%.8s) of %.200s failed, so that there is no network: %.200s", t->id,
                           t->key, directory, p->record.reason);
    p->inputs = (trainer_inputs){.settings = &p->plan.settings,
                                 .graph = &p->plan.networks.graphs[t->network],
                                 .data = &p->data,
                                 .task = t,
                                 .kind = strategies_task_kind(t->kind)};
    return status_ok();
}

static status load_data(run_point *p, const char *given)
{
    const char *path = given != NULL ? given : p->plan.settings.data;
    if (!file_exists(path))
        return status_fail(STATUS_CONFIG, "data set %.300s does not exist%s", path,
                           given != NULL ? "" : "; say where it is now with --data FILE");
    TRY(inputs_load_dataset(&p->data_block, &p->data, path));
    if (given == NULL && strcmp(p->data.content_checksum, p->plan.run.data_checksum) != 0)
        return status_fail(STATUS_CONFIG,
                           "data set %.200s is not the one that %.200s was made with; --data %.200s takes it all the "
                           "same",
                           path, p->plan.run.directory, path);
    return inputs_check_network(p->inputs.graph, &p->data, path);
}

status run_point_open(run_point *out, const char *directory, const char *point, const char *data)
{
    memset(out, 0, sizeof *out);
    TRY(run_plan_open(&out->plan, directory));
    TRY(find_task(out, point));
    TRY(inputs_choose_kernels(&out->inputs.kernels, NULL));
    return load_data(out, data);
}

void run_point_close(run_point *p)
{
    free(p->data_block);
    record_free(&p->record);
    run_plan_close(&p->plan);
}
