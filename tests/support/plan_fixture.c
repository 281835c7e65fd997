#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/plan_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_status.h"

static const char *const no_sections[] = {NULL};
static const identity_reads NOTHING_READ = {.sections = no_sections};
static const entry_kind *const no_kinds[] = {NULL};

plan_fixture *plan_fixture_new(int warmups, int points)
{
    plan_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->network.checksum, sizeof f->network.checksum, "sha256:network");
    f->plan = task_plan_new(&(plan_inputs){.settings = &f->settings,
                                           .entry_kinds = no_kinds,
                                           .networks = &f->network,
                                           .network_count = 1,
                                           .data_checksum = "sha256:data"});
    for (int i = 0; i < warmups; i++)
        plan_fixture_add(
            f, &(task){.kind = "warmup", .strategy = "warmup", .cost_model = "none", .seed = (uint64_t)i + 1}, NULL);
    for (int i = 0; i < points; i++) {
        const int warmup = warmups > 0 ? i % warmups + 1 : 0;
        plan_fixture_add(f, &(task){.point = true, .strength = i + 1, .seed = (uint64_t)warmup},
                         (const int[]){warmup, 0});
    }
    return f;
}

void plan_fixture_free(plan_fixture *f)
{
    if (f != NULL) task_plan_free(&f->plan);
    free(f);
}

int plan_fixture_add(plan_fixture *f, const task *wanted, const int *parents)
{
    task t = *wanted;
    int id, count = 0;
    t.entry = -1;
    if (t.strategy == NULL) t.strategy = "joint";
    if (t.kind == NULL) t.kind = t.strategy;
    if (t.cost_model == NULL) t.cost_model = "size";
    while (parents != NULL && parents[count] != 0) count++;
    check_ok(task_plan_add(&f->plan, &id, &t, parents, count, &NOTHING_READ));
    return id;
}

const task *plan_fixture_task(const plan_fixture *f, int id)
{
    assert_in_range(id, 1, f->plan.count);
    return &f->plan.tasks[id - 1];
}

const char *plan_fixture_key(const plan_fixture *f, int id)
{
    return plan_fixture_task(f, id)->key;
}

record plan_fixture_record(const plan_fixture *f, int id)
{
    record r;
    memset(&r, 0, sizeof r);
    check_ok(task_plan_describe(&r, &f->plan, plan_fixture_task(f, id), &NOTHING_READ));
    return r;
}
