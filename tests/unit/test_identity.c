/* links: core_strategy */
/* What makes a task this task: everything that can change its record changes its key, nothing else does, and what a
 * file says of a task can be held against the identity it was named by. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/settings_keys.h"
#include "core/config/settings_load.h"
#include "core/net/graph/graph.h"
#include "core/net/graph/graph_build.h"
#include "core/net/graph/graph_checksum.h"
#include "core/strategy/strategies.h"
#include "tests/support/check_status.h"
#include "tests/support/one_network.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"

/* The task 1 is the warm-up, 2 ... 4 are points. */
enum { WARMUP, SIZE_POINT, LUT_POINT, FIXED_POINT, TASKS };
static const char SWEEP[] = "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0]; },\n"
                            "{ strategy = \"joint\"; cost_model = \"lut\"; strengths = [2.0]; },\n"
                            "{ strategy = \"fixed\"; bits = [4]; } );\n";
static const char CONFIG[] = "name = \"one\"; network = \"n.cfg\"; data = \"d.h5\"; seeds = [7];\n"
                             "lut = { conv = ( [6.5, 4.0, 2.2], [3.9, 3.5, 2.1], [2.5, 2.3, 2.1] ); };\n";

typedef struct {
    settings settings;
    identity_network network;
    char data[72];
} inputs;

static inputs *read_inputs(const char *config, const char *sweep)
{
    char text[4000];
    inputs *in = calloc(1, sizeof *in);
    assert_non_null(in);
    snprintf(text, sizeof text, "%s%s", config, sweep);
    check_ok(settings_parse(&in->settings, text, "x.cfg", strategies_entry_kinds()));
    snprintf(in->network.checksum, sizeof in->network.checksum, "sha256:network");
    snprintf(in->data, sizeof in->data, "sha256:data");
    return in;
}

/* Borrows everything of `in` but for the list of networks, which is the same for all. */
static task_plan plan_of(inputs *in)
{
    static sweep_networks networks;
    task_plan p;
    networks = one_network(&in->network, &in->settings);
    check_ok(strategies_plan(&p, &in->settings, &networks, no_cost_models, in->data));
    return p;
}

typedef char keys_of_tasks[TASKS][TASK_KEY];

static void keys_of(keys_of_tasks out, inputs *in)
{
    task_plan p = plan_of(in);
    assert_int_equal(p.count, TASKS);
    for (int i = 0; i < TASKS; i++) memcpy(out[i], p.tasks[i].key, TASK_KEY);
    task_plan_free(&p);
}

/* Which keys differ, as bits. */
enum { NONE = 0, ALL = (1 << TASKS) - 1, POINTS = ALL & ~(1 << WARMUP), OF_LUT = 1 << LUT_POINT };

static int changed_keys(inputs *before, inputs *after)
{
    keys_of_tasks a, b;
    int changed = 0;
    keys_of(a, before);
    keys_of(b, after);
    for (int i = 0; i < TASKS; i++) changed |= (strcmp(a[i], b[i]) != 0) << i;
    return changed;
}

static void check_changed(const char *what, inputs *before, inputs *after, int expected)
{
    int changed = changed_keys(before, after);
    if (changed != expected) fail_msg("%s changes the tasks %x, not %x", what, (unsigned)changed, (unsigned)expected);
}

/* ---- settings ---- */

/* Another value, whatever it is. */
static void change(settings *s, const settings_key *key)
{
    void *at = (char *)s + key->offset;
    int *count = key->room > 0 ? (int *)(void *)((char *)s + key->count_offset) : NULL;
    switch (key->type) {
    case KEY_INTEGER:
    case KEY_CHOICE:
        ++*(int *)at;
        break;
    case KEY_NUMBER:
        *(double *)at = *(double *)at == 0 ? 0.125 : 0.5 * *(double *)at;
        break;
    case KEY_SWITCH:
        *(bool *)at = !*(bool *)at;
        break;
    case KEY_TEXTS:
    case KEY_FILES:
        if (*count == 0) *count = 1;
        strcat(at, "x");
        break;
    case KEY_NAME:
    case KEY_FILE:
        strcat(at, "x");
        break;
    case KEY_INTEGERS:
        if (*count == 0) *count = 1;
        ++*(int *)at;
        break;
    case KEY_NUMBERS:
    case KEY_STRENGTHS:
        if (*count == 0) *count = 1;
        *(double *)at += 0.125;
        break;
    case KEY_SEEDS:
        ++*(uint64_t *)at;
        break;
    case KEY_TABLE:
        *count = key->room;
        *(double *)at += 0.125;
        break;
    }
}

