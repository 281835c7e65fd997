/* links: results */
/* What a run directory tells: the snapshot, the log, the status. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io/h5.h"
#include "results/file/provenance.h"
#include "results/file/record_same.h"
#include "results/run/claim_holder.h"
#include "results/run/run_look.h"
#include "tests/support/run_fixture.h"

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

/* Files of versions that asked for no integers are read, and hold no other answer than today's. */
static void test_a_file_from_before_integers_is_the_same(void **state)
{
    (void)state;
    run r = open_run();
    record now = make_record(2, RECORD_DONE), then;
    char differing[200];
    h5_id file;
    check_ok(h5_create(&file, inside("old.h5")));
    check_ok(task_file_write(file, &now));
    check_ok(h5_close(file));
    const hid_t raw = H5Fopen(inside("old.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Adelete_by_name(raw, "record", "integer_accuracy", H5P_DEFAULT) >= 0);
    assert_true(H5Adelete_by_name(raw, "record", "integer_reason", H5P_DEFAULT) >= 0);
    H5Fclose(raw);
    check_ok(h5_open_read(&file, inside("old.h5")));
    check_ok(task_file_read(&then, file));
    check_ok(h5_close(file));
    assert_true(isnan(then.integer_accuracy));
    assert_string_equal(then.integer_reason, RECORD_INTEGER_UNKNOWN);
    assert_true(record_same(differing, sizeof differing, &now, &then));
    then.integer_reason[0] = '\0';
    then.integer_accuracy = now.integer_accuracy / 2;
    assert_false(record_same(differing, sizeof differing, &now, &then));
    record_free(&now);
    record_free(&then);
    run_close(&r);
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
    assert_int_equal(one.sets, 2 + 12 + 6 + 3);      /* costs, curve, allocation, model */
    assert_int_equal(all.sets, 30 + (21 + 23 + 12)); /* columns; warm-up, point, failed point */
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
        cmocka_unit_test_setup_teardown(test_the_snapshot_holds_every_finished_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_from_before_integers_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_data_set_has_a_unit_and_a_description, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_log_is_one_json_object_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_status_is_told_to_people, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_plan, tear_down_plan);
}
