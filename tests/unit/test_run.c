/* links: results */
/* The run directory: what is stored comes back, what does not belong is not used, what breaks breaks nothing else. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/io/h5.h"
#include "results/file/provenance.h"
#include "core/io/seal.h"
#include "results/file/task_file.h"
#include "results/file/task_mark.h"
#include "results/run/run.h"
#include "results/run/run_look.h"
#include "results/run/run_copy.h"
#include "results/run/run_inventory.h"
#include "tests/support/file_limit.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

static const char CONFIG[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char CHANGED[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 64;\n"
                              "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char NETWORK[] = "name = \"tiny\"; layers = ( );\n", DATA[] = "sha256:0123";

static char directory[SCRATCH_PATH + 16];
static plan_fixture *plan; /* a warm-up and four points, which start from it */

static int set_up_plan(void **state)
{
    (void)state;
    plan = plan_fixture_new(1, 0);
    for (int id = 2; id <= 5; id++)
        plan_fixture_add(
            plan,
            &(task){.point = true, .seed = UINT64_MAX - 5, .strength = 2.5, .bits = 4, .step = id, .target = 0.1 * id},
            (const int[]){1, 0});
    return 0;
}

static int tear_down_plan(void **state)
{
    (void)state;
    plan_fixture_free(plan);
    return 0;
}

static int set_up(void **state)
{
    int result = scratch_set_up(state);
    snprintf(directory, sizeof directory, "%s/runs/demo", scratch_place.path);
    return result;
}

static int tear_down(void **state)
{
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    return scratch_tear_down(state);
}

static const char *inside(const char *name)
{
    static char path[4][SCRATCH_PATH + 256];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", directory, name);
    return out;
}

/* The file of a task; `more` follows its name. */
static const char *task_file(int id, const char *more)
{
    char name[96];
    snprintf(name, sizeof name, "tasks/%s.h5%s", plan_fixture_key(plan, id), more);
    return inside(name);
}

static bool opens(run *out, const char *config, const char *network, const char *data)
{
    bool changed;
    check_ok(run_open(out, directory, config, network, data, &changed));
    return changed;
}

static run open_run(void)
{
    run r;
    assert_false(opens(&r, CONFIG, NETWORK, DATA));
    return r;
}

/* A record whose every number tells where it belongs. Layers and tensors are not in alphabetical order. */
static record make_record(int id, record_state state)
{
    static const char *const layers[] = {"stem", "b1.c1", "head"};
    record r = plan_fixture_record(plan, id);
    const bool point = r.task.point;
    r.state = state;
    r.validation_accuracy = 0.5 + id / 100.0;
    r.validation_loss = 1.25;
    r.test_accuracy = 0.25 + id / 100.0;
    r.test_loss = 1.5;
    r.epochs = 3;
    r.seconds = 12.5;
    if (state == RECORD_FAILED) snprintf(r.reason, sizeof r.reason, "loss \"not finite\" at step 7 \xe2\x89\xa0");
    r.curve = calloc(3, sizeof *r.curve);
    r.allocations = calloc(3, sizeof *r.allocations);
    r.tensors = calloc(3, sizeof *r.tensors);
    assert_true(r.curve != NULL && r.allocations != NULL && r.tensors != NULL);
    if (state == RECORD_FAILED) return r;
    if (point) {
        r.cost_count = 2;
        r.costs[0] = (record_cost){"size_bits", "bits", "bits of the kept weights", 1000.0 * id};
        r.costs[1] = (record_cost){"mpic_cycles", "cycles", "cycles of an inference", 7.0 * id};
    }
    r.epoch_count = 3;
    for (int e = 0; e < 3; e++)
        r.curve[e] = (record_epoch){(phase_kind)e, "stage",   e,       1.0 / (e + 1), 0.1 * e, 2.0 / (e + 1),
                                    0.2 * e,       100.0 - e, 5.0 - e, 0.001 * e,     0.5 + e};
    for (int i = 0; i < 3; i++) {
        record_allocation *a = &r.allocations[r.allocation_count++];
        record_tensor *t = &r.tensors[r.tensor_count++];
        snprintf(a->layer, sizeof a->layer, "%s", layers[i]);
        a->channels = 4 + i;
        a->input_bits = 8 >> i;
        a->bits = malloc(8);
        assert_non_null(a->bits);
        for (int c = 0; c < a->channels; c++) a->bits[c] = (int8_t)(c % 3 == 0 ? 0 : c % 3 == 1 ? 8 : 2);
        snprintf(t->name, sizeof t->name, "%s.weight", layers[i]);
        t->rank = i == 0 ? 0 : i == 1 ? 4 : 1;
        size_t count = 1;
        for (int d = 0; d < t->rank; d++) count *= t->dims[d] = (size_t)(20 + d);
        t->data = malloc(count * sizeof *t->data);
        assert_non_null(t->data);
        for (size_t k = 0; k < count; k++) t->data[k] = (float)(id + (int)(k % 97) * 0.37);
    }
    return r;
}

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

