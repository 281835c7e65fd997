/* links: results */
/* Claims: of all processes that want a thing exactly one has it; who is dead or silent loses it, and cannot publish. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "results/file/checkpoint.h"
#include "results/run/claim.h"
#include "results/run/run.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

enum { PROCESSES = 8, TASKS = 200 };
/* Keys of tasks, to be claimed. */
#define ONE "00000000000000000000000000000001"
#define TWO "00000000000000000000000000000002"
#define THREE "00000000000000000000000000000003"
static checkpoint_machine isa = {.kernels = "isa"};
static const double LONG_LEASE = 60, SHORT_LEASE = 0.4;

static claims open_claims(double lease)
{
    claims c;
    check_ok(claims_open(&c, scratch_place.path, lease));
    return c;
}

/* Empty when somebody else has it. */
static claim_token take(claims *c, const char *name)
{
    claim_token token;
    char holder[CLAIM_HOLDER];
    check_ok(claims_take(&token, holder, c, name));
    assert_true((token.text[0] == '\0') == (holder[0] != '\0'));
    return token;
}

static bool got(claim_token token)
{
    return token.text[0] != '\0';
}

static bool holds(const char *name, claim_token token)
{
    claim_fence fence = claim_fence_of(scratch_place.path, name, &token);
    return !failed(claim_fence_check(&fence));
}

/* Runs `body` in a process of its own. */
static pid_t start(void (*body)(int number), int number)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    body(number);
    _exit(0);
}

/* In a child: cmocka's own ways out belong to the parent. */
static void must(bool fine, const char *what)
{
    if (fine) return;
    fprintf(stderr, "child: %s\n", what);
    _exit(1);
}

static void expect_end(pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

static void note(const char *file, int number)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%d\n", number);
    int fd = open(scratch_file(&scratch_place, file), O_WRONLY | O_CREAT | O_APPEND, 0666);
    must(fd >= 0 && write(fd, line, (size_t)length) == length && close(fd) == 0, "cannot note");
}

/* Takes whatever task is free, as a job does: a claim, then a look whether it is done, work, a result, release. */
static void take_all_tasks(int number)
{
    claims c;
    must(!failed(claims_open(&c, scratch_place.path, LONG_LEASE)), "cannot open");
    for (int step = 0; step < TASKS; step++) {
        int id = 1 + (step * 7 + number * 25) % TASKS;
        char name[CLAIM_NAME], holder[CLAIM_HOLDER], done[32];
        snprintf(name, sizeof name, "%032d", id);
        snprintf(done, sizeof done, "done%d", id);
        claim_token token;
        must(!failed(claims_take(&token, holder, &c, name)), "cannot take");
        if (token.text[0] == '\0') continue;
        if (!file_exists(scratch_file(&scratch_place, done))) {
            int fd = open(scratch_file(&scratch_place, done), O_WRONLY | O_CREAT | O_EXCL, 0666);
            must(fd >= 0, "a task was done twice");
            close(fd);
            note("finished", id);
        }
        claims_release(&c, name);
    }
    claims_close(&c);
}

static int count_lines(const char *file, int seen[TASKS + 1])
{
    char *text;
    int count = 0;
    check_ok(file_read_text(&text, scratch_file(&scratch_place, file)));
    for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1, count++) seen[atoi(at)]++;
    free(text);
    return count;
}

static void test_eight_processes_do_every_task_exactly_once(void **state)
{
    (void)state;
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) children[i] = start(take_all_tasks, i);
    for (int i = 0; i < PROCESSES; i++) expect_end(children[i]);
    int seen[TASKS + 1] = {0};
    assert_int_equal(count_lines("finished", seen), TASKS);
    for (int id = 1; id <= TASKS; id++) assert_int_equal(seen[id], 1);
    claims c = open_claims(LONG_LEASE);
    int left;
    check_ok(claims_count_tasks(&left, &c));
    assert_int_equal(left, 0);
    claims_close(&c);
}

