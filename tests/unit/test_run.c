/* links: results */
/* The run directory: what is stored comes back, and what does not belong is not used. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/io/h5.h"
#include "results/file/provenance.h"
#include "results/run/run_copy.h"
#include "results/run/run_inventory.h"
#include "tests/support/file_limit.h"
#include "tests/support/run_fixture.h"

static void check_equal(const record *a, const record *b)
{
    const task *x = &a->task, *y = &b->task;
    assert_true(x->id == y->id && x->point == y->point && x->seed == y->seed && x->strength == y->strength);
    assert_true(x->bits == y->bits && x->step == y->step && x->target == y->target);
    assert_string_equal(x->key, y->key);
    assert_string_equal(x->kind, y->kind);
    assert_string_equal(x->strategy, y->strategy);
    assert_string_equal(x->cost_model, y->cost_model);
    assert_string_equal(a->parents, b->parents);
    assert_string_equal(a->options, b->options);
    assert_string_equal(a->identity, b->identity);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->reason, b->reason);
    assert_true(a->validation_accuracy == b->validation_accuracy && a->validation_loss == b->validation_loss);
    assert_true(a->test_accuracy == b->test_accuracy && a->test_loss == b->test_loss);
    assert_true(a->integer_accuracy == b->integer_accuracy);
    assert_string_equal(a->integer_reason, b->integer_reason);
    assert_true(a->epochs == b->epochs && a->seconds == b->seconds);
    assert_int_equal(a->cost_count, b->cost_count);
    for (int i = 0; i < a->cost_count; i++) {
        assert_string_equal(a->costs[i].name, b->costs[i].name);
        assert_string_equal(a->costs[i].unit, b->costs[i].unit);
        assert_string_equal(a->costs[i].description, b->costs[i].description);
        assert_true(a->costs[i].value == b->costs[i].value);
    }
    assert_int_equal(a->epoch_count, b->epoch_count);
    assert_memory_equal(a->curve, b->curve, (size_t)a->epoch_count * sizeof *a->curve);
    assert_int_equal(a->allocation_count, b->allocation_count);
    for (int i = 0; i < a->allocation_count; i++) {
        assert_string_equal(a->allocations[i].layer, b->allocations[i].layer);
        assert_int_equal(a->allocations[i].channels, b->allocations[i].channels);
        assert_int_equal(a->allocations[i].input_bits, b->allocations[i].input_bits);
        assert_memory_equal(a->allocations[i].bits, b->allocations[i].bits, (size_t)a->allocations[i].channels);
    }
    assert_int_equal(a->tensor_count, b->tensor_count);
    for (int i = 0; i < a->tensor_count; i++) {
        const record_tensor *s = &a->tensors[i], *t = &b->tensors[i];
        assert_string_equal(s->name, t->name);
        assert_int_equal(s->rank, t->rank);
        size_t count = 1;
        for (int d = 0; d < s->rank; d++) {
            assert_int_equal(s->dims[d], t->dims[d]);
            count *= s->dims[d];
        }
        assert_memory_equal(s->data, t->data, count * sizeof *s->data);
    }
}

static void test_a_task_comes_back_as_it_was(void **state)
{
    (void)state;
    run r = open_run();
    char warning[256];
    for (int id = 1; id <= 3; id++) {
        record rec = make_record(id, id == 3 ? RECORD_FAILED : RECORD_DONE), back;
        assert_false(is_finished(warning, &r, id));
        assert_string_equal(warning, "");
        check_ok(run_write_task(warning, &r, &rec, NULL));
        bool finished;
        record_state how;
        check_ok(run_task_state(&finished, &how, warning, &r, rec.task.key));
        assert_true(finished && how == rec.state);
        check_ok(run_check_task(&finished, warning, &r, rec.task.key));
        assert_true(finished);
        check_ok(run_read_task(&back, &r, rec.task.key));
        check_equal(&rec, &back);
        record_free(&rec);
        record_free(&back);
    }
    run_close(&r);
}

/* Only the provenance holds the time, in seconds: two files of the same second are the same bytes. */
static void test_equal_records_give_equal_bytes(void **state)
{
    (void)state;
    run r = open_run();
    char path[MAX_PATH_TEXT], before[24], after[24], *first, *second;
    size_t first_size, second_size;
    run_task_path(path, &r, plan_fixture_key(plan, 2));
    do {
        clock_utc(before);
        unlink(path);
        write_record(&r, 2, RECORD_DONE);
        first_size = read_bytes(&first, path);
        assert_int_equal(unlink(path), 0);
        write_record(&r, 2, RECORD_DONE);
        second_size = read_bytes(&second, path);
        clock_utc(after);
        bool same = first_size == second_size && memcmp(first, second, first_size) == 0;
        free(first);
        free(second);
        if (strcmp(before, after) == 0) assert_true(same);
    } while (strcmp(before, after) != 0);
    run_close(&r);
}

static void check_text_file(const char *name, const char *expected)
{
    char *text;
    check_ok(file_read_text(&text, inside(name)));
    assert_string_equal(text, expected);
    free(text);
}