static void write_record(const run *r, int id, record_state state)
{
    record rec = make_record(id, state);
    char told[256];
    check_ok(run_write_task(told, r, &rec, NULL));
    assert_string_equal(told, "");
    record_free(&rec);
}

static bool is_finished(char warning[256], const run *r, int id)
{
    bool finished;
    record_state state;
    check_ok(run_task_state(&finished, &state, warning, r, plan_fixture_key(plan, id)));
    return finished;
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

static size_t read_bytes(char **out, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *out = malloc(size + 1);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, size, file), size);
    fclose(file);
    return size;
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

static void test_a_damaged_task_is_moved_aside_and_runs_again(void **state)
{
    (void)state;
    run r = open_run();
    char warning[256], words[64];
    record rec;
    write_record(&r, 2, RECORD_DONE);
    assert_int_equal(truncate(task_file(2, ""), 3000), 0);
    check_says(run_read_task(&rec, &r, plan_fixture_key(plan, 2)), "end mark");
    assert_false(is_finished(warning, &r, 2));
    snprintf(words, sizeof words, "task %.8s runs again", plan_fixture_key(plan, 2));
    assert_non_null(strstr(warning, words));
    assert_true(file_exists(task_file(2, ".damaged")));
    assert_false(file_exists(task_file(2, "")));
    write_record(&r, 3, RECORD_DONE);
    assert_int_equal(rename(task_file(3, ""), task_file(2, "")), 0); /* sound, but of another task */
    check_says(run_read_task(&rec, &r, plan_fixture_key(plan, 2)), "it was renamed");
    assert_false(is_finished(warning, &r, 2));
    snprintf(words, sizeof words, "holds task %.8s", plan_fixture_key(plan, 3));
    assert_non_null(strstr(warning, words));
    run_close(&r);
}

/* ---- files that somebody changed, and gave a right seal ---- */

/* Ends the file at `path` anew: without mark when `id` is 0. */
static void seal_again(const char *path, int id, record_state how)
{
    task_mark mark = {.state = how};
    if (id != 0) {
        memcpy(mark.key, plan_fixture_key(plan, id), TASK_KEY);
        check_ok(task_mark_append(path, &mark));
    }
    check_ok(seal_append(path));
}

/* Changes an attribute of /record by HDF5, which cuts off mark and seal. */
static void set_text(const char *path, const char *name, const char *text)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    check_ok(h5_set_text(file, "record", name, text));
    assert_true(H5Fclose(file) >= 0);
}

static void set_number(const char *path, const char *name, double value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    check_ok(h5_set_number(file, "record", name, value));
    assert_true(H5Fclose(file) >= 0);
}