static void test_one_holder_until_it_is_released(void **state)
{
    (void)state;
    claims a = open_claims(LONG_LEASE), b = open_claims(LONG_LEASE);
    claim_token first = take(&a, ONE);
    assert_true(got(first) && holds(ONE, first) && claims_has(&a, ONE));
    assert_false(got(take(&b, ONE)));
    assert_true(got(take(&b, TWO)));
    check_ok(claims_renew(&a));
    assert_true(claims_has(&a, ONE));
    int tasks;
    check_ok(claims_count_tasks(&tasks, &a));
    assert_int_equal(tasks, 2);

    /* A new taking by the holder fences off the old one. */
    claim_token second = take(&a, ONE);
    assert_true(got(second) && strcmp(first.text, second.text) != 0);
    assert_true(holds(ONE, second));
    assert_false(holds(ONE, first));

    claims_release(&a, ONE);
    assert_false(claims_has(&a, ONE));
    assert_false(holds(ONE, second));
    claim_token third = take(&b, ONE);
    assert_true(got(third));
    claims_release(&a, ONE); /* not ours any more: nothing happens */
    assert_true(holds(ONE, third));
    claims_close(&a);
    claims_close(&b);
    assert_false(holds(ONE, third));
}

static void test_the_holder_is_named(void **state)
{
    (void)state;
    setenv("SLURM_ARRAY_JOB_ID", "4711", 1);
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    claims a = open_claims(LONG_LEASE), b = open_claims(LONG_LEASE);
    unsetenv("SLURM_ARRAY_JOB_ID");
    unsetenv("SLURM_ARRAY_TASK_ID");
    claim_token token;
    char holder[CLAIM_HOLDER], host[80];
    assert_true(got(take(&a, ONE)));
    check_ok(claims_take(&token, holder, &b, ONE));
    assert_int_equal(gethostname(host, sizeof host), 0);
    assert_non_null(strstr(holder, "job 4711_3 on "));
    assert_non_null(strstr(holder, host));
    claims_close(&a);
    claims_close(&b);
}

static void take_and_die(int number)
{
    claims c;
    claim_token token;
    char holder[CLAIM_HOLDER];
    (void)number;
    must(!failed(claims_open(&c, scratch_place.path, LONG_LEASE)), "cannot open");
    must(!failed(claims_take(&token, holder, &c, ONE)) && token.text[0] != '\0', "cannot take");
    kill(getpid(), SIGKILL);
}

static void test_a_dead_process_of_this_machine_loses_its_claim_at_once(void **state)
{
    (void)state;
    pid_t child = start(take_and_die, 0);
    siginfo_t ended;
    /* First while it is only remembered for its parent, */
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    claims c = open_claims(LONG_LEASE);
    assert_true(got(take(&c, ONE)));
    claims_close(&c);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* then when it is gone. */
    assert_int_equal(waitpid(start(take_and_die, 0), NULL, 0) > 0, 1);
    c = open_claims(LONG_LEASE);
    assert_true(got(take(&c, ONE)));
    claims_close(&c);
}

/* Makes the claim one of another machine, whose processes nobody can see, and `age` seconds old. */
static void make_foreign(const char *name, double age)
{
    char path[256], *text, *machine;
    snprintf(path, sizeof path, "claims/%s", name);
    snprintf(path, sizeof path, "%s", scratch_file(&scratch_place, path));
    check_ok(file_read_text(&text, path));
    machine = strstr(text, "machine ");
    assert_non_null(machine);
    machine[strlen("machine ")] = 'x';
    check_ok(file_write_text(path, text));
    free(text);
    struct timespec when[2];
    clock_gettime(CLOCK_REALTIME, &when[0]);
    when[0].tv_sec -= (time_t)age;
    when[1] = when[0];
    assert_int_equal(utimensat(AT_FDCWD, path, when, 0), 0);
}

static void test_a_silent_claim_of_another_machine_is_broken_after_the_lease(void **state)
{
    (void)state;
    claims far = open_claims(LONG_LEASE), here = open_claims(LONG_LEASE);
    claim_token theirs = take(&far, ONE);
    make_foreign(ONE, LONG_LEASE - 5);
    assert_false(got(take(&here, ONE)));
    assert_true(holds(ONE, theirs));
    check_ok(claims_renew(&far)); /* a sign of life makes it young again */
    struct stat info;
    assert_int_equal(stat(scratch_file(&scratch_place, "claims/" ONE), &info), 0);
    assert_true(difftime(time(NULL), info.st_mtime) < 5);
    make_foreign(ONE, LONG_LEASE + 5);
    claim_token ours = take(&here, ONE);
    assert_true(got(ours));
    assert_false(holds(ONE, theirs));
    assert_true(claims_has(&far, ONE));
    check_ok(claims_renew(&far)); /* it learns that it was lost, */
    assert_false(claims_has(&far, ONE));
    assert_true(holds(ONE, ours)); /* and has renewed and broken nothing */
    claims_close(&far);
    assert_true(holds(ONE, ours));
    claims_close(&here);
}