static bool in_section(const settings_key *key, const char *section)
{
    size_t length = strlen(section);
    return strncmp(key->path, section, length) == 0 && key->path[length] == '.';
}

/* By hand, not from the table: a new key has to be put somewhere. */
static int tasks_that_read(const settings_key *key)
{
    static const char *const nobody[] = {"name", "network", "data", "segment_steps", "width", "classes"};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++)
        if (strcmp(key->path, nobody[i]) == 0) return NONE;
    if (strcmp(key->path, "arithmetic") == 0 || strcmp(key->path, "published_rules") == 0) return POINTS;
    if (in_section(key, "input")) return NONE;    /* as width and classes: the network has another checksum */
    if (in_section(key, "stopping")) return NONE; /* which tasks end early, not what they are */
    if (in_section(key, "trunk")) return NONE;    /* no trunk in this sweep */
    if (in_section(key, "search") || in_section(key, "finetune") || in_section(key, "quantizer")) return POINTS;
    if (in_section(key, "lut")) return OF_LUT;
    return ALL; /* those of the warm-up are in the keys of all that start from it */
}

static void test_every_setting_changes_the_keys_of_those_who_read_it(void **state)
{
    (void)state;
    inputs *before = read_inputs(CONFIG, SWEEP);
    for (int i = 0; i < settings_key_count; i++) {
        inputs *after = read_inputs(CONFIG, SWEEP);
        change(&after->settings, &settings_keys[i]);
        check_changed(settings_keys[i].path, before, after, tasks_that_read(&settings_keys[i]));
        free(after);
    }
    assert_true(settings_key_count > 50);
    free(before);
}

static void test_data_and_network_change_every_key(void **state)
{
    (void)state;
    inputs *before = read_inputs(CONFIG, SWEEP), *after = read_inputs(CONFIG, SWEEP);
    after->data[7] = 'D';
    check_changed("the data set", before, after, ALL);
    free(after);
    after = read_inputs(CONFIG, SWEEP);
    after->network.checksum[8] = 'N';
    check_changed("the network", before, after, ALL);
    free(after);
    free(before);
}

static void test_float_networks_are_shared_by_arithmetics_that_treat_them_alike(void **state)
{
    (void)state;
    inputs *exact = read_inputs(CONFIG, SWEEP), *reference = read_inputs(CONFIG, SWEEP);
    reference->settings.arithmetic = ARITHMETIC_REFERENCE;
    check_changed("arithmetic", exact, reference, POINTS);
    /* Batch-norm statistics with another momentum. */
    exact->network.arithmetic_when_float = reference->network.arithmetic_when_float = true;
    check_changed("arithmetic, with two momenta", exact, reference, ALL);
    free(exact);
    free(reference);
}

/* ---- the sweep ---- */

static bool has_key(const task_plan *p, const char *key)
{
    return task_plan_find(p, key) != 0;
}

/* Are all tasks of `small` in `large`, which has `more` besides? */
static void check_extended(const char *config, const char *small, const char *large, int more)
{
    inputs *a = read_inputs(config, small), *b = read_inputs(config, large);
    task_plan p = plan_of(a), q = plan_of(b);
    for (int i = 0; i < p.count; i++) assert_true(has_key(&q, p.tasks[i].key));
    assert_int_equal(q.count, p.count + more);
    task_plan_free(&p);
    task_plan_free(&q);
    free(a);
    free(b);
}

