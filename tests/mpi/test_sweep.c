/* links: bitfront_sweep */
/* Coordinator, workers, queue and groups together, with a trainer that sleeps: whatever happens on the way, the results
 * are those of an undisturbed run by one process, and nobody waits for ever or burns a core. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <sys/resource.h>

#include "core/io/h5.h"
#include "core/sweep/simulate.h"
#include "results/run/run_log.h"
#include "results/run/run_use.h"
#include "tests/mpi/sweep_bed.h"

enum { WARMUPS = 2, POINTS = 6, TASKS = WARMUPS + POINTS };

static const char *config_text =
    "name = \"fake\"; network = \"network.cfg\"; data = \"none.h5\"; batch = 8; shards = 4; seeds = [1, 2];\n"
    "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5, 2.0]; },\n"
    "          { strategy = \"fixed\"; bits = [8]; } );\n";

/* 0: none. */
static int warmup_of(int id)
{
    const task *t = &in.plan.tasks[id - 1];
    return t->parent_count == 0 ? 0 : task_plan_parent(&in.plan, t, 0);
}

static double expected_value(int id)
{
    const int warmup = warmup_of(id);
    return fake_expected(id, warmup == 0 ? 0 : fake_expected(warmup, 0, SHARDS), SHARDS);
}

/* By rank 0: every task is done with the value of an undisturbed run, except the excused ones, which failed. */
static void check_results(const char *name, const bool *excused)
{
    if (rank != 0) return;
    run r = run_at(name);
    char path[MAX_PATH_TEXT];
    for (int id = 1; id <= TASKS; id++) {
        record found;
        CHECK_OK(run_read_task(&found, &r, key_of(id)));
        if (excused != NULL && excused[id]) {
            CHECK(found.state == RECORD_FAILED && found.reason[0] != '\0');
        } else {
            CHECK(found.state == RECORD_DONE);
            CHECK(found.validation_loss == expected_value(id));
        }
        record_free(&found);
        run_checkpoint_path(path, &r, key_of(id));
        CHECK(!file_exists(path));
    }
    h5_id file, points;
    size_t rows = 0;
    snprintf(path, sizeof path, "%s/results.h5", scratch_file(&place, name));
    CHECK_OK(h5_open_read(&file, path));
    CHECK_OK(h5_group_open(&points, file, "points"));
    CHECK_OK(h5_dims(points, "id", 1, &rows));
    CHECK(rows == TASKS);
    h5_group_close(points);
    CHECK_OK(h5_close(file));
}

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void test_every_task_ends_with_the_right_value(void)
{
    reset_fake(QUICK);
    int failed_tasks;
    CHECK_OK(run_in("plain", &failed_tasks));
    CHECK(failed_tasks == 0);
    check_results("plain", NULL);
    CHECK(sum_over_ranks(fake.steps_done) == (long)TASKS * FAKE_EPOCHS * FAKE_STEPS);
    if (rank == 0) {
        CHECK(count_in_file("plain", "log.jsonl", "\"task_done\"") == TASKS);
        CHECK(count_in_file("plain", "status.json", "\"done\"") > 0);
    }
    /* The same command again has nothing to do. */
    reset_fake(QUICK);
    CHECK_OK(run_in("plain", &failed_tasks));
    CHECK(failed_tasks == 0);
    CHECK(sum_over_ranks(fake.steps_done) == 0);
    check_results("plain", NULL);
}

