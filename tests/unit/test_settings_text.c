/* links: core_strategy */
/* Settings as text: what is written reads back, the example, shipped configurations and recipes. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>

#include "core/base/file.h"
#include "core/config/entry.h"
#include "core/config/settings_keys.h"
#include "core/config/settings_text.h"
#include "tests/support/settings_world.h"

static settings again;

static void test_the_resolved_text_reads_back_bit_for_bit(void **state)
{
    (void)state;
    assert_loads(
        "network = \"n \\\"q\\\" \\\\.cfg\"; data = \"d.h5\"; seeds = [1L, 9223372036854775807L];\n"
        "warmup = { learning_rate = 0.1; drop_epochs = [1, 7]; drop_factors = (0.3333333333333333, 1); };\n"
        "search = { temperature_factor = 0.123456789012345678; weight_decay = 5e-324; logit_momentum = 0; };\n"
        "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = (0, 1e-7, 123456789.0, 1e15); },\n"
        " { strategy = \"fixed\"; bits = [2, 8]; },\n"
        " { strategy = \"mixprec\"; cost_model = \"size\"; strengths = { from = 0.1; to = 7.3; count = 256; }; } );");
    char *text;
    assert_false(failed(settings_text(&text, &loaded, strategies_entry_kinds())));
    again = loaded;
    assert_loads(text);
    assert_same_values(&again, &loaded);
    char *twice;
    assert_false(failed(settings_text(&twice, &loaded, strategies_entry_kinds())));
    assert_string_equal(text, twice);
    free(text);
    free(twice);
}

/* What settings_write_section says; the caller frees. */
static char *section_of(const char *section, bool quantised)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    settings_write_section(out, &loaded, section, quantised);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* The lines that say what a record depends on: no names, no places, no other section. */
static void test_a_section_is_written_without_what_changes_no_record(void **state)
{
    (void)state;
    assert_loads(MINIMAL "name = \"x\"; segment_steps = 7; seeds = [3]; arithmetic = \"reference\"; shards = 8;");
    char *text = section_of("", false);
    assert_string_equal(text, "batch = 32\nshards = 8\nclass_weights = false\n");
    free(text);
    text = section_of("", true);
    assert_string_equal(text, "arithmetic = \"reference\"\nbatch = 32\nshards = 8\nclass_weights = false\n");
    free(text);
    assert_loads(MINIMAL "published_rules = [\"clips_unguarded\", \"pact_epsilon\"];");
    text = section_of("", true); /* in their own order, whichever the file has */
    assert_non_null(strstr(text, "published_rules = [\"pact_epsilon\", \"clips_unguarded\"]\n"));
    free(text);
    text = section_of("", false);
    assert_null(strstr(text, "published_rules"));
    free(text);
    assert_loads(MINIMAL "augment = { flip = true; }; finetune = { drop_epochs = [2]; drop_factors = [0.1]; };");
    text = section_of("augment", false);
    assert_non_null(strstr(text, "augment.flip = true\n"));
    assert_null(strstr(text, "batch"));
    free(text);
    text = section_of("finetune", true);
    assert_non_null(strstr(text, "finetune.drop_epochs = [2]\n"));
    assert_null(strstr(text, "search"));
    free(text);
    assert_true(settings_has_section("lut") && settings_has_section("warmup"));
    assert_false(settings_has_section("size") || settings_has_section("warm") || settings_has_section("none"));
}

/* What is the same for all tasks of an entry, unlike what tells them apart. */
static void test_options_of_an_entry_are_written_when_they_were_given(void **state)
{
    (void)state;
    assert_loads("network = \"n\"; data = \"d\"; sweep = (\n"
                 "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; precisions = [0, 4, 8]; },\n"
                 "{ strategy = \"joint\"; cost_model = \"size\"; strengths = [2.0]; } );");
    static const char *const expected[] = {"precisions = [0, 4, 8]\n", ""};
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        entry_write_options(out, &loaded.entries[i], entry_kind_find(strategies_entry_kinds(), "joint"));
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, expected[i]);
        free(text);
    }
}

static void test_the_example_is_the_help_and_loads_with_every_default(void **state)
{
    (void)state;
    char *help = NULL, *example;
    size_t size;
    FILE *out = open_memstream(&help, &size);
    assert_non_null(out);
    settings_help(out, strategies_entry_kinds());
    assert_int_equal(fclose(out), 0);
    assert_false(failed(file_read_text(&example, "configs/example.cfg")));
    if (strcmp(help, example) != 0) fail_msg("configs/example.cfg is old: write it with settings_help");
    free(example);

    assert_loads(help);
    again = loaded;
    assert_loads(
        "network = \"networks/resnet8.cfg\"; data = \"../data/cifar10.h5\";"
        "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = (0.1, 0.251189, 0.630957, 1.58489, "
        "3.98107, 10); }, { strategy = \"mixprec\"; cost_model = \"size\"; strengths = [0.5, 1.0, 2.0]; },"
        "{ strategy = \"fixed\"; bits = [8, 4, 2]; } );");
    assert_same_values(&again, &loaded);
    free(help);
}