static void check_not_used(run *r, int id, const char *words)
{
    char warning[256], *kept, *moved;
    bool sound, finished;
    record rec;
    record_state how;
    const char *key = plan_fixture_key(plan, id);
    size_t size = read_bytes(&kept, task_file(id, ""));
    check_says(run_read_task(&rec, r, key), words);
    check_ok(run_task_state(&finished, &how, warning, r, key));
    if (finished) check_ok(run_check_task(&sound, warning, r, key)); /* the mark alone does not tell it */
    assert_false(finished && sound);
    assert_non_null(strstr(warning, "runs again"));
    assert_false(file_exists(task_file(id, "")));
    assert_int_equal(read_bytes(&moved, task_file(id, ".damaged")), size); /* not deleted */
    assert_memory_equal(kept, moved, size);
    free(kept);
    free(moved);

    /* A snapshot does not take it either, and says what to do. */
    assert_int_equal(rename(task_file(id, ".damaged"), task_file(id, "")), 0);
    status shot = run_snapshot(r, &plan->plan);
    assert_int_equal(shot.code, STATUS_DATA);
    check_says(shot, "is to be run again by the same command");
    assert_true(file_exists(task_file(id, ".damaged")));
    check_ok(run_snapshot(r, &plan->plan));
    assert_int_equal(rename(task_file(id, ".damaged"), task_file(id, "")), 0);
    assert_int_equal(unlink(task_file(id, "")), 0);
}

static void test_changed_files_with_a_right_seal_are_not_used(void **state)
{
    (void)state;
    run r = open_run();
    write_record(&r, 2, RECORD_DONE);
    set_text(task_file(2, ""), "key", plan_fixture_key(plan, 3)); /* says it is another task */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "is not that of what it holds");

    write_record(&r, 2, RECORD_DONE);
    set_number(task_file(2, ""), "strength", 7); /* was asked for something else */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "its attributes are not those of task");

    write_record(&r, 2, RECORD_FAILED);
    assert_int_equal(truncate(task_file(2, ""), 0), 0); /* nothing but an end */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, plan_fixture_key(plan, 2));

    write_record(&r, 2, RECORD_FAILED);
    set_number(task_file(2, ""), "strength", 2.5); /* the same, but the mark says it is done */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "but is marked as");

    write_record(&r, 2, RECORD_DONE);
    set_number(task_file(2, ""), "strength", 2.5);
    seal_again(task_file(2, ""), 0, RECORD_DONE);
    check_not_used(&r, 2, "does not say which task");

    /* A whole other task under the name and with the mark of this one. */
    write_record(&r, 3, RECORD_DONE);
    assert_int_equal(rename(task_file(3, ""), task_file(2, "")), 0);
    set_number(task_file(2, ""), "strength", 2.5);
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_not_used(&r, 2, "but is marked as");
    run_close(&r);
}

static void test_what_a_task_is_called_the_plan_says(void **state)
{
    (void)state;
    run r = open_run();
    h5_id file;
    char **texts;
    size_t count;
    write_record(&r, 2, RECORD_DONE);
    set_text(task_file(2, ""), "strategy", "other"); /* no part of the identity: a name in a sweep */
    seal_again(task_file(2, ""), 2, RECORD_DONE);
    check_ok(run_snapshot(&r, &plan->plan));
    check_ok(h5_open_read(&file, inside("results.h5")));
    check_ok(h5_read_strings(&texts, &count, file, "points/strategy"));
    assert_int_equal(count, 1);
    assert_string_equal(texts[0], "joint");
    free(texts);
    check_ok(h5_close(file));
    run_close(&r);
}

/* ---- results of other plans, and other runs ---- */

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

static void check_column(h5_id points, const char *name, const double *expected, size_t count)
{
    double values[8];
    check_ok(h5_read(points, name, H5_F64, count, values));
    for (size_t i = 0; i < count; i++)
        if (!(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i]))))
            fail_msg("%s[%zu] is %g instead of %g", name, i, values[i], expected[i]);
}

