#include "tests/fuzz/fuzz_run.h"

#include <stdio.h>
#include <string.h>

#include "core/io/seal.h"
#include "results/file/task_mark.h"

/* Texts and arrays of a record with one of everything. */
static record full_record(const plan_fixture *plan)
{
    static int8_t bits[] = {8, 4, 2, 0};
    static float values[] = {1, 2, 3, 4};
    static record_epoch curve[] = {{PHASE_WARMUP, "warmup", 0, 1, 0.5, 1, 0.5, 0, 1, 0.1, 1},
                                   {PHASE_SEARCH, "search", 0, 1, 0.5, 1, 0.5, 7, 1, 0.1, 1}};
    static record_allocation allocation = {"conv", 4, bits, 8, NULL};
    static record_tensor tensor = {"conv.weight", 2, {2, 2}, values, "", ""};
    record r = plan_fixture_record(plan, 1);
    r.validation_accuracy = r.test_accuracy = 0.25;
    r.cost_count = 1;
    r.costs[0] = (record_cost){"size_bits", "bit", "model size; of weights", 128};
    r.epochs = r.epoch_count = 2;
    r.curve = curve;
    r.allocation_count = r.tensor_count = 1;
    r.allocations = &allocation;
    r.tensors = &tensor;
    return r;
}

static void write_tasks(const fuzz_run *r)
{
    char warning[256];
    record done = full_record(r->plan);
    fuzz_must(run_write_task(warning, &r->run, &done, NULL));
    done.curve = NULL;
    done.allocations = NULL;
    done.tensors = NULL;
    done.epoch_count = done.allocation_count = done.tensor_count = 0;
    record_free(&done);
    record failed_one = plan_fixture_record(r->plan, 2);
    failed_one.state = RECORD_FAILED;
    snprintf(failed_one.reason, sizeof failed_one.reason, "loss is not finite");
    fuzz_must(run_write_task(warning, &r->run, &failed_one, NULL));
    record_free(&failed_one);
}

const fuzz_run *fuzz_run_make(void)
{
    static fuzz_run r;
    if (r.plan != NULL) return &r;
    bool changed;
    char path[MAX_PATH_TEXT];
    r.plan = plan_fixture_new(0, FUZZ_RUN_TASKS);
    fuzz_must(run_open(&r.run, fuzz_path("run"), "name = \"a\";\n", "name = \"n\";\n", "sha256:00", &changed));
    write_tasks(&r);
    fuzz_must(run_snapshot(&r.run, &r.plan->plan));
    run_task_path(path, &r.run, plan_fixture_key(r.plan, 1));
    fuzz_h5_take(&r.task, path);
    fuzz_h5_take(&r.results, fuzz_path("run/results.h5"));
    return &r;
}

void fuzz_run_put_task(const fuzz_run *r, const char *name, fuzz_input *in)
{
    char path[600];
    task_mark mark = {.state = fuzz_byte(in) % 8 == 7 ? RECORD_FAILED : RECORD_DONE};
    snprintf(mark.key, sizeof mark.key, "%s", plan_fixture_key(r->plan, 1));
    snprintf(path, sizeof path, "%s/tasks/%s.h5", fuzz_path(name), mark.key);
    fuzz_h5_write(path, &r->task, in);
    fuzz_must(task_mark_append(path, &mark));
    fuzz_must(seal_append(path));
}