static void test_two_warmups_share_the_workers(void)
{
    reset_fake(QUICK);
    int failed_tasks, workers = size > 1 ? size - 1 : 1, largest = 0;
    CHECK_OK(run_in("groups", &failed_tasks));
    MPI_Allreduce(&fake.largest_group, &largest, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    CHECK(largest >= (workers >= 3 ? 2 : 1) && largest <= (workers >= 4 ? 4 : workers >= 2 ? 2 : 1));
    check_results("groups", NULL);
}

/* Groups of the last task by the log. */
typedef struct {
    int first, largest; /* ranks */
} groups_seen;

static void see_group(void *ctx, const run_log_line *line)
{
    groups_seen *seen = ctx;
    if (line->task != TASKS || strcmp(line->event, "task_started") != 0) return;
    if (seen->first == 0) seen->first = line->ranks;
    if (line->ranks > seen->largest) seen->largest = line->ranks;
}

/* What the simulator says about the tasks of fake_seconds. */
static double simulated_utilisation(void)
{
    simulated_work work[TASKS];
    memset(work, 0, sizeof work);
    for (int i = 0; i < TASKS; i++) {
        phase_kind phase = in.plan.tasks[i].point ? PHASE_SEARCH : PHASE_WARMUP;
        work[i].units[phase] = FAKE_EPOCHS;
        int times = i + 1 == fake.long_task ? 8 : 1 + (i + 1) % fake.unequal;
        work[i].seconds[phase] = FAKE_STEPS * fake.step_seconds * times;
    }
    simulation s = {.tasks = in.plan.tasks,
                    .parents = in.plan.parents,
                    .work = work,
                    .count = TASKS,
                    .shards = SHARDS,
                    .workers = size > 1 ? size - 1 : 1,
                    .regroup_seconds = 0.01,
                    .walltime_seconds = INFINITY};
    simulate_amdahl(s.part, 0);
    simulated_sweep done;
    CHECK_OK(simulate_run(&done, &s));
    CHECK(done.done == TASKS);
    simulate_free(&done);
    return done.utilisation;
}

/* Idle ranks join a task that began on one rank, in the middle of it; so the ranks are as busy as the simulator says.
 */
static void test_ranks_join_a_running_task(void)
{
    reset_fake(SLOW / 4);
    fake.unequal = 3;
    fake.long_task = TASKS;
    int failed_tasks;
    CHECK_OK(run_in("joined", &failed_tasks));
    check_results("joined", NULL);
    CHECK(sum_over_ranks(fake.steps_done) == (long)TASKS * FAKE_EPOCHS * FAKE_STEPS);
    if (rank != 0) return;
    groups_seen seen = {0};
    run_use use;
    CHECK_OK(run_log_read(scratch_file(&place, "joined"), see_group, &seen));
    CHECK(seen.first == 1 && seen.largest == (size > 2 ? 2 : 1));
    CHECK_OK(run_use_read(&use, scratch_file(&place, "joined")));
    double used = use.busy / use.capacity, simulated = simulated_utilisation();
    printf("%d ranks: busy %.1f %% of %.2f s, %.1f %% simulated\n", size, 100 * used, use.makespan, 100 * simulated);
    CHECK(simulated > 0.5 && fabs(used - simulated) < 0.15);
}

/* CPU seconds of a sweep in this process, and those it took. */
static double cpu_of_sweep(const char *name, double step_seconds, double *wall)
{
    reset_fake(step_seconds);
    const double start = clock_seconds(), cpu = cpu_seconds();
    int failed_tasks;
    CHECK_OK(run_in(name, &failed_tasks));
    *wall = clock_seconds() - start;
    return cpu_seconds() - cpu;
}

/* The coordinator while the others work, and a worker while it waits: longer steps cost it nothing but time. What the
 * files of the tasks cost depends on the machine, so it is measured first. */
static void test_waiting_costs_no_core(void)
{
    double short_wall, wall;
    const double files = cpu_of_sweep("files", QUICK, &short_wall), cpu = cpu_of_sweep("idle", SLOW, &wall);
    if (rank == 0)
        printf("rank 0 of %d used %.1f ms of %.2f s, with quick steps %.1f ms of %.2f s\n", size, 1e3 * cpu, wall,
               1e3 * files, short_wall);
    CHECK(rank != 0 || cpu < 1.5 * files + 0.03 * wall);
    check_results("idle", NULL);
}

/* A warm-up (task 1) is resumed by a whole group: all its members need the state. */
static void test_stop_and_resume_loses_no_step(int number, int task_id, const char *name)
{
    reset_fake(QUICK);
    fake.signal_task = task_id;
    fake.signal_number = number;
    int failed_tasks;
    status stopped = run_in(name, &failed_tasks);
    CHECK(stopped.code == STATUS_STOPPED);
    CHECK(strstr(stopped.message, "run the same command again") != NULL);
    if (rank == 0) {
        run r = run_at(name);
        char path[MAX_PATH_TEXT];
        run_task_path(path, &r, key_of(fake.signal_task));
        CHECK(!file_exists(path));
        run_checkpoint_path(path, &r, key_of(fake.signal_task));
        CHECK(file_exists(path));
        CHECK(count_in_file(name, "status.json", "\"state\": \"stopped\"") == 1);
    }
    long before = fake.steps_done;
    reset_fake(QUICK);
    CHECK_OK(run_in(name, &failed_tasks));
    CHECK(failed_tasks == 0);
    CHECK(sum_over_ranks(before + fake.steps_done) == (long)TASKS * FAKE_EPOCHS * FAKE_STEPS);
    check_results(name, NULL);
}

/* Where `step_seconds` is real, a segment takes FAKE_STEPS of them. */
static double since(double start)
{
    return clock_seconds() - start;
}

static void test_usr1_ends_the_segment(void)
{
    reset_fake(QUICK);
    fake.signal_task = WARMUPS + 1;
    fake.signal_number = SIGUSR1;
    int failed_tasks;
    CHECK(run_in("segment", &failed_tasks).code == STATUS_STOPPED);
    CHECK(fake.steps_done % FAKE_STEPS == 0);
    reset_fake(QUICK);
    CHECK_OK(run_in("segment", &failed_tasks));
    check_results("segment", NULL);
}

static void test_stop_file(void)
{
    reset_fake(SLOW / 4);
    fake.stop_file_task = 2;
    snprintf(fake.stop_file, sizeof fake.stop_file, "%s/stop", scratch_file(&place, "file"));
    int failed_tasks;
    CHECK(run_in("file", &failed_tasks).code == STATUS_STOPPED);
    CHECK(fake.steps_done % FAKE_STEPS == 0);
    CHECK(rank != 0 || file_exists(fake.stop_file));
    reset_fake(QUICK); /* the file is old now */
    CHECK_OK(run_in("file", &failed_tasks));
    check_results("file", NULL);
}

/* Segments take 10 * 2 * SLOW = 0.4 s; all is at a boundary when the time is up, and the time is used, on a busy
 * machine, too. */
static void test_time_limit(void)
{
    reset_fake(2 * SLOW);
    double start = clock_seconds();
    limits.end = start + 2.6;
    int failed_tasks;
    CHECK(run_in("limit", &failed_tasks).code == STATUS_STOPPED);
    CHECK(since(start) < 4.0 && since(start) > 1.2);
    CHECK(fake.steps_done % FAKE_STEPS == 0);
    CHECK(sum_over_ranks(fake.steps_done) > FAKE_STEPS);
    reset_fake(QUICK);
    CHECK_OK(run_in("limit", &failed_tasks));
    check_results("limit", NULL);
}

/* A rank that says nothing for longer than the deadline, in the middle of a task, loses it to others; when it comes
 * back it publishes nothing and works on. */
static void test_silent_rank_is_fenced_off(int task_id, int group_rank, const char *name)
{
    if (size < 3) return;   /* somebody must take over */
    reset_fake(1.5 * SLOW); /* so that the sweep is not over when it comes back */
    limits.deadline = 0.8;
    fake.silent_task = task_id;
    fake.silent_group_rank = group_rank;
    fake.silent_seconds = 2;
    fake.silent_times = 1;
    snprintf(fake.silent_file, sizeof fake.silent_file, "%s-%s", scratch_file(&place, name), "silent");
    int failed_tasks;
    CHECK_OK(run_in(name, &failed_tasks));
    CHECK(failed_tasks == 0);
    check_results(name, NULL);
    /* It left at once when it came back: only the steps of the segments that were given up are lost. */
    int abandoned = rank == 0 ? count_in_file(name, "log.jsonl", "\"task_abandoned\"") : 0;
    CHECK_OK(agree_bytes(world, 0, &abandoned, sizeof abandoned));
    CHECK(sum_over_ranks(fake.steps_done) <= ((long)TASKS * FAKE_EPOCHS + abandoned) * FAKE_STEPS);
    if (rank != 0) return;
    CHECK(count_in_file(name, "log.jsonl", "\"rank_lost\"") >= 1);
    CHECK(abandoned >= 1);
    CHECK(count_in_file(name, "log.jsonl", "\"rank_back\"") >= 1);
    CHECK(count_in_file(name, "log.jsonl", "\"task_done\"") == TASKS);
}

/* A point whose leader falls silent in every attempt does not hold up the others, and is tried again by the next run.
 */
static void test_task_that_breaks_its_groups_is_set_aside(void)
{
    if (size < 3) return;
    reset_fake(SLOW / 2);
    limits.deadline = 0.8;
    fake.silent_task = WARMUPS + 1;
    fake.silent_seconds = 1.3;
    fake.silent_times = 1000;
    snprintf(fake.silent_file, sizeof fake.silent_file, "%s-silent", scratch_file(&place, "aside"));
    int failed_tasks;
    status ended = run_in("aside", &failed_tasks);
    CHECK(ended.code == STATUS_STOPPED);
    if (rank == 0) {
        CHECK(strstr(ended.message, "stopped with 7 of 8 tasks finished; set aside") != NULL);
        CHECK(strstr(ended.message, "task 3 (joint") != NULL);
        CHECK(count_in_file("aside", "log.jsonl", "\"task_abandoned\",\"task\":3") == 3);
        CHECK(count_in_file("aside", "log.jsonl", "task 3") == 1); /* the warning */
        CHECK(count_in_file("aside", "log.jsonl", "\"task_done\"") == TASKS - 1);
    }
    reset_fake(QUICK);
    CHECK_OK(run_in("aside", &failed_tasks));
    CHECK(failed_tasks == 0);
    check_results("aside", NULL);
}

static void test_damaged_checkpoints_cost_time_only(void)
{
    reset_fake(QUICK);
    fake.signal_task = WARMUPS + 1;
    fake.signal_number = SIGUSR1;
    int failed_tasks;
    CHECK(run_in("damaged", &failed_tasks).code == STATUS_STOPPED);
    if (rank == 0) {
        run r = run_at("damaged");
        char path[MAX_PATH_TEXT], previous[MAX_PATH_TEXT + 8];
        run_checkpoint_path(path, &r, key_of(WARMUPS + 1));
        snprintf(previous, sizeof previous, "%s.prev", path);
        CHECK_OK(file_write_text(path, "not a checkpoint"));
        CHECK_OK(file_write_text(previous, "nor this"));
    }
    MPI_Barrier(MPI_COMM_WORLD);
    reset_fake(QUICK);
    CHECK_OK(run_in("damaged", &failed_tasks));
    check_results("damaged", NULL);
    if (rank == 0) CHECK(count_in_file("damaged", "log.jsonl", "starts over") == 1);
}

static void test_failed_point_is_a_result(void)
{
    reset_fake(QUICK);
    fake.numeric_task = WARMUPS + 3;
    int failed_tasks;
    CHECK_OK(run_in("numeric", &failed_tasks));
    CHECK(failed_tasks == 1);
    bool excused[TASKS + 1] = {false};
    excused[fake.numeric_task] = true;
    check_results("numeric", excused);
    if (rank != 0) return;
    run r = run_at("numeric");
    record found;
    CHECK_OK(run_read_task(&found, &r, key_of(fake.numeric_task)));
    CHECK(strcmp(found.reason, "loss not finite in epoch 1") == 0); /* whatever the number of ranks */
    record_free(&found);
}

static void test_failed_warmup_fails_its_points(bool at_opening, const char *name)
{
    reset_fake(QUICK);
    if (at_opening)
        fake.open_fails_task = 2;
    else
        fake.numeric_task = 2;
    int failed_tasks;
    CHECK_OK(run_in(name, &failed_tasks));
    bool excused[TASKS + 1] = {false};
    int expected = 0;
    for (int id = 1; id <= TASKS; id++) {
        excused[id] = id == 2 || warmup_of(id) == 2;
        expected += excused[id];
    }
    CHECK(failed_tasks == expected && expected == 1 + POINTS / WARMUPS);
    check_results(name, excused);
    /* Again: the failures are known. */
    reset_fake(QUICK);
    CHECK_OK(run_in(name, &failed_tasks));
    CHECK(failed_tasks == expected);
    CHECK(sum_over_ranks(fake.steps_done) == 0);
}

static void test_full_disk_ends_the_sweep_cleanly(void)
{
    reset_fake(QUICK);
    fake.io_task = WARMUPS + 2;
    fake.io_group_rank = 1;
    int failed_tasks;
    status broken = run_in("full", &failed_tasks);
    CHECK(broken.code == STATUS_IO);
    CHECK(strstr(broken.message, "No space left") != NULL && strstr(broken.message, "task 4") != NULL);
    int exit_3 =
        count_in_file("full", "status.json", "\"exit\": 3") + count_in_file("full", "status.json", "\"exit\":3");
    CHECK(rank != 0 || exit_3 == 1);
    reset_fake(QUICK);
    CHECK_OK(run_in("full", &failed_tasks));
    CHECK(failed_tasks == 0);
    check_results("full", NULL);
}

int main(void)
{
    open_bed(config_text);
    CHECK(in.plan.count == TASKS);
    test_every_task_ends_with_the_right_value();
    test_two_warmups_share_the_workers();
    test_ranks_join_a_running_task();
    test_waiting_costs_no_core();
    test_stop_and_resume_loses_no_step(SIGUSR1, 1, "usr1");
    test_stop_and_resume_loses_no_step(SIGTERM, WARMUPS + 2, "term");
    test_usr1_ends_the_segment();
    test_stop_file();
    test_time_limit();
    test_silent_rank_is_fenced_off(1, 0, "silent-leader");
    test_silent_rank_is_fenced_off(2, 1, "silent-member");
    test_task_that_breaks_its_groups_is_set_aside();
    test_damaged_checkpoints_cost_time_only();
    test_failed_point_is_a_result();
    test_failed_warmup_fails_its_points(false, "warmup");
    test_failed_warmup_fails_its_points(true, "opening");
    test_full_disk_ends_the_sweep_cleanly();
    return close_bed();
}