/* A clock was wrong: the time of the claim lies in the future. What counts is that it does not change while we look. */
static void test_a_claim_from_the_future_is_broken_after_a_lease(void **state)
{
    (void)state;
    claims far = open_claims(SHORT_LEASE), here = open_claims(SHORT_LEASE);
    claim_token theirs = take(&far, ONE);
    make_foreign(ONE, -86400);
    assert_false(got(take(&here, ONE)));
    clock_sleep(SHORT_LEASE / 2);
    make_foreign(ONE, -86500); /* it lives */
    assert_false(got(take(&here, ONE)));
    clock_sleep(SHORT_LEASE * 0.7);
    assert_false(got(take(&here, ONE)));
    assert_true(holds(ONE, theirs));
    clock_sleep(SHORT_LEASE * 0.7);
    assert_true(got(take(&here, ONE)));
    claims_close(&far);
    claims_close(&here);
}

/* All find the same stale claims at the same moment: one winner each. */
static void break_stale_claims(int number)
{
    claims c;
    must(!failed(claims_open(&c, scratch_place.path, LONG_LEASE)), "cannot open");
    while (!file_exists(scratch_file(&scratch_place, "go"))) clock_sleep(1e-4);
    for (int id = 1; id <= TASKS; id++) {
        char name[CLAIM_NAME], holder[CLAIM_HOLDER];
        claim_token token;
        snprintf(name, sizeof name, "%032d", id);
        must(!failed(claims_take(&token, holder, &c, name)), "cannot take");
        if (token.text[0] != '\0') note("winners", id);
    }
    while (!file_exists(scratch_file(&scratch_place, "leave"))) clock_sleep(1e-3);
    for (int i = 0; i < c.held_count; i++) {
        claim_fence fence = claim_fence_of(scratch_place.path, c.held[i].name, &c.held[i].token);
        if (!failed(claim_fence_check(&fence))) note("holders", atoi(c.held[i].name));
    }
    (void)number;
    _exit(0);
}

static void test_a_stale_claim_is_broken_by_one(void **state)
{
    (void)state;
    claims old = open_claims(LONG_LEASE);
    for (int id = 1; id <= TASKS; id++) {
        char name[CLAIM_NAME];
        snprintf(name, sizeof name, "%032d", id);
        assert_true(got(take(&old, name)));
        make_foreign(name, LONG_LEASE + 30);
    }
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) children[i] = start(break_stale_claims, i);
    check_ok(file_write_text(scratch_file(&scratch_place, "go"), ""));
    int seen[TASKS + 1] = {0}, rounds = 0;
    for (; rounds < 3000; rounds++) {
        memset(seen, 0, sizeof seen);
        clock_sleep(0.01);
        if (file_exists(scratch_file(&scratch_place, "winners")) && count_lines("winners", seen) >= TASKS) break;
    }
    clock_sleep(0.2); /* those who come too late */
    check_ok(file_write_text(scratch_file(&scratch_place, "leave"), ""));
    for (int i = 0; i < PROCESSES; i++) expect_end(children[i]);
    memset(seen, 0, sizeof seen);
    assert_int_equal(count_lines("holders", seen), TASKS);
    for (int id = 1; id <= TASKS; id++) assert_int_equal(seen[id], 1);
    claims_close(&old);
}

/* A file that a crash of the machine left without content belongs to nobody after a lease. */
static void test_an_empty_claim_is_broken_after_the_lease(void **state)
{
    (void)state;
    claims c = open_claims(SHORT_LEASE);
    check_ok(file_write_text(scratch_file(&scratch_place, "claims/" ONE), ""));
    assert_false(got(take(&c, ONE)));
    clock_sleep(1.5 * SHORT_LEASE);
    assert_true(got(take(&c, ONE)));
    claims_close(&c);
}

static plan_fixture *plan; /* one warm-up */

static record some_result(double value)
{
    record rec = plan_fixture_record(plan, 1);
    rec.test_loss = rec.seconds = value;
    return rec;
}

