/* links: bitfront_sweep */
/* Chains of tasks with several parents, as a trunk is (leg -> leg -> leg, a branch at each, the warm-up as the teacher
 * of all): started in order, from the right records, and when a parent fails, is lost or damaged. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <unistd.h>

#include "results/run/run_log.h"
#include "tests/mpi/sweep_bed.h"

enum { WARMUP = 1, LEG1, BRANCH1, LEG2, BRANCH2, LEG3, BRANCH3, TASKS = BRANCH3 };

static const char *config_text =
    "name = \"chain\"; network = \"network.cfg\"; data = \"none.h5\"; batch = 8; shards = 4; seeds = [1];\n"
    "trunk = { optimizer = \"sgd\"; schedule = \"constant\"; };\n"
    "sweep = ( { strategy = \"trunk\"; cost_model = \"size\";\n"
    "            targets = [\"60 % of w8\", \"30 % of w8\", \"80 % of w8\"]; } );\n";

static const task *task_of(int id)
{
    return &in.plan.tasks[id - 1];
}

static double expected_value(int id)
{
    double start = 0;
    for (int i = 0; i < task_of(id)->parent_count; i++)
        start += (i + 1) * expected_value(task_plan_parent(&in.plan, task_of(id), i));
    return fake_expected(id, start, SHARDS);
}

static void test_the_plan_is_a_chain(void)
{
    static const int parents[TASKS + 1][2] = {
        [LEG1] = {WARMUP, 0},       [BRANCH1] = {LEG1, WARMUP}, [LEG2] = {LEG1, WARMUP},
        [BRANCH2] = {LEG2, WARMUP}, [LEG3] = {LEG2, WARMUP},    [BRANCH3] = {LEG3, WARMUP}};
    CHECK(in.plan.count == TASKS);
    for (int id = 1; id <= TASKS; id++) {
        const task *t = task_of(id);
        CHECK(t->point == (id == BRANCH1 || id == BRANCH2 || id == BRANCH3));
        CHECK(t->parent_count == (parents[id][0] != 0) + (parents[id][1] != 0));
        for (int i = 0; i < t->parent_count; i++) CHECK(task_plan_parent(&in.plan, t, i) == parents[id][i]);
    }
}

/* By rank 0: the right values, or failures with the name of the parent that is to blame (0: its own). */
static void check_results(const char *name, const int *blamed)
{
    if (rank != 0) return;
    run r = run_at(name);
    for (int id = 1; id <= TASKS; id++) {
        record found;
        CHECK_OK(run_read_task(&found, &r, key_of(id)));
        const int parent = blamed != NULL ? blamed[id] : -1;
        if (parent < 0) {
            CHECK(found.state == RECORD_DONE && found.validation_loss == expected_value(id));
        } else {
            char words[32];
            snprintf(words, sizeof words, "task %.8s (", parent > 0 ? key_of(parent) : "-");
            CHECK(found.state == RECORD_FAILED);
            CHECK(parent > 0 ? strstr(found.reason, words) != NULL : strstr(found.reason, "not finite") != NULL);
        }
        record_free(&found);
    }
}

/* Tasks that began before one of their parents was done. */
typedef struct {
    bool done[TASKS + 1];
    int too_early, begun;
} order_seen;

static void see_order(void *ctx, const run_log_line *line)
{
    order_seen *seen = ctx;
    if (line->task < 1 || line->task > TASKS) return;
    if (strcmp(line->event, "task_done") == 0) seen->done[line->task] = true;
    if (strcmp(line->event, "task_started") != 0) return;
    seen->begun++;
    const task *t = task_of(line->task);
    for (int i = 0; i < t->parent_count; i++) seen->too_early += !seen->done[task_plan_parent(&in.plan, t, i)];
}

static void test_every_task_starts_from_all_its_parents(void)
{
    reset_fake(QUICK);
    int failed_tasks;
    CHECK_OK(run_in("chain", &failed_tasks));
    CHECK(failed_tasks == 0);
    check_results("chain", NULL);
    CHECK(sum_over_ranks(fake.steps_done) == (long)TASKS * FAKE_EPOCHS * FAKE_STEPS);
    if (rank != 0) return;
    order_seen seen = {.begun = 0};
    CHECK_OK(run_log_read(scratch_file(&place, "chain"), see_order, &seen));
    CHECK(seen.too_early == 0 && seen.begun >= TASKS);
}

