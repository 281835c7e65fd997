/* links: results */
/* What a run tells about time: seconds from the task files, sizes of groups from the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "results/run/run.h"
#include "results/run/run_log.h"
#include "results/run/run_times.h"
#include "results/run/run_use.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

static void write_task(const run *r, const plan_fixture *f, int id, double seconds)
{
    const bool point = plan_fixture_task(f, id)->point;
    record_epoch curve[4];
    memset(curve, 0, sizeof curve);
    for (int i = 0; i < 4; i++)
        curve[i] = (record_epoch){.phase = i == 3  ? PHASE_FINETUNE
                                           : point ? PHASE_SEARCH
                                                   : PHASE_WARMUP,
                                  .seconds = seconds};
    record rec = plan_fixture_record(f, id);
    rec.curve = curve;
    rec.epoch_count = point ? 4 : 3;
    char warning[256];
    check_ok(run_write_task(warning, r, &rec, NULL));
    rec.curve = NULL;
    record_free(&rec);
}

static const run_times *find_times(const run_times *times, int count, const char *label)
{
    for (int i = 0; i < count; i++)
        if (strcmp(times[i].label, label) == 0) return &times[i];
    fail_msg("no times of %s", label);
    return NULL;
}

static void test_times_of_epochs_and_sizes_of_groups(void **state)
{
    (void)state;
    scratch place = scratch_make();
    run r;
    bool changed;
    check_ok(run_open(&r, scratch_file(&place, "run"),
                      "name = \"x\"; network = \"n.cfg\"; data = \"d.h5\";\n"
                      "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n",
                      "name = \"tiny\"; layers = ( );\n", "sha256:0", &changed));
    plan_fixture *f = plan_fixture_new(1, 4);
    write_task(&r, f, 1, 10);
    write_task(&r, f, 2, 20);
    write_task(&r, f, 4, 40); /* 3 has not ended */
    write_task(&r, f, 5, 80);
    const char *k[6];
    for (int id = 1; id <= 5; id++) k[id] = plan_fixture_key(f, id);
    char log[4000];
    /* The last task had another number in the plan of a later sweep. */
    snprintf(log, sizeof log,
             "{\"time\":\"2026-11-21T06:00:00Z\",\"event\":\"sweep_started\",\"ranks\":9,\"tasks\":4}\n"
             "{\"time\":\"2026-11-21T06:00:00Z\",\"event\":\"task_started\",\"task\":1,\"key\":\"%s\",\"ranks\":8}\n"
             "{\"time\":\"2026-11-21T06:00:30Z\",\"event\":\"task_done\",\"task\":1,\"key\":\"%s\",\"seconds\":30}\n"
             "{\"time\":\"2026-11-21T06:00:30Z\",\"event\":\"task_started\",\"task\":2,\"key\":\"%s\",\"ranks\":1}\n"
             "{\"time\":\"2026-11-21T06:00:30Z\",\"event\":\"task_started\",\"task\":3,\"key\":\"%s\",\"ranks\":1}\n"
             "{\"time\":\"2026-11-21T06:01:30Z\",\"event\":\"task_left\",\"task\":2,\"key\":\"%s\",\"fraction\":0.75}\n"
             "{\"time\":\"2026-11-21T06:01:30Z\",\"event\":\"task_started\",\"task\":2,\"key\":\"%s\",\"ranks\":4}\n"
             "not a line of ours\n"
             "{\"time\":\"2026-11-21T06:01:50Z\",\"event\":\"task_done\",\"task\":2,\"key\":\"%s\",\"seconds\":20}\n"
             "{\"time\":\"2026-11-21T06:01:50Z\",\"event\":\"sweep_started\",\"ranks\":9,\"tasks\":2}\n"
             "{\"time\":\"2026-11-21T06:02:00Z\",\"event\":\"task_started\",\"task\":2,\"key\":\"%s\",\"ranks\":2}\n"
             "{\"time\":\"2026-11-21T06:02:10Z\",\"event\":\"task_done\",\"task\":2,\"key\":\"%s\",\"seconds\":10}\n"
             "{\"time\":\"2026-11-21T06:03:00Z\",\"event\":\"task_do",
             k[1], k[1], k[2], k[3], k[2], k[2], k[2], k[5], k[5]);
    check_ok(file_write_text(scratch_file(&place, "run/log.jsonl"), log));
    run_times *times;
    int count;
    check_ok(run_times_read(&times, &count, scratch_file(&place, "run")));
    assert_int_equal(count, 4);
    const run_times *t = find_times(times, count, "warm-up seed 1");
    assert_false(t->point);
    assert_int_equal(t->epochs[PHASE_WARMUP], 3);
    assert_true(t->seconds[PHASE_WARMUP] == 30);
    assert_true(t->share[3] == 1);
    t = find_times(times, count, "joint size 1 seed 1");
    assert_true(t->point);
    assert_int_equal(t->epochs[PHASE_SEARCH], 3);
    assert_int_equal(t->epochs[PHASE_FINETUNE], 1);
    assert_true(t->seconds[PHASE_SEARCH] == 60 && t->seconds[PHASE_FINETUNE] == 20);
    assert_true(fabs(t->share[0] - 0.75) < 1e-9 && fabs(t->share[2] - 0.25) < 1e-9);
    assert_true(find_times(times, count, "joint size 3 seed 1")->share[0] == 1); /* the log does not know it */
    assert_true(find_times(times, count, "joint size 4 seed 1")->share[1] == 1);
    free(times);
    plan_fixture_free(f);
    run_close(&r);
    scratch_remove(&place);
}