static void test_a_larger_sweep_has_the_tasks_of_the_smaller_one(void **state)
{
    (void)state;
    static const char one[] = "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0]; } );";
    check_extended(CONFIG, one, SWEEP, 2);
    check_extended(CONFIG, one, "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5, 2.0]; } );",
                   1);
    check_extended(CONFIG, one, /* in other places, other words and another order */
                   "sweep = ( { bits = [4, 8]; strategy = \"fixed\"; }, /* more */\n"
                   "{ strengths = (2, 4); strategy = \"mixprec\"; cost_model = \"size\"; },\n\n"
                   "{ cost_model = \"size\"; strengths = (1, 2e0); strategy = \"joint\"; } );",
                   5);
    check_extended("name = \"other\"; network = \"/a/n.cfg\"; data = \"/b/c.h5\"; segment_steps = 5; seeds = [3, 7];\n",
                   one, one, 0);

    /* Seeds: each keeps its tasks. */
    inputs *a = read_inputs(CONFIG, one),
           *b = read_inputs("network = \"n.cfg\"; data = \"d.h5\"; seeds = [9, 7];", one);
    task_plan p = plan_of(a), q = plan_of(b);
    assert_int_equal(q.count, 4);
    for (int i = 0; i < p.count; i++) assert_true(has_key(&q, p.tasks[i].key));
    task_plan_free(&p);
    task_plan_free(&q);
    free(a);
    free(b);
}

static void check_key_differs(const char *sweep)
{
    static const char one[] = "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0]; } );";
    inputs *a = read_inputs(CONFIG, one), *b = read_inputs(CONFIG, sweep);
    task_plan p = plan_of(a), q = plan_of(b);
    assert_string_equal(p.tasks[0].key, q.tasks[0].key); /* the same warm-up */
    if (has_key(&q, p.tasks[1].key)) fail_msg("the same point in %s", sweep);
    task_plan_free(&p);
    task_plan_free(&q);
    free(a);
    free(b);
}

static void test_what_a_point_is_asked_changes_its_key(void **state)
{
    (void)state;
    check_key_differs("sweep = ( { strategy = \"mixprec\"; cost_model = \"size\"; strengths = [2.0]; } );");
    check_key_differs("sweep = ( { strategy = \"joint\"; cost_model = \"mpic\"; strengths = [2.0]; } );");
    check_key_differs(
        "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0000000000000004]; } );");
    check_key_differs("sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0];"
                      "precisions = [0, 4, 8]; } );");
    check_key_differs("sweep = ( { strategy = \"fixed\"; bits = [4]; } );");
}

static void test_parents_change_a_key(void **state)
{
    (void)state;
    plan_fixture *f = plan_fixture_new(3, 0);
    char keys[4][TASK_KEY];
    const int *const parents[] = {NULL, (const int[]){1, 0}, (const int[]){1, 2, 0}, (const int[]){2, 1, 0}};
    for (int i = 0; i < 4; i++) {
        int id = plan_fixture_add(f, &(task){.point = true}, parents[i]);
        memcpy(keys[i], plan_fixture_key(f, id), TASK_KEY);
        for (int k = 0; k < i; k++) assert_string_not_equal(keys[k], keys[i]);
    }
    plan_fixture_free(f);
}

/* ---- the format ---- */

/* Keys name files that people keep: they are the same in every process, on every machine, and a change of what they
 * are made of is a decision (IDENTITY_VERSION). */
static void test_the_key_of_a_known_task_is_known(void **state)
{
    (void)state;
    static const char expected[] = "bitfront task 2\nreal 32 bit\nnetwork sha256:network\ndata sha256:data\n"
                                   "kind joint\nseed 1\ncost_model size\nstrength 1\n"
                                   "parent 00000000000000000000000000000000\n";
    plan_fixture *f = plan_fixture_new(1, 1);
    record r = plan_fixture_record(f, 2);
    char text[sizeof expected];
    snprintf(text, sizeof text, "%s", r.identity);
    memset(strstr(text, "parent ") + 7, '0', 32);
    assert_string_equal(text, expected);
    char key[TASK_KEY];
    check_ok(identity_key(key, "bitfront task 2\n")); /* sha256sum */
    assert_string_equal(key, "fc9ce09bad679c999b340471da7af61a");
    check_ok(identity_key(key, r.identity));
    assert_string_equal(key, r.task.key);
    record_free(&r);
    plan_fixture_free(f);

    inputs *in = read_inputs(CONFIG, SWEEP);
    keys_of_tasks keys;
    keys_of(keys, in);
    static const keys_of_tasks known = {"abda13e255bc7e80c5bf34af7a738d24", "d0eaed3d5728dcf425810bfa13a0397c",
                                        "b3915ee92b22c7817877d31589ff367c", "aac1f5abfc98cf5cfec163b2d4e510a0"};
    for (int i = 0; i < TASKS; i++)
        if (strcmp(keys[i], known[i]) != 0)
            fail_msg("task %d has the key %s instead of %s: results of earlier versions are not found any more", i + 1,
                     keys[i], known[i]);
    free(in);
}