static void check_texts(h5_id points, const char *name, const char *const *expected, size_t count)
{
    char **texts;
    size_t found;
    check_ok(h5_read_strings(&texts, &found, points, name));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(texts[i], expected[i]);
    free(texts);
}

static void test_the_snapshot_holds_every_finished_task(void **state)
{
    (void)state;
    run r = open_run();
    check_ok(run_snapshot(&r, &plan->plan)); /* nothing finished yet: a valid file with empty columns */
    write_record(&r, 5, RECORD_DONE);
    write_record(&r, 1, RECORD_DONE);
    write_record(&r, 3, RECORD_FAILED);
    write_record(&r, 2, RECORD_DONE);
    check_ok(run_snapshot(&r, &plan->plan));

    h5_id file, points, own;
    check_ok(h5_open_read(&file, inside("results.h5")));
    check_ok(h5_group_open(&points, file, "points"));
    check_column(points, "id", (double[]){1, 2, 3, 5}, 4);
    check_column(points, "size_bits", (double[]){NAN, 2000, NAN, 5000}, 4);
    check_column(points, "mpic_cycles", (double[]){NAN, 14, NAN, 35}, 4);
    check_column(points, "test_accuracy", (double[]){0.26, 0.27, NAN, 0.3}, 4);
    check_column(points, "step", (double[]){0, 2, 3, 5}, 4);
    check_column(points, "target", (double[]){0, 0.1 * 2, 0.1 * 3, 0.1 * 5}, 4);
    check_column(points, "bits", (double[]){0, 4, 4, 4}, 4);
    const char *k[] = {plan_fixture_key(plan, 1), plan_fixture_key(plan, 2), plan_fixture_key(plan, 3),
                       plan_fixture_key(plan, 5)};
    check_texts(points, "key", k, 4);
    check_texts(points, "parents", (const char *[]){"", k[0], k[0], k[0]}, 4);
    check_texts(points, "options", (const char *[]){"", "", "", ""}, 4);
    check_texts(points, "role", (const char *[]){"state", "point", "point", "point"}, 4);
    check_texts(points, "kind", (const char *[]){"warmup", "joint", "joint", "joint"}, 4);
    check_texts(points, "state", (const char *[]){"done", "done", "failed", "done"}, 4);
    check_texts(points, "reason", (const char *[]){"", "", "loss \"not finite\" at step 7 \xe2\x89\xa0", ""}, 4);
    char files[4][64];
    for (int i = 0; i < 4; i++) snprintf(files[i], sizeof files[i], "tasks/%s.h5", k[i]);
    check_texts(points, "file", (const char *[]){files[0], files[1], files[2], files[3]}, 4);
    h5_group_close(points);

    /* The copy of a task and its own file hold the same. */
    float copy[20 * 21 * 22 * 23], original[20 * 21 * 22 * 23];
    size_t count = sizeof copy / sizeof copy[0];
    h5_id group;
    snprintf(files[0], sizeof files[0], "tasks/%s", k[3]);
    check_ok(h5_group_open(&group, file, files[0]));
    check_ok(h5_read(group, "model/b1.c1.weight", H5_F32, count, copy));
    check_ok(h5_open_read(&own, task_file(5, "")));
    check_ok(h5_read(own, "model/b1.c1.weight", H5_F32, count, original));
    check_ok(h5_close(own));
    assert_memory_equal(copy, original, sizeof copy);
    assert_true(h5_exists(group, "curve/validation_loss"));
    assert_true(h5_exists(group, "allocation/stem/bits"));
    h5_group_close(group);
    snprintf(files[0], sizeof files[0], "tasks/%s", plan_fixture_key(plan, 4));
    assert_false(h5_exists(file, files[0]));

    char *text;
    check_ok(h5_get_text(&text, file, ".", "config"));
    assert_string_equal(text, CONFIG);
    free(text);
    check_ok(h5_get_text(&text, file, "provenance", "revision"));
    assert_string_equal(text, provenance_revision());
    free(text);
    check_ok(h5_close(file));
    run_close(&r);
}