/* Another configuration, network or data set is another plan, which the directory describes from then on. What was
 * finished stays; nobody may change the plan of a job at work. */
static void test_a_directory_may_be_opened_for_another_plan(void **state)
{
    (void)state;
    run r = open_run();
    write_record(&r, 2, RECORD_DONE);
    run_close(&r);
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    run_close(&r);
    static const char other_network[] = "name = \"big\";";
    const struct {
        const char *config, *network, *data;
    } plans[] = {{CHANGED, NETWORK, DATA}, {CHANGED, other_network, DATA}, {CHANGED, other_network, "sha256:9999"}};
    for (int i = 0; i < 3; i++) {
        assert_true(opens(&r, plans[i].config, plans[i].network, plans[i].data));
        run_close(&r);
        check_text_file("config.cfg", plans[i].config);
        check_text_file("network.cfg", plans[i].network);
        check_text_file("data.checksum", plans[i].data);
        assert_false(opens(&r, plans[i].config, plans[i].network, plans[i].data));
        run_close(&r);
    }
    char warning[256];
    assert_true(opens(&r, CONFIG, NETWORK, DATA));
    assert_true(is_finished(warning, &r, 2));
    run_close(&r);

    claims job;
    claim_token token;
    char holder[CLAIM_HOLDER];
    bool changed;
    check_ok(claims_open(&job, directory, 60));
    check_ok(claims_take(&token, holder, &job, RUN_LEAD));
    status s = run_open(&r, directory, CHANGED, NETWORK, DATA, &changed);
    check_says(s, "is at work in");
    check_says(s, "another configuration");
    check_says(s, "--out");
    assert_int_equal(s.code, STATUS_CONFIG);
    check_text_file("config.cfg", CONFIG);
    assert_false(opens(&r, CONFIG, NETWORK, DATA)); /* beside it, on the same plan */
    run_close(&r);
    claims_close(&job);
    assert_true(opens(&r, CHANGED, NETWORK, DATA));
    run_close(&r);
}

static void test_a_directory_of_version_0_1_is_refused_in_one_sentence(void **state)
{
    (void)state;
    run r = open_run();
    bool changed;
    run_close(&r);
    check_ok(file_write_text(inside("tasks/000007.h5"), "results were named by number"));
    const status refusals[] = {run_open(&r, directory, CHANGED, NETWORK, DATA, &changed), run_open_read(&r, directory)};
    for (int i = 0; i < 2; i++) {
        check_says(refusals[i], "was made by bitfront 0.1");
        check_says(refusals[i], "--out");
        assert_int_equal(refusals[i].code, STATUS_CONFIG);
        assert_null(strchr(refusals[i].message, '\n'));
    }
    check_text_file("config.cfg", CONFIG);
    check_text_file("tasks/000007.h5", "results were named by number");

    /* As the sentence says. */
    assert_int_equal(unlink(inside("tasks/000007.h5")), 0);
    assert_int_equal(rmdir(inside("tasks")), 0);
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    write_record(&r, 2, RECORD_DONE);
    run_close(&r);
}

static void test_a_directory_of_something_else_is_refused(void **state)
{
    (void)state;
    run r;
    bool changed;
    check_ok(file_make_directory(directory));
    check_ok(file_write_text(inside("thesis.tex"), "\\end"));
    check_says(run_open(&r, directory, CONFIG, NETWORK, DATA, &changed), "holds 'thesis.tex' but no config.cfg");
    assert_false(file_exists(inside("tasks")));
    assert_int_equal(unlink(inside("thesis.tex")), 0);
    /* what a start leaves that was killed before its last step */
    check_ok(file_make_directory(inside("tasks")));
    check_ok(file_write_text(inside("network.cfg"), "half"));
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    run_close(&r);
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    run_close(&r);

    char below[SCRATCH_PATH + 256];
    snprintf(below, sizeof below, "%s", inside("config.cfg/deeper"));
    check_says(run_open(&r, below, CONFIG, NETWORK, DATA, &changed), "config.cfg");
    if (geteuid() == 0) return; /* the administrator may write everywhere */
    char closed[SCRATCH_PATH + 16];
    snprintf(closed, sizeof closed, "%s/closed", scratch_place.path);
    assert_int_equal(mkdir(closed, 0555), 0);
    check_says(run_open(&r, closed, CONFIG, NETWORK, DATA, &changed), "Permission denied");
}