/* ---- the network ---- */

static const char NETWORK[] =
    "name = \"tiny\"; classes = 10;\n"
    "input = { channels = 3; height = 8; width = 8; signed = false; clip = 1.0; };\n"
    "layers = ( { name = \"c\"; type = \"conv\"; input = \"image\"; out = 4; kernel = 3; padding = 1; bias = true;\n"
    "             batchnorm = true; relu = true; },\n"
    "           { name = \"drop\"; type = \"dropout\"; rate = 0.25; },\n"
    "           { name = \"pool\"; type = \"global_pool\"; },\n"
    "           { name = \"fc\"; type = \"linear\"; input = \"pool\"; out = 10; } );\n";

static void checksum_of(char out[CHECKSUM_TEXT], const char *text)
{
    const char *path = scratch_file(&scratch_place, "network.cfg");
    graph g;
    check_ok(file_write_text(path, text));
    check_ok(graph_load(&g, path));
    check_ok(graph_checksum(out, &g));
    graph_free(&g);
}

/* NETWORK with the first `from` replaced. */
static bool changes_network(const char *from, const char *to)
{
    char text[2000], before[CHECKSUM_TEXT], after[CHECKSUM_TEXT];
    const char *at = strstr(NETWORK, from);
    if (at == NULL) fail_msg("\"%s\" is not in the network", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - NETWORK), NETWORK, to, at + strlen(from));
    checksum_of(before, NETWORK);
    checksum_of(after, text);
    return strcmp(before, after) != 0;
}

static void test_how_a_network_is_written_does_not_matter(void **state)
{
    (void)state;
    assert_false(changes_network("name = \"tiny\";", "# a comment\nname = \"tiny\"; // and another\n"));
    assert_false(changes_network("name = \"tiny\";", "name = \"renamed\";"));
    assert_false(changes_network("kernel = 3; padding = 1;", "padding   =\n 1;\n\n kernel = [3, 3];"));
    assert_false(changes_network("input = \"image\"; out = 4;", "out = 4;")); /* the default */
    assert_false(changes_network("rate = 0.25", "rate = 2.5e-1"));
}

static void test_what_a_network_computes_matters(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"out = 4", "out = 5"},
        {"kernel = 3; padding = 1", "kernel = 1; padding = 0"},
        {"kernel = 3; padding = 1", "kernel = 3; padding = 0"},
        {"kernel = 3; padding = 1", "kernel = 3; padding = 1; stride = 2"},
        {"bias = true", "bias = false"},
        {"batchnorm = true", "batchnorm = false"},
        {"relu = true", "relu = false"},
        {"rate = 0.25", "rate = 0.375"},
        {"\"global_pool\"", "\"flatten\""},
        {"\"drop\"", "\"leave\""}, /* names the parameters and the order of random numbers */
        {"channels = 3", "channels = 1"},
        {"height = 8", "height = 9"},
        {"signed = false; clip = 1.0", "signed = false; clip = 2.0"},
        {"signed = false; clip = 1.0", "signed = true; clip_low = -1.0; clip_high = 1.0"},
        {"classes = 10;", "classes = 10; batchnorm_momentum = 0.2;"},
        {"classes = 10;", "classes = 10; reference_batchnorm_momentum = 0.2;"},
        {"classes = 10;", "classes = 10; init = \"uniform\";"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (!changes_network(changes[i][0], changes[i][1])) fail_msg("%s changes nothing", changes[i][1]);
}

/* ---- what a file says of a task ---- */