/* How many data sets, and the first of them without a unit or a description. */
typedef struct {
    int sets;
    char bare[256];
} survey;

static herr_t look_at(hid_t object, const char *name, const H5O_info_t *info, void *data)
{
    survey *s = data;
    if (info->type != H5O_TYPE_DATASET) return 0;
    s->sets++;
    static const char *const wanted[] = {"unit", "description"};
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        status got = h5_get_text(&text, object, name, wanted[i]);
        if (failed(got) || text[0] == 0) snprintf(s->bare, sizeof s->bare, "%s has no %s", name, wanted[i]);
        free(text);
    }
    return s->bare[0] != 0;
}

static survey look_through(const char *path)
{
    survey s = {0};
    h5_id file;
    check_ok(h5_open_read(&file, path));
    assert_true(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, look_at, &s, H5O_INFO_BASIC) >= 0);
    check_ok(h5_close(file));
    return s;
}

static void test_every_data_set_has_a_unit_and_a_description(void **state)
{
    (void)state;
    run r = open_run();
    for (int id = 1; id <= 3; id++) write_record(&r, id, id == 3 ? RECORD_FAILED : RECORD_DONE);
    check_ok(run_snapshot(&r, &plan->plan));
    survey one = look_through(task_file(2, "")), all = look_through(inside("results.h5"));
    assert_string_equal(one.bare, "");
    assert_string_equal(all.bare, "");
    assert_int_equal(one.sets, 2 + 11 + 3 + 3);      /* costs, curve, allocation, model */
    assert_int_equal(all.sets, 26 + (17 + 19 + 11)); /* columns; warm-up, point, failed point */
    run_close(&r);

    h5_id file; /* the survey itself does notice one */
    check_ok(h5_create(&file, inside("bare.h5")));
    check_ok(h5_write(file, "x", H5_F64, 0, NULL, &(double){1}, (h5_about){"s", "time"}));
    check_ok(h5_set_text(file, "x", "description", ""));
    check_ok(h5_close(file));
    assert_string_equal(look_through(inside("bare.h5")).bare, "x has no description");
}

static void test_the_log_is_one_json_object_a_line(void **state)
{
    (void)state;
    run r = open_run();
    char fields[600], quoted[500], *text;
    const char *awkward = "a \"quoted\" \\ back\nslash \xc3\xa4";
    run_json_text(quoted, sizeof quoted, awkward);
    snprintf(fields, sizeof fields, "\"task\":7,\"reason\":%s", quoted);
    check_ok(run_log(&r, "start", ""));
    check_ok(run_log(&r, "failed", fields));
    run_json_text(quoted, sizeof quoted, "not \xff UTF-8");
    assert_string_equal(quoted, "\"not ? UTF-8\"");
    run_json_text(quoted, 5, "too long for five");
    assert_string_equal(quoted, "\"\"");
    check_says(run_log(&r, "wrong", "\"task\":"), "cannot be logged");

    check_ok(file_read_text(&text, inside("log.jsonl")));
    int lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_is_object(object));
        assert_int_equal(strlen(json_string_value(json_object_get(object, "time"))), 20);
        assert_string_equal(json_string_value(json_object_get(object, "event")), lines == 0 ? "start" : "failed");
        if (lines == 1) assert_string_equal(json_string_value(json_object_get(object, "reason")), awkward);
        json_decref(object);
    }
    assert_int_equal(lines, 2);
    free(text);
    run_close(&r);
}

static status print_status(char **text)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    run_look look;
    status s = run_look_read(&look, directory);
    if (!failed(s)) run_look_print(out, &look, directory, (run_look_style){.width = 80});
    if (!failed(s)) run_look_print_next(out, &look);
    run_look_free(&look);
    fclose(out);
    return s;
}

