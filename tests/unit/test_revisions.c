/* links: core_strategy */
/* Whose tasks follow a method that has changed: their keys say so, and no other key does. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/strategy/strategies.h"
#include "core/task/revisions.h"
#include "tests/support/check_status.h"
#include "tests/support/one_network.h"

static const result_revision table[] = {
    {.method = "one", .revision = 2, .option = "metric = \"bound\""},
    {.method = "two", .revision = 3, .kind = "leg", .setting = "search.levels = \"open\""},
    {.method = NULL}};

static void check_lines(const char *kind, const char *setting, const char *option, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    revisions_write(out, table, kind, setting, option);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_a_row_is_followed_where_all_it_names_is_there(void **state)
{
    (void)state;
    check_lines("leg", "", "", "");
    check_lines("leg", "batch = 2\n", "a = 1\nmetric = \"bound\"\nb = 2\n", "revision.one = 2\n");
    check_lines("leg", "", "metric = \"bound\"\n", "revision.one = 2\n");
    check_lines("leg", "", "metric = \"bound\" more\n", "");
    check_lines("leg", "", "my_metric = \"bound\"\n", "");
    check_lines("leg", "search.levels = \"open\"\n", "", "revision.two = 3\n");
    check_lines("other", "search.levels = \"open\"\n", "", "");
    check_lines("leg", "", "search.levels = \"open\"\n", "");
    check_lines("leg", "search.levels = \"open\"\n", "metric = \"bound\"", "revision.one = 2\nrevision.two = 3\n");
}

static void test_the_table_is_sound(void **state)
{
    (void)state;
    for (const result_revision *r = result_revisions; r->method != NULL; r++) {
        assert_true(r->revision >= 2);
        assert_true(r->kind != NULL || r->setting != NULL || r->option != NULL);
        for (const char *c = r->method; *c != '\0'; c++) assert_true(isalnum((unsigned char)*c) || *c == '_');
        if (r->kind != NULL && strategies_task_kind(r->kind) == NULL) fail_msg("there is no kind %s", r->kind);
        for (const result_revision *other = result_revisions; other != r; other++)
            if (strcmp(other->method, r->method) == 0) assert_int_equal(other->revision, r->revision);
    }
}

/* The key of the last task of the plan, and, with `described`, what its record would say of itself. */
static void last_task(char key[TASK_KEY], const char *config, record *described)
{
    static settings s;
    identity_network network = {.checksum = "sha256:network"};
    task_plan p;
    check_ok(settings_parse(&s, config, "x.cfg", strategies_entry_kinds()));
    sweep_networks networks = one_network(&network, &s);
    check_ok(strategies_plan(&p, &s, &networks, no_cost_models, "sha256:data"));
    const task *last = &p.tasks[p.count - 1];
    memcpy(key, last->key, TASK_KEY);
    memset(described, 0, sizeof *described);
    check_ok(task_plan_describe(described, &p, last, &strategies_task_kind(last->kind)->reads));
    task_plan_free(&p);
}

#define CONFIG "network = \"n.cfg\"; data = \"d.h5\"; "
#define IMPQ "sweep = ( { strategy = \"impq\"; cost_model = \"size\"; steps = 1; "
#define OPEN "quantizer = { batchnorm = \"kept\"; levels = \"open\"; }; "

/* By hand: who follows the bound of impq. */
static const struct {
    const char *config;
    bool revised;
} cases[] = {
    {CONFIG IMPQ "} );", false},
    {CONFIG IMPQ "metric = \"released\"; } );", false},
    {CONFIG IMPQ "metric = \"bound\"; } );", true},
    {CONFIG OPEN IMPQ "} );", false},
    {CONFIG OPEN IMPQ "lower = \"together\"; } );", true},
    {CONFIG OPEN IMPQ "lower = \"activations\"; } );", true},
    {CONFIG OPEN IMPQ "lower = \"activations\"; metric = \"bound\"; } );", true},
    {CONFIG OPEN IMPQ "lower = \"activations\"; metric = \"released\"; } );", false},
    {CONFIG IMPQ "lower = \"activations\"; } );", false},
    {CONFIG "sweep = ( { strategy = \"sensitivity\"; } );", true},
    {CONFIG "sweep = ( { strategy = \"fixed\"; bits = [4]; } );", false},
};

static void test_keys_follow_the_bound_of_impq(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[TASK_KEY], again[TASK_KEY];
        record r;
        last_task(key, cases[i].config, &r);
        const char *line = strstr(r.identity, "revision.impq_bound = 2\n");
        if ((line != NULL) != cases[i].revised) fail_msg("%s: %s", cases[i].config, r.identity);
        bool told;
        check_ok(identity_tells(&told, r.identity, &r.task, r.parents, r.options));
        assert_true(told);
        check_ok(identity_key(again, r.identity));
        assert_string_equal(again, key);
        if (line != NULL) assert_null(strstr(line + 1, "revision.")); /* once */
        record_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_is_followed_where_all_it_names_is_there),
        cmocka_unit_test(test_the_table_is_sound),
        cmocka_unit_test(test_keys_follow_the_bound_of_impq),
    };
    return cmocka_run_group_tests_name("revisions", tests, NULL, NULL);
}