static bool told(const record *r)
{
    bool out;
    check_ok(identity_tells(&out, r->identity, &r->task, r->parents, r->options));
    return out;
}

static void test_a_description_is_held_against_the_identity(void **state)
{
    (void)state;
    inputs *in = read_inputs(CONFIG, "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0];\n"
                                     "precisions = [0, 4]; }, { strategy = \"fixed\"; bits = [4]; } );");
    task_plan p = plan_of(in);
    for (int i = 0; i < p.count; i++) {
        record r;
        memset(&r, 0, sizeof r);
        check_ok(task_plan_describe(&r, &p, &p.tasks[i], &strategies_task_kind(p.tasks[i].kind)->reads));
        assert_true(told(&r));
        const task right = r.task;
        r.task.id = 17; /* another place in another plan, another name there */
        r.task.strategy = "other";
        r.task.point = !r.task.point;
        assert_true(told(&r));
#define WRONG(field, value)                                                                                            \
    r.task = right;                                                                                                    \
    r.task.field = value;                                                                                              \
    if (told(&r)) fail_msg("another " #field " of task %d is not noticed", i + 1)
        WRONG(seed, 8);
        WRONG(strength, right.strength + 1);
        WRONG(strength, right.strength == 0 ? 1e-300 : 0);
        WRONG(bits, right.bits == 0 ? 2 : 0);
        WRONG(step, 1);
        WRONG(target, 0.5);
        WRONG(kind, "Warmup");
        WRONG(cost_model, "more");
        r.task = right;
        char *parents = r.parents, *options = r.options, other[] = "00000000000000000000000000000000";
        r.parents = other;
        assert_false(told(&r));
        if (right.point) {
            r.parents = (char[]){""};
            assert_false(told(&r));
        }
        r.parents = parents;
        r.options = (char[]){"precisions = [0, 8]"};
        assert_false(told(&r));
        r.options = options;
        assert_true(told(&r));
        record_free(&r);
    }
    task_plan_free(&p);
    free(in);
}

static void test_options_of_several_lines_are_compared_line_by_line(void **state)
{
    (void)state;
    static const char text[] = "bitfront task 2\nreal 32 bit\nnetwork n\ndata d\nkind k\nseed 1\n"
                               "batch = 32\nsearch.epochs = 2\na = 1\nb = \"x; y\"\n";
    const task t = {.kind = "k", .seed = 1, .cost_model = "none"};
    static const struct {
        const char *options;
        bool told;
    } cases[] = {{"a = 1; b = \"x; y\"", true},  {"b = \"x; y\"", true},        {"", true},
                 {"a = 2; b = \"x; y\"", false}, {"= 1; b = \"x; y\"", false},  {"a = 1; b = \"x; z\"", false},
                 {"a = 1\nb = \"x; y\"", true},  {"b = \"x; y\"; a = 1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool said;
        check_ok(identity_tells(&said, text, &t, "", cases[i].options));
        if (said != cases[i].told) fail_msg("options \"%s\"", cases[i].options);
    }
    bool said;
    static const char *const broken[] = {"", "bitfront task 2\n", "bitfront task 2\nreal 32 bit\nnetwork n\ndata d",
                                         "bitfront task 2\nreal 32 bit\nnetwork n\ndata d\nkind k\nseed 1\nbits 4\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        check_ok(identity_tells(&said, broken[i], &t, "", ""));
        assert_false(said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_setting_changes_the_keys_of_those_who_read_it),
        cmocka_unit_test(test_data_and_network_change_every_key),
        cmocka_unit_test(test_float_networks_are_shared_by_arithmetics_that_treat_them_alike),
        cmocka_unit_test(test_a_larger_sweep_has_the_tasks_of_the_smaller_one),
        cmocka_unit_test(test_what_a_point_is_asked_changes_its_key),
        cmocka_unit_test(test_parents_change_a_key),
        cmocka_unit_test(test_the_key_of_a_known_task_is_known),
        scratch_test(test_how_a_network_is_written_does_not_matter),
        scratch_test(test_what_a_network_computes_matters),
        cmocka_unit_test(test_a_description_is_held_against_the_identity),
        cmocka_unit_test(test_options_of_several_lines_are_compared_line_by_line),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