/* The branch of a leg needs the leg, not the legs behind it. */
static void test_a_leg_that_fails_takes_what_comes_after_it(void)
{
    reset_fake(QUICK);
    fake.numeric_task = LEG2;
    int failed_tasks;
    CHECK_OK(run_in("failed", &failed_tasks));
    CHECK(failed_tasks == 4);
    const int blamed[TASKS + 1] = {0, -1, -1, -1, [LEG2] = 0, [BRANCH2] = LEG2, [LEG3] = LEG2, [BRANCH3] = LEG3};
    check_results("failed", blamed);
    CHECK(sum_over_ranks(fake.steps_done) < (long)4 * FAKE_EPOCHS * FAKE_STEPS); /* three, and what failed */
    reset_fake(QUICK);
    CHECK_OK(run_in("failed", &failed_tasks)); /* the failures are known */
    CHECK(failed_tasks == 4 && sum_over_ranks(fake.steps_done) == 0);
}

static void test_a_stop_within_a_leg_costs_nothing(void)
{
    reset_fake(QUICK);
    fake.signal_task = LEG2;
    fake.signal_number = SIGUSR1;
    int failed_tasks;
    CHECK(run_in("stopped", &failed_tasks).code == STATUS_STOPPED);
    const long before = fake.steps_done;
    reset_fake(QUICK);
    CHECK_OK(run_in("stopped", &failed_tasks));
    CHECK(sum_over_ranks(before + fake.steps_done) == (long)TASKS * FAKE_EPOCHS * FAKE_STEPS);
    check_results("stopped", NULL);
}

static void remove_result(const char *name, int id)
{
    if (rank != 0) return;
    char path[MAX_PATH_TEXT];
    run r = run_at(name);
    run_task_path(path, &r, key_of(id));
    CHECK(unlink(path) == 0);
}

/* One byte in the middle. */
static void damage_result(const char *name, int id)
{
    if (rank != 0) return;
    char path[MAX_PATH_TEXT];
    run r = run_at(name);
    run_task_path(path, &r, key_of(id));
    FILE *f = fopen(path, "r+b");
    CHECK(f != NULL && fseek(f, 0, SEEK_END) == 0);
    const long middle = ftell(f) / 2;
    CHECK(fseek(f, middle, SEEK_SET) == 0);
    const int byte = fgetc(f);
    CHECK(fseek(f, middle, SEEK_SET) == 0 && fputc(byte ^ 1, f) == (byte ^ 1) && fclose(f) == 0);
}

static void continue_chain(const char *name, int trained)
{
    int failed_tasks;
    MPI_Barrier(MPI_COMM_WORLD);
    reset_fake(QUICK);
    CHECK_OK(run_in(name, &failed_tasks));
    CHECK(failed_tasks == 0);
    CHECK(sum_over_ranks(fake.steps_done) == (long)trained * FAKE_EPOCHS * FAKE_STEPS);
    check_results(name, NULL);
}

/* What is lost in the middle is computed again, from what is left; its children have their records already. */
static void test_a_lost_leg_is_computed_again_alone(void)
{
    remove_result("chain", LEG2);
    continue_chain("chain", 1);
    remove_result("chain", LEG1);
    remove_result("chain", BRANCH2);
    continue_chain("chain", 2);
}

static void test_a_damaged_parent_is_not_started_from(void)
{
    damage_result("chain", LEG3);
    remove_result("chain", BRANCH3);
    continue_chain("chain", 2);
    if (rank == 0) CHECK(count_in_file("chain", "log.jsonl", "NAME.damaged") == 1);
    continue_chain("chain", 0);
}

int main(void)
{
    open_bed(config_text);
    test_the_plan_is_a_chain();
    test_every_task_starts_from_all_its_parents();
    test_a_leg_that_fails_takes_what_comes_after_it();
    test_a_stop_within_a_leg_costs_nothing();
    test_a_lost_leg_is_computed_again_alone();
    test_a_damaged_parent_is_not_started_from();
    return close_bed();
}