static run some_run(void)
{
    run r;
    memset(&r, 0, sizeof r);
    snprintf(r.directory, sizeof r.directory, "%s", scratch_place.path);
    static char nothing[] = "";
    r.config_text = r.network_text = nothing;
    check_ok(file_make_directory(scratch_file(&scratch_place, "tasks")));
    check_ok(file_make_directory(scratch_file(&scratch_place, "checkpoints")));
    return r;
}

static int count_files(const char *folder)
{
    char command[SCRATCH_PATH + 64], line[32] = "";
    snprintf(command, sizeof command, "ls %s | wc -l", scratch_file(&scratch_place, folder));
    FILE *list = popen(command, "r");
    assert_non_null(list);
    assert_non_null(fgets(line, sizeof line, list));
    pclose(list);
    return atoi(line);
}

static void test_who_lost_its_claim_publishes_nothing(void **state)
{
    (void)state;
    run r = some_run();
    const char *key = plan_fixture_key(plan, 1);
    claims slow = open_claims(LONG_LEASE), quick = open_claims(LONG_LEASE);
    claim_token lost = take(&slow, key);
    claim_fence before = claim_fence_of(scratch_place.path, key, &lost);
    char path[MAX_PATH_TEXT], warning[256];
    run_checkpoint_path(path, &r, key);
    int64_t step = 1;
    span state_of_task = {"step", &step, sizeof step};
    check_ok(checkpoint_write(path, key, &isa, &state_of_task, 1, &before));

    make_foreign(key, LONG_LEASE + 5);
    claim_token owned = take(&quick, key);
    claim_fence now = claim_fence_of(scratch_place.path, key, &owned);
    assert_true(got(owned));
    step = 7;
    check_ok(checkpoint_write(path, key, &isa, &state_of_task, 1, &now));

    /* The former owner wakes up. */
    step = 2;
    assert_int_equal(checkpoint_write(path, key, &isa, &state_of_task, 1, &before).code, STATUS_LOST);
    record rec = some_result(1);
    assert_int_equal(run_write_task(warning, &r, &rec, &before).code, STATUS_LOST);
    /* Whatever else goes wrong for it, such as files that the new owner has cleaned away, is no error. */
    char nowhere[MAX_PATH_TEXT];
    snprintf(nowhere, sizeof nowhere, "%.900s/nowhere/state.h5", scratch_place.path);
    assert_int_equal(checkpoint_write(nowhere, key, &isa, &state_of_task, 1, &before).code, STATUS_LOST);
    assert_int_equal(checkpoint_write(nowhere, key, &isa, &state_of_task, 1, &now).code, STATUS_IO);
    run elsewhere = r;
    snprintf(elsewhere.directory, sizeof elsewhere.directory, "%.900s/nowhere", scratch_place.path);
    assert_int_equal(run_write_task(warning, &elsewhere, &rec, &before).code, STATUS_LOST);
    assert_int_equal(run_write_task(warning, &elsewhere, &rec, &now).code, STATUS_IO);
    assert_int_equal(count_files("tasks"), 0);
    assert_int_equal(count_files("checkpoints"), 2); /* the file and its previous copy */
    bool found;
    check_ok(checkpoint_read(&found, warning, path, key, &isa, &state_of_task, 1));
    assert_true(found);
    assert_int_equal(step, 7);

    check_ok(run_write_task(warning, &r, &rec, &now));
    assert_string_equal(warning, "");
    assert_int_equal(count_files("tasks"), 1);
    record_free(&rec);
    claims_close(&slow);
    claims_close(&quick);
}

static void test_a_result_is_never_replaced(void **state)
{
    (void)state;
    run r = some_run();
    const char *key = plan_fixture_key(plan, 1);
    char warning[256];
    record first = some_result(1), equal = some_result(1), other = some_result(1), back;
    equal.seconds = 99;
    other.test_loss = 2;
    check_ok(run_write_task(warning, &r, &first, NULL));
    check_ok(run_write_task(warning, &r, &equal, NULL)); /* finished twice, by two jobs, with one result */
    assert_string_equal(warning, "");
    check_ok(run_write_task(warning, &r, &other, NULL));
    char words[128];
    snprintf(words, sizeof words, "task %.8s was finished twice with different results (test_loss)", key);
    assert_non_null(strstr(warning, words));
    check_ok(run_read_task(&back, &r, key));
    assert_true(back.test_loss == 1 && back.seconds == 1);
    record_free(&back);
    assert_int_equal(count_files("tasks"), 1);

    /* What is damaged is no result. */
    char path[MAX_PATH_TEXT];
    run_task_path(path, &r, key);
    assert_int_equal(truncate(path, 500), 0);
    check_ok(run_write_task(warning, &r, &other, NULL));
    assert_non_null(strstr(warning, "damaged"));
    check_ok(run_read_task(&back, &r, key));
    assert_true(back.test_loss == 2);
    record_free(&back);
    record_free(&first);
    record_free(&equal);
    record_free(&other);
}