static void test_a_run_without_finished_tasks_is_refused(void **state)
{
    (void)state;
    scratch place = scratch_make();
    run_times *times;
    int count;
    check_says(run_times_read(&times, &count, scratch_file(&place, "none")), "has no finished task");
    scratch_remove(&place);
}

static void test_how_busy_the_ranks_were(void **state)
{
    (void)state;
    scratch place = scratch_make();
    run_use use;
    check_ok(run_use_read(&use, scratch_file(&place, "none")));
    assert_true(use.busy == 0 && use.capacity == 0);
    check_ok(file_make_directory(scratch_file(&place, "run")));
    check_ok(
        file_write_text(scratch_file(&place, "run/log.jsonl"),
                        "{\"event\":\"sweep_started\",\"ranks\":4,\"tasks\":3}\n"
                        "{\"event\":\"task_started\",\"task\":1,\"ranks\":2,\"at\":0.5}\n"
                        "{\"event\":\"task_left\",\"task\":1,\"fraction\":0.5,\"at\":4.5}\n"
                        "{\"event\":\"task_started\",\"task\":1,\"ranks\":1,\"at\":5}\n"
                        "{\"event\":\"task_started\",\"task\":2,\"ranks\":1,\"at\":5}\n"
                        "{\"event\":\"warning\",\"text\":\"x\"}\n"
                        "{\"event\":\"task_done\",\"task\":1,\"seconds\":5,\"at\":10}\n"
                        "{\"event\":\"sweep_started\",\"ranks\":1,\"tasks\":3}\n" /* killed with task 2 at work */
                        "{\"event\":\"task_started\",\"task\":2,\"ranks\":1,\"at\":2}\n"
                        "{\"event\":\"task_abandoned\",\"task\":2,\"at\":3,\"rank\":1}\n"
                        "{\"event\":\"task_failed\",\"task\":3,\"seconds\":0,\"at\":9}\n")); /* its warm-up failed */
    check_ok(run_use_read(&use, scratch_file(&place, "run")));
    assert_true(fabs(use.busy - (2 * 4 + 5 + 1)) < 1e-9);
    assert_true(fabs(use.makespan - (10 + 3)) < 1e-9);
    assert_true(fabs(use.capacity - (10 * 3 + 3 * 1)) < 1e-9);
    check_ok(file_write_text(scratch_file(&place, "run/log.jsonl"),
                             "{\"event\":\"task_started\",\"task\":1,\"ranks\":2,\"at\":8}\n" /* time runs backwards */
                             "{\"event\":\"task_done\",\"task\":1,\"at\":5}\n"
                             "{\"event\":\"task_started\",\"task\":2,\"ranks\":2,\"at\":1}\n"
                             "{\"event\":\"task_done\",\"task\":2,\"at\":1e300}\n")); /* no time */
    check_ok(run_use_read(&use, scratch_file(&place, "run")));
    assert_true(use.busy == 0 && use.makespan == 5);
    scratch_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_epochs_and_sizes_of_groups),
        cmocka_unit_test(test_a_run_without_finished_tasks_is_refused),
        cmocka_unit_test(test_how_busy_the_ranks_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
