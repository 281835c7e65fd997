/* links: results */
/* The run directory: what is stored comes back, what does not belong is refused, what breaks breaks nothing else. */
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
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/io/h5.h"
#include "results/file/provenance.h"
#include "results/run/run.h"
#include "tests/support/file_limit.h"
#include "tests/support/scratch.h"

static const char CONFIG[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
                             "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char RENAMED[] = "name = \"other\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 32;\n"
                              "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char CHANGED[] = "name = \"demo\"; network = \"n.cfg\"; data = \"d.h5\"; batch = 64;\n"
                              "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; } );\n";
static const char NETWORK[] = "name = \"tiny\"; layers = ( );\n", DATA[] = "sha256:0123";

static char directory[SCRATCH_PATH + 16];

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

static run open_run(void)
{
    run r;
    check_ok(run_open(&r, directory, CONFIG, NETWORK, DATA));
    return r;
}

/* A record whose every number tells where it belongs. Layers and tensors are not in alphabetical order. */
static record make_record(int id, task_role kind, record_state state)
{
    static const char *const layers[] = {"stem", "b1.c1", "head"};
    record r = {.task = {.id = id,
                         .kind = kind,
                         .depends_on = kind == TASK_POINT ? 1 : 0,
                         .seed = UINT64_MAX - 5,
                         .strength = 2.5,
                         .bits = kind == TASK_POINT ? 4 : 0},
                .state = state,
                .validation_accuracy = 0.5 + id / 100.0,
                .validation_loss = 1.25,
                .test_accuracy = 0.25 + id / 100.0,
                .test_loss = 1.5,
                .epochs = 3,
                .seconds = 12.5};
    snprintf(r.task.strategy, sizeof r.task.strategy, kind == TASK_POINT ? "joint" : "warmup");
    snprintf(r.task.cost_model, sizeof r.task.cost_model, kind == TASK_POINT ? "size" : "none");
    if (state == RECORD_FAILED) snprintf(r.reason, sizeof r.reason, "loss \"not finite\" at step 7 \xe2\x89\xa0");
    r.curve = calloc(3, sizeof *r.curve);
    r.allocations = calloc(3, sizeof *r.allocations);
    r.tensors = calloc(3, sizeof *r.tensors);
    assert_true(r.curve != NULL && r.allocations != NULL && r.tensors != NULL);
    if (state == RECORD_FAILED) return r;
    if (kind == TASK_POINT) {
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
    assert_memory_equal(&a->task, &b->task, sizeof a->task);
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

static void write_record(const run *r, int id, task_role kind, record_state state)
{
    record rec = make_record(id, kind, state);
    char told[256];
    check_ok(run_write_task(told, r, &rec, NULL));
    assert_string_equal(told, "");
    record_free(&rec);
}

static void test_a_task_comes_back_as_it_was(void **state)
{
    (void)state;
    run r = open_run();
    char warning[256];
    for (int id = 1; id <= 3; id++) {
        record rec = make_record(id, id == 1 ? TASK_WARMUP : TASK_POINT, id == 3 ? RECORD_FAILED : RECORD_DONE), back;
        assert_false(run_task_finished(warning, &r, id));
        assert_string_equal(warning, "");
        check_ok(run_write_task(warning, &r, &rec, NULL));
        assert_true(run_task_finished(warning, &r, id));
        check_ok(run_read_task(&back, &r, id));
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
    run_task_path(path, &r, 2);
    do {
        clock_utc(before);
        unlink(path);
        write_record(&r, 2, TASK_POINT, RECORD_DONE);
        first_size = read_bytes(&first, path);
        assert_int_equal(unlink(path), 0);
        write_record(&r, 2, TASK_POINT, RECORD_DONE);
        second_size = read_bytes(&second, path);
        clock_utc(after);
        bool same = first_size == second_size && memcmp(first, second, first_size) == 0;
        free(first);
        free(second);
        if (strcmp(before, after) == 0) assert_true(same);
    } while (strcmp(before, after) != 0);
    run_close(&r);
}

static void test_a_directory_is_opened_again_only_for_the_same_run(void **state)
{
    (void)state;
    run r = open_run();
    run_close(&r);
    check_ok(run_open(&r, directory, RENAMED, NETWORK, DATA));
    run_close(&r);
    status s = run_open(&r, directory, CHANGED, NETWORK, DATA);
    check_says(s, "batch");
    check_says(s, "--out");
    assert_int_equal(s.code, STATUS_CONFIG);
    check_says(run_open(&r, directory, CONFIG, "name = \"big\";", DATA), "another network");
    check_says(run_open(&r, directory, CONFIG, NETWORK, "sha256:9999"), "another data set");
}

static void test_a_directory_of_something_else_is_refused(void **state)
{
    (void)state;
    run r;
    check_ok(file_make_directory(directory));
    check_ok(file_write_text(inside("thesis.tex"), "\\end"));
    check_says(run_open(&r, directory, CONFIG, NETWORK, DATA), "holds 'thesis.tex' but no config.cfg");
    assert_false(file_exists(inside("tasks")));
    assert_int_equal(unlink(inside("thesis.tex")), 0);
    /* what a start leaves that was killed before its last step */
    check_ok(file_make_directory(inside("tasks")));
    check_ok(file_write_text(inside("network.cfg"), "half"));
    check_ok(run_open(&r, directory, CONFIG, NETWORK, DATA));
    run_close(&r);
    check_ok(run_open(&r, directory, CONFIG, NETWORK, DATA));
    run_close(&r);

    char below[SCRATCH_PATH + 256];
    snprintf(below, sizeof below, "%s", inside("config.cfg/deeper"));
    check_says(run_open(&r, below, CONFIG, NETWORK, DATA), "config.cfg");
    if (geteuid() == 0) return; /* the administrator may write everywhere */
    char closed[SCRATCH_PATH + 16];
    snprintf(closed, sizeof closed, "%s/closed", scratch_place.path);
    assert_int_equal(mkdir(closed, 0555), 0);
    check_says(run_open(&r, closed, CONFIG, NETWORK, DATA), "Permission denied");
}

static void test_a_full_disk_is_noticed_at_the_start_and_leaves_no_parts(void **state)
{
    (void)state;
    run r;
    rlim_t old = file_limit_set(100);
    status s = run_open(&r, directory, CONFIG, NETWORK, DATA);
    file_limit_set(old);
    check_says(s, "cannot write into");

    r = open_run();
    write_record(&r, 1, TASK_WARMUP, RECORD_DONE);
    check_ok(run_snapshot(&r, 2));
    record rec = make_record(2, TASK_POINT, RECORD_DONE);
    char *kept, *now, warning[256];
    size_t size = read_bytes(&kept, inside("results.h5"));
    file_limit_set(5000);
    status task_written = run_write_task(warning, &r, &rec, NULL), shot = run_snapshot(&r, 2);
    file_limit_set(old);
    check_says(task_written, "File too large");
    check_says(task_written, "task 2");
    check_says(shot, "File too large");
    assert_false(run_task_finished(warning, &r, 2));
    assert_false(file_exists(inside("tasks/000002.h5.tmp-alone")));
    assert_false(file_exists(inside("results.h5.tmp-alone")));
    assert_int_equal(read_bytes(&now, inside("results.h5")), size);
    assert_memory_equal(kept, now, size);
    free(kept);
    free(now);
    check_ok(run_write_task(warning, &r, &rec, NULL));
    check_ok(run_snapshot(&r, 2));
    record_free(&rec);
    run_close(&r);
}

static void test_a_damaged_task_is_moved_aside_and_runs_again(void **state)
{
    (void)state;
    run r = open_run();
    char warning[256], path[MAX_PATH_TEXT];
    record rec;
    write_record(&r, 2, TASK_POINT, RECORD_DONE);
    run_task_path(path, &r, 2);
    assert_int_equal(truncate(path, 3000), 0);
    check_says(run_read_task(&rec, &r, 2), "end mark");
    assert_false(run_task_finished(warning, &r, 2));
    assert_non_null(strstr(warning, "task 2 runs again"));
    assert_true(file_exists(inside("tasks/000002.h5.damaged")));
    assert_false(file_exists(path));
    write_record(&r, 3, TASK_POINT, RECORD_DONE);
    assert_int_equal(rename(inside("tasks/000003.h5"), path), 0); /* sound, but of another task */
    assert_false(run_task_finished(warning, &r, 2));
    assert_non_null(strstr(warning, "holds task 3"));
    run_close(&r);
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
    check_ok(run_snapshot(&r, 5)); /* nothing finished yet: a valid file with empty columns */
    write_record(&r, 5, TASK_POINT, RECORD_DONE);
    write_record(&r, 1, TASK_WARMUP, RECORD_DONE);
    write_record(&r, 3, TASK_POINT, RECORD_FAILED);
    write_record(&r, 2, TASK_POINT, RECORD_DONE);
    check_ok(run_snapshot(&r, 5));

    h5_id file, points, own;
    check_ok(h5_open_read(&file, inside("results.h5")));
    check_ok(h5_group_open(&points, file, "points"));
    check_column(points, "id", (double[]){1, 2, 3, 5}, 4);
    check_column(points, "size_bits", (double[]){NAN, 2000, NAN, 5000}, 4);
    check_column(points, "mpic_cycles", (double[]){NAN, 14, NAN, 35}, 4);
    check_column(points, "test_accuracy", (double[]){0.26, 0.27, NAN, 0.3}, 4);
    check_column(points, "depends_on", (double[]){0, 1, 1, 1}, 4);
    check_column(points, "bits", (double[]){0, 4, 4, 4}, 4);
    check_texts(points, "kind", (const char *[]){"warmup", "point", "point", "point"}, 4);
    check_texts(points, "state", (const char *[]){"done", "done", "failed", "done"}, 4);
    check_texts(points, "reason", (const char *[]){"", "", "loss \"not finite\" at step 7 \xe2\x89\xa0", ""}, 4);
    check_texts(points, "file",
                (const char *[]){"tasks/000001.h5", "tasks/000002.h5", "tasks/000003.h5", "tasks/000005.h5"}, 4);
    h5_group_close(points);

    /* The copy of a task and its own file hold the same. */
    float copy[20 * 21 * 22 * 23], original[20 * 21 * 22 * 23];
    size_t count = sizeof copy / sizeof copy[0];
    check_ok(h5_read(file, "tasks/000005/model/b1.c1.weight", H5_F32, count, copy));
    check_ok(h5_open_read(&own, inside("tasks/000005.h5")));
    check_ok(h5_read(own, "model/b1.c1.weight", H5_F32, count, original));
    check_ok(h5_close(own));
    assert_memory_equal(copy, original, sizeof copy);
    assert_true(h5_exists(file, "tasks/000005/curve/validation_loss"));
    assert_true(h5_exists(file, "tasks/000005/allocation/stem/bits"));
    assert_false(h5_exists(file, "tasks/000004"));

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
    for (int id = 1; id <= 3; id++)
        write_record(&r, id, id == 1 ? TASK_WARMUP : TASK_POINT, id == 3 ? RECORD_FAILED : RECORD_DONE);
    check_ok(run_snapshot(&r, 3));
    survey task_file = look_through(inside("tasks/000002.h5")), all = look_through(inside("results.h5"));
    assert_string_equal(task_file.bare, "");
    assert_string_equal(all.bare, "");
    assert_int_equal(task_file.sets, 2 + 11 + 3 + 3); /* costs, curve, allocation, model */
    assert_int_equal(all.sets, 19 + (17 + 19 + 11));  /* columns; warm-up, point, failed point */
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
    status s = run_print_status(out, directory);
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
    check_printed("looks dead", false);
    now.state = "stopped";
    now.exit_code = 75;
    check_ok(run_write_status(&r, &now));
    check_printed("exit code 75", true);
    check_printed("continues the run", true);

    check_ok(file_write_text(inside("status.json"), "{\"state\":\"running\",\"done\":1,\"failed\":0,\"running\":1,"
                                                    "\"total\":4,\"time\":\"2026-01-02T03:04:05Z\",\"groups\":[]}"));
    check_printed("looks dead", true);
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
        cmocka_unit_test_setup_teardown(test_a_directory_is_opened_again_only_for_the_same_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_of_something_else_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_noticed_at_the_start_and_leaves_no_parts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_damaged_task_is_moved_aside_and_runs_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_snapshot_holds_every_finished_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_data_set_has_a_unit_and_a_description, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_log_is_one_json_object_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_status_is_told_to_people, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