/* Whatever people keep in a run directory is theirs. */
static void test_files_of_users_are_not_cleaned_away(void **state)
{
    (void)state;
    run r = some_run();
    (void)r;
    claims c = open_claims(LONG_LEASE);
    static const char *const names[] = {"front.tmpl.py",    ".my-analysis-notes.txt",  "notes.tmp",
                                        "tasks/mine.tmp-1", "tasks/.0123456789abcdef", "claims/.my-analysis-notes.txt",
                                        "old.tmp-backup",   "checkpoints/copy.h5.tmp"};
    struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_ok(file_write_text(scratch_file(&scratch_place, names[i]), "mine"));
        assert_int_equal(utimensat(AT_FDCWD, scratch_file(&scratch_place, names[i]), long_ago, 0), 0);
    }
    check_ok(claims_clean(&c));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!file_exists(scratch_file(&scratch_place, names[i]))) fail_msg("%s is gone", names[i]);
    claims_close(&c);
}

static void test_what_killed_jobs_left_is_removed(void **state)
{
    (void)state;
    run r = some_run();
    (void)r;
    claims gone = open_claims(LONG_LEASE), c = open_claims(LONG_LEASE);
    claim_token lost = take(&gone, ONE), kept;
    char temporary[128];
    snprintf(temporary, sizeof temporary, "tasks/" ONE ".h5.tmp-%s", lost.text);
    check_ok(file_write_text(scratch_file(&scratch_place, temporary), "half a result"));
    claims_release(&gone, ONE);
    kept = take(&c, TWO);
    snprintf(temporary, sizeof temporary, "checkpoints/" TWO ".h5.tmp-%s", kept.text);
    check_ok(file_write_text(scratch_file(&scratch_place, temporary), "half a checkpoint, being written"));
    check_ok(file_write_text(scratch_file(&scratch_place, "results.h5.tmp-0123"), "half, perhaps being written"));
    check_ok(file_write_text(scratch_file(&scratch_place, "tasks/" THREE ".h5"), "a result"));
    check_ok(claims_clean(&c));
    assert_int_equal(count_files("tasks"), 1);
    assert_true(file_exists(scratch_file(&scratch_place, temporary)));
    assert_true(file_exists(scratch_file(&scratch_place, "results.h5.tmp-0123")));
    struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_file(&scratch_place, "results.h5.tmp-0123"), long_ago, 0), 0);
    check_ok(claims_clean(&c));
    assert_false(file_exists(scratch_file(&scratch_place, "results.h5.tmp-0123")));
    claims_close(&gone);
    claims_close(&c);
}

static int make_plan(void **state)
{
    (void)state;
    plan = plan_fixture_new(1, 0);
    return 0;
}

static int free_plan(void **state)
{
    (void)state;
    plan_fixture_free(plan);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_eight_processes_do_every_task_exactly_once),
        scratch_test(test_one_holder_until_it_is_released),
        scratch_test(test_the_holder_is_named),
        scratch_test(test_a_dead_process_of_this_machine_loses_its_claim_at_once),
        scratch_test(test_a_silent_claim_of_another_machine_is_broken_after_the_lease),
        scratch_test(test_a_claim_from_the_future_is_broken_after_a_lease),
        scratch_test(test_files_of_users_are_not_cleaned_away),
        scratch_test(test_a_stale_claim_is_broken_by_one),
        scratch_test(test_an_empty_claim_is_broken_after_the_lease),
        scratch_test(test_who_lost_its_claim_publishes_nothing),
        scratch_test(test_a_result_is_never_replaced),
        scratch_test(test_what_killed_jobs_left_is_removed),
    };
    return cmocka_run_group_tests(tests, make_plan, free_plan);
}