static void check_printed(const char *words, bool expected)
{
    char *text;
    check_ok(print_status(&text));
    if ((strstr(text, words) != NULL) != expected)
        fail_msg("the status %s \"%s\":\n%s", expected ? "does not say" : "says", words, text);
    free(text);
}

/* A process of this machine that has gone is known to have gone at once, whatever its last word says. */
static void test_a_dead_process(const run *r, run_state *now)
{
    char holder[CLAIM_HOLDER_TEXT];
    int end;
    now->state = "running";
    now->command = "bitfront-run sweep 'my file.cfg'";
    now->folder = "/home/somebody";
    now->known = true;
    now->fraction = 0.25;
    now->seconds_left = 90;
    claim_holder_self(holder);
    now->holder = holder;
    check_ok(run_write_status(r, now));
    check_printed("running, last update", true);
    check_printed("25 %, about 1 min 30 s left", true);
    check_printed("To continue", false);
    pid_t child = fork();
    if (child == 0) {
        claim_holder_self(holder);
        status written = run_write_status(r, now);
        _exit(failed(written));
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 0);
    check_printed("interrupted", true);
    check_printed("0 running", true);
    check_printed("To continue: cd /home/somebody && bitfront-run sweep 'my file.cfg'", true);
    check_ok(file_make_directory(inside("queued")));
    check_ok(file_write_text(inside("queued/4711"), ""));
    check_printed("Nothing has to be submitted again", true);
    check_printed("To continue", false);
    assert_int_equal(unlink(inside("queued/4711")), 0);
    *now = (run_state){.state = now->state, .done = 3, .total = 12};
}

static void test_the_status_is_told_to_people(void **state)
{
    (void)state;
    run r = open_run();
    char *text;
    check_says(print_status(&text), "no status.json");
    free(text);
    const char *const lines[] = {"group 1 joint size 2.5 seed 1 search epoch 3 of 20", "group 2 \xfe odd"};
    run_state now = {
        .state = "running", .done = 3, .failed = 1, .running = 2, .total = 12, .group_count = 2, .group_lines = lines};
    check_ok(run_write_status(&r, &now));
    check_printed("3 of 12 done, 1 failed, 2 running, 6 waiting", true);
    check_printed("running, last update", true);
    check_printed("search epoch 3 of 20", true);
    check_printed("To continue", false);
    check_printed("others", false);
    now.others = 1;
    check_ok(run_write_status(&r, &now));
    check_printed("others   1 result of other plans lies there, see bitfront list", true);
    now.others = 17;
    check_ok(run_write_status(&r, &now));
    check_printed("others   17 results of other plans lie there", true);
    now.state = "stopped";
    now.exit_code = 75;
    check_ok(run_write_status(&r, &now));
    check_printed("exit code 75", true);
    check_printed("To continue: the same sweep command again", true);

    test_a_dead_process(&r, &now);
    check_ok(file_write_text(inside("status.json"), "{\"state\":\"running\",\"done\":1,\"failed\":0,\"running\":1,"
                                                    "\"total\":4,\"time\":\"2026-01-02T03:04:05Z\",\"groups\":[]}"));
    check_printed("has probably ended", true);
    check_printed("To continue: the same sweep command again", true);
    check_printed("0 running, 3 waiting", true);
    check_ok(file_write_text(inside("status.json"), "{\"state\":"));
    check_says(print_status(&text), "is not readable");
    free(text);
    run_close(&r);
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
        cmocka_unit_test_setup_teardown(test_a_damaged_task_is_moved_aside_and_runs_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changed_files_with_a_right_seal_are_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_task_is_called_the_plan_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_results_of_other_plans_stay_and_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_finished_tasks_of_another_run_are_taken_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_snapshot_holds_every_finished_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_data_set_has_a_unit_and_a_description, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_log_is_one_json_object_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_status_is_told_to_people, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_plan, tear_down_plan);
}