static void test_a_full_disk_is_noticed_at_the_start_and_leaves_no_parts(void **state)
{
    (void)state;
    run r;
    bool changed;
    rlim_t old = file_limit_set(100);
    status s = run_open(&r, directory, CONFIG, NETWORK, DATA, &changed);
    file_limit_set(old);
    check_says(s, "cannot write into");

    r = open_run();
    write_record(&r, 1, RECORD_DONE);
    check_ok(run_snapshot(&r, &plan->plan));
    record rec = make_record(2, RECORD_DONE);
    char *kept, *now, warning[256], words[32];
    snprintf(words, sizeof words, "task %.8s", rec.task.key);
    size_t size = read_bytes(&kept, inside("results.h5"));
    file_limit_set(5000);
    status task_written = run_write_task(warning, &r, &rec, NULL), shot = run_snapshot(&r, &plan->plan);
    file_limit_set(old);
    check_says(task_written, "File too large");
    check_says(task_written, words);
    check_says(shot, "File too large");
    assert_false(is_finished(warning, &r, 2));
    assert_false(file_exists(task_file(2, ".tmp-alone")));
    assert_false(file_exists(inside("results.h5.tmp-alone")));
    assert_int_equal(read_bytes(&now, inside("results.h5")), size);
    assert_memory_equal(kept, now, size);
    free(kept);
    free(now);
    check_ok(run_write_task(warning, &r, &rec, NULL));
    check_ok(run_snapshot(&r, &plan->plan));
    record_free(&rec);
    run_close(&r);
}

static void test_results_of_other_plans_stay_and_are_counted(void **state)
{
    (void)state;
    run r = open_run();
    run_inventory found;
    for (int id = 1; id <= 4; id++) write_record(&r, id, id == 3 ? RECORD_FAILED : RECORD_DONE);
    check_ok(file_write_text(inside("tasks/README"), "not a result"));
    check_ok(file_write_text(task_file(5, ".damaged"), "not a result either"));
    task_plan two = plan->plan;
    two.count = 2;
    two.slot_count = 0; /* finds nothing: all are of other plans */
    int others;
    check_ok(run_inventory_others(&others, &r, &two));
    assert_int_equal(others, 4);
    plan_fixture *smaller = plan_fixture_new(1, 0);
    check_ok(run_inventory_others(&others, &r, &smaller->plan));
    assert_int_equal(others, 3);
    check_ok(run_inventory_read(&found, &r));
    assert_int_equal(found.count, 4);
    assert_int_equal(run_inventory_planned(&found, &plan->plan), 4);
    for (int id = 1; id <= 5; id++) {
        int place = run_inventory_find(&found, plan_fixture_key(plan, id));
        assert_true(id <= 4 ? place >= 0 : place == -1);
        if (place >= 0) assert_string_equal(found.keys[place], plan_fixture_key(plan, id));
    }
    run_inventory_free(&found);
    assert_int_equal(run_inventory_find(&found, plan_fixture_key(plan, 1)), -1);

    check_ok(run_snapshot(&r, &smaller->plan));
    h5_id file;
    size_t rows;
    check_ok(h5_open_read(&file, inside("results.h5")));
    check_ok(h5_dims(file, "points/id", 1, &rows));
    assert_int_equal(rows, 1);
    check_ok(h5_close(file));
    for (int id = 1; id <= 4; id++) assert_true(file_exists(task_file(id, "")));
    plan_fixture_free(smaller);
    run_close(&r);
}

static run open_beside(const char *name)
{
    run r;
    bool changed;
    char path[SCRATCH_PATH + 32];
    snprintf(path, sizeof path, "%s/runs/%s", scratch_place.path, name);
    check_ok(run_open(&r, path, CHANGED, NETWORK, DATA, &changed));
    return r;
}

static void test_finished_tasks_of_another_run_are_taken_over(void **state)
{
    (void)state;
    run from = open_run(), to = open_beside("to");
    char path[MAX_PATH_TEXT], other[MAX_PATH_TEXT], *told = NULL, warning[256];
    size_t size;
    struct stat a, b;
    int taken;
    for (int id = 1; id <= 4; id++) write_record(&from, id, id == 3 ? RECORD_FAILED : RECORD_DONE);
    assert_int_equal(truncate(task_file(4, ""), 2000), 0);
    write_record(&to, 2, RECORD_DONE);
    FILE *words = open_memstream(&told, &size);
    assert_non_null(words);
    check_ok(run_reuse(&taken, words, &to, &from, &plan->plan, "me"));
    fclose(words);
    assert_int_equal(taken, 1); /* the warm-up: 2 is there, 3 has failed, 4 is damaged, 5 not finished */
    assert_non_null(strstr(told, "not used: "));
    assert_non_null(strstr(told, plan_fixture_key(plan, 4)));
    free(told);
    for (int id = 1; id <= 5; id++) assert_int_equal(is_finished(warning, &to, id), id <= 2);
    run_task_path(path, &from, plan_fixture_key(plan, 1));
    run_task_path(other, &to, plan_fixture_key(plan, 1));
    assert_true(stat(path, &a) == 0 && stat(other, &b) == 0);
    assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev); /* no second copy on the disk */
    assert_true(file_exists(task_file(4, "")));                /* of another run: left alone */
    check_ok(run_reuse(&taken, NULL, &to, &from, &plan->plan, "me"));
    assert_int_equal(taken, 0);
    run_close(&from);
    run_close(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_task_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_equal_records_give_equal_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_may_be_opened_for_another_plan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_of_version_0_1_is_refused_in_one_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_of_something_else_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_noticed_at_the_start_and_leaves_no_parts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_results_of_other_plans_stay_and_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_finished_tasks_of_another_run_are_taken_over, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_plan, tear_down_plan);
}