static void test_the_shipped_configurations_load(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("configs/*.cfg", 0, NULL, &found), 0);
    assert_int_equal(glob("configs/experiments/*.cfg", GLOB_APPEND, NULL, &found), 0);
    assert_true(found.gl_pathc > 10);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text;
        status s = settings_load(&loaded, found.gl_pathv[i], NULL, 0, strategies_entry_kinds());
        if (failed(s)) fail_msg("%s", s.message);
        assert_true(file_exists(loaded.network));
        check_ok(file_read_text(&text, found.gl_pathv[i]));
        if (strstr(text, "\nrecipe = ") == NULL && strstr(text, "# Recipe: ") == NULL &&
            strstr(text, "# recipe = ") == NULL)
            fail_msg("%s does not say which recipe it follows", found.gl_pathv[i]);
        free(text);
    }
    globfree(&found);
}

/* ---- recipes ---- */

static const char *write_recipe(const char *name, const char *text)
{
    char path[MAX_PATH_TEXT];
    snprintf(path, sizeof path, "%s", scratch_file(&scratch_place, "recipes"));
    check_ok(file_make_directory(path));
    snprintf(path, sizeof path, "recipes/%s", name);
    const char *file = scratch_file(&scratch_place, path);
    check_ok(file_write_text(file, text));
    return file;
}

static void test_a_recipe_is_below_the_file_and_the_overrides(void **state)
{
    (void)state;
    write_recipe("quick.cfg", "batch = 64; shards = 8;\nwarmup = { epochs = 7; learning_rate = 0.5; };\n");
    assert_loads("recipe = \"quick\"; shards = 2;\n" MINIMAL "warmup = { epochs = 9; };");
    assert_int_equal(loaded.batch, 64);
    assert_int_equal(loaded.shards, 2);
    assert_int_equal(loaded.warmup.epochs, 9);
    assert_true(loaded.warmup.learning_rate == 0.5);
    const char *const overrides[] = {"recipe=recipes/quick.cfg", "warmup.learning_rate=0.25"};
    check_ok(load_with(MINIMAL, overrides, 2));
    assert_int_equal(loaded.batch, 64);
    assert_true(loaded.warmup.learning_rate == 0.25);
    char *text; /* resolved: nothing is left to look up */
    check_ok(settings_text(&text, &loaded, strategies_entry_kinds()));
    assert_non_null(strstr(text, "# with the settings of the recipe quick.cfg\n"));
    assert_non_null(strstr(text, "batch = 64;"));
    free(text);
}

static void test_recipes_that_are_wrong_are_named(void **state)
{
    (void)state;
    REFUSES("recipe = \"missing\";\n" MINIMAL, "t.cfg:1:", "recipe", "recipes/missing.cfg", "cannot be read");
    REFUSES("recipe = 5;\n" MINIMAL, "t.cfg:1:", "recipe", "text");
    REFUSES("recipe = \"\";\n" MINIMAL, "recipe", "is empty");
    write_recipe("bad.cfg", "batch = 64;\nwarmup = { epoch = 7; };\n");
    REFUSES("recipe = \"bad\";\n" MINIMAL, "recipes/bad.cfg:2:", "\"warmup.epoch\"", "\"warmup.epochs\"");
    write_recipe("range.cfg", "batch = 0;\n");
    REFUSES("recipe = \"range\";\n" MINIMAL, "recipes/range.cfg:1:", "batch");
    write_recipe("sweep.cfg", "\nseeds = [3];\n");
    REFUSES("recipe = \"sweep\";\n" MINIMAL, "recipes/sweep.cfg:2:", "seeds", "not in a recipe");
    write_recipe("circle.cfg", "recipe = \"circle\";\n");
    REFUSES("recipe = \"circle\";\n" MINIMAL, "recipes/circle.cfg:1:", "not in a recipe");
}

/* What a younger key says at its default is left out of identities, by its text. */
static void test_defaults_of_younger_keys_are_written_as_they_stand_in_the_table(void **state)
{
    (void)state;
    assert_loads(MINIMAL);
    for (int i = 0; i < settings_key_count; i++) {
        const settings_key *key = &settings_keys[i];
        if (!key->later) continue;
        char text[128] = "";
        FILE *out = fmemopen(text, sizeof text, "w");
        assert_non_null(out);
        check_ok(key_default(&loaded, key));
        key_write(out, &loaded, key);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, key->fallback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_resolved_text_reads_back_bit_for_bit),
        cmocka_unit_test(test_a_section_is_written_without_what_changes_no_record),
        cmocka_unit_test(test_options_of_an_entry_are_written_when_they_were_given),
        cmocka_unit_test(test_the_example_is_the_help_and_loads_with_every_default),
        cmocka_unit_test(test_the_shipped_configurations_load),
        cmocka_unit_test(test_a_recipe_is_below_the_file_and_the_overrides),
        cmocka_unit_test(test_recipes_that_are_wrong_are_named),
        cmocka_unit_test(test_defaults_of_younger_keys_are_written_as_they_stand_in_the_table),
    };
    return cmocka_run_group_tests_name("settings_text", tests, scratch_set_up, scratch_tear_down);
}
