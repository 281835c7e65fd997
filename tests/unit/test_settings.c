/* links: core_strategy */
/* What a configuration file may say: values, faults and their words, overrides, paths. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/base/file.h"
#include "core/config/settings_keys.h"
#include "core/config/settings_text.h"
#include "tests/support/settings_world.h"

static settings again;

static void test_defaults_are_the_published_protocol(void **state)
{
    (void)state;
    assert_loads(MINIMAL);
    assert_string_equal(loaded.name, "t");
    assert_int_equal(loaded.arithmetic, ARITHMETIC_EXACT);
    assert_int_equal(loaded.batch, 32);
    assert_int_equal(loaded.shards, 4);
    assert_int_equal(loaded.segment_steps, 0);
    assert_false(loaded.class_weights);
    assert_int_equal(loaded.seed_count, 1);
    assert_int_equal(loaded.seeds[0], 1);
    const phase_settings *phases[] = {&loaded.warmup, &loaded.search_phase, &loaded.finetune};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(phases[i]->epochs, 500);
        assert_int_equal(phases[i]->optimizer, OPTIMIZER_ADAM);
        assert_true(phases[i]->learning_rate == 1e-3);
        assert_true(phases[i]->weight_decay == 1e-4);
        assert_true(phases[i]->learning_rate_decay == 0.99);
        assert_int_equal(phases[i]->drop_count, 0);
        assert_int_equal(phases[i]->schedule, SCHEDULE_EXPONENTIAL);
        assert_true(phases[i]->warmup_fraction < 0);
        assert_false(phases[i]->nesterov);
        assert_true(phases[i]->decay_norm);
        assert_true(phases[i]->label_smoothing == 0);
        assert_int_equal(phases[i]->select, SELECT_ACCURACY);
        assert_int_equal(phases[i]->patience, 50);
        assert_int_equal(phases[i]->first_candidate_epoch, -1);
    }
    assert_int_equal(loaded.search.activation_count, 1);
    assert_int_equal(loaded.search.activation_bits[0], 8);
    assert_int_equal(loaded.search.input_bits[0], 8);
    assert_true(loaded.search.logit_learning_rate == 1e-2);
    assert_true(loaded.search.logit_momentum == 0.9);
    assert_true(loaded.search.temperature == 1.0);
    assert_true(loaded.search.temperature_factor == exp(-0.045));
    assert_int_equal(loaded.search.sampling, SAMPLING_SOFTMAX);
    assert_true(loaded.search.calibrate_input);
    assert_true(loaded.search.normalize_cost);
    assert_int_equal(loaded.entry_count, 1);
    assert_string_equal(loaded.entries[0].strategy, "joint");
    assert_string_equal(loaded.entries[0].cost_model, "size");
    assert_int_equal(loaded.entries[0].strength_count, 2);
    assert_true(loaded.entries[0].strengths[1] == 1.0);
    assert_int_equal(loaded.entries[0].line, 3);
}

static void test_every_kind_of_value_is_read(void **state)
{
    (void)state;
    assert_loads(
        "name = \"a-b_c.1\"; network = \"n\"; data = \"d\"; batch = 64; class_weights = true;\n"
        "seeds = [14L, 9007199254740993L];\n"
        "augment = { rotate_degrees = 15; flip = true; };\n"
        "search = { select = \"total_loss\"; activation_bits = [2, 4, 8]; optimizer = \"sgd\"; momentum = 0.9;\n"
        "  drop_epochs = [50, 100]; drop_factors = [0.5, 0.4]; };\n"
        "sweep = ( { strategy = \"mixprec\"; cost_model = \"size\"; strengths = { from = 0.01; to = 1; count = 3; }; "
        "},\n"
        "  { strategy = \"layerwise\"; cost_model = \"size\"; strengths = (0, 1.5); },\n"
        "  { strategy = \"fixed\"; bits = [8, 2]; } );");
    assert_string_equal(loaded.name, "a-b_c.1");
    assert_int_equal(loaded.batch, 64);
    assert_true(loaded.class_weights);
    assert_int_equal(loaded.seed_count, 2);
    assert_true(loaded.seeds[1] == 9007199254740993u);
    assert_true(loaded.augment.rotate_degrees == 15.0); /* an integer where a number is wanted is fine */
    assert_int_equal(loaded.search_phase.select, SELECT_TOTAL_LOSS);
    assert_int_equal(loaded.search.activation_count, 3);
    assert_int_equal(loaded.search_phase.drop_count, 2);
    assert_int_equal(loaded.search_phase.drop_epochs[1], 100);
    assert_true(loaded.search_phase.drop_factors[1] == 0.4);
    assert_int_equal(loaded.entries[0].strength_count, 3);
    assert_true(loaded.entries[0].strengths[0] == 0.01 && loaded.entries[0].strengths[1] == 0.1 &&
                loaded.entries[0].strengths[2] == 1.0);
    assert_true(loaded.entries[1].strengths[0] == 0.0 && loaded.entries[1].strengths[1] == 1.5);
    assert_string_equal(loaded.entries[2].cost_model, "none");
    assert_int_equal(loaded.entries[2].bits_count, 2);
    assert_int_equal(loaded.entries[2].bits[1], 2);
    assert_int_equal(loaded.entries[2].line, 8);
}

static void test_all_faults_are_told_at_once(void **state)
{
    (void)state;
    REFUSES("batsh = 3;\nnetwork = \"n.cfg\";\ndata = \"d.h5\";\nseeds = [1, 1];\nwarmup = { epocs = 2; "
            "learning_rate = -1.0; };\nsweep = (\n{ strategy = \"jiont\"; cost_model = \"size\"; },\n{ strategy = "
            "\"joint\"; cost_model = \"size\"; strenghts = [1.0]; },\n{ strategy = \"fixed\"; bits = [9]; } );",
            "t.cfg:1: unknown key \"batsh\"", "t.cfg:4: seeds holds 1 twice", "t.cfg:5: unknown key \"warmup.epocs\"",
            "t.cfg:5: warmup.learning_rate must be above 0", "t.cfg:7: sweep[0].strategy", "did you mean \"joint\"?",
            "t.cfg:8: unknown key \"sweep[1].strenghts\"", "t.cfg:9: sweep[2].bits[0]");
    assert_null(strstr(load("sweep = ( { strategy = \"jiont\"; cost_model = \"size\"; } );").message, "unknown key"));
}

static void test_unknown_keys_name_place_and_nearest_key(void **state)
{
    (void)state;
    REFUSES("batsh = 3;\n" MINIMAL, "t.cfg:1:", "unknown key \"batsh\"", "did you mean \"batch\"?");
    REFUSES(MINIMAL "search = {\n epoch = 3; };", "t.cfg:5:", "\"search.epoch\"", "\"search.epochs\"");
    REFUSES(MINIMAL "serch = { epochs = 3; };", "t.cfg:4:", "\"serch\"", "\"search\"");
    REFUSES(MINIMAL "patience = 3;", "\"patience\"", "\"warmup.patience\""); /* the right name in the wrong place */
    REFUSES("network = \"n\"; data = \"d\";\nsweep = ( { strategy = \"joint\";\n cost_model = \"size\"; strenghts = "
            "[1.0]; } );",
            "t.cfg:3:", "\"sweep[0].strenghts\"", "\"sweep[0].strengths\"");
    status s = load(MINIMAL "qqqqqqqqqq = 1;");
    assert_true(failed(s));
    assert_non_null(strstr(s.message, "unknown key \"qqqqqqqqqq\""));
    assert_null(strstr(s.message, "did you mean")); /* nothing is close */
    REFUSES("netwrk = \"n\"; data = \"d\";" SWEEP, "unknown key \"netwrk\"",
            "\"network\""); /* not: network is missing */
}

static void test_wrong_types_are_refused(void **state)
{
    (void)state;
    REFUSES(MINIMAL "batch = 32.5;", "t.cfg:4:", "batch must be an integer", "32.5");
    REFUSES(MINIMAL "batch = 32.0;", "batch must be an integer", "32.0");
    REFUSES(MINIMAL "batch = \"32\";", "batch must be an integer", "\"32\"");
    REFUSES(MINIMAL "search = {\n\n learning_rate = true; };", "t.cfg:6:", "search.learning_rate must be a number",
            "true");
    REFUSES(MINIMAL "class_weights = 1;", "class_weights must be true or false");
    REFUSES(MINIMAL "seeds = 3;", "seeds must be a list");
    REFUSES(MINIMAL "search = 5;", "t.cfg:4:", "search must be a section");
    REFUSES(MINIMAL "name = 5;", "name must be a text");
    REFUSES("network = \"n\"; data = \"d\"; sweep = 3;", "sweep must be a list");
    REFUSES("network = \"n\"; data = \"d\"; sweep = (3);", "sweep[0] must be a section");
}

static void test_ranges_are_named(void **state)
{
    (void)state;
    REFUSES(MINIMAL "batch = 0;", "t.cfg:4:", "batch", "1 ... 65536", "not 0");
    REFUSES(MINIMAL "finetune = { learning_rate = 0.0; };", "finetune.learning_rate", "above 0 ... 1000");
    REFUSES(MINIMAL "search = { temperature_factor = 1.5; };", "above 0 ... 1, not 1.5");
    REFUSES(MINIMAL "warmup = { optimizer = \"adamw\"; };", "\"adam\" | \"sgd\"", "adamw");
    REFUSES(MINIMAL "warmup = { select = \"total_loss\"; };", "warmup.select", "total_loss");
    REFUSES(MINIMAL "search = { activation_bits = [3, 8]; };", "one of 2, 4, 8, not 3");
    REFUSES(MINIMAL "search = { activation_bits = [8, 4]; };", "ascending", "4 comes after 8");
    REFUSES(MINIMAL "search = { activation_bits = [4, 4]; };", "holds 4 twice");
    REFUSES(MINIMAL "search = { input_bits = [ ]; };", "search.input_bits", "at least one");
    REFUSES(MINIMAL "seeds = [1, 2, 1];", "seeds holds 1 twice");
    REFUSES(MINIMAL "seeds = [-1];", "0 ... 9223372036854775807, not -1");
    REFUSES(MINIMAL "seeds = [ ];", "at least one seed");
    REFUSES(MINIMAL "name = \"a/b\";", "name", "letters, digits");
    REFUSES(MINIMAL "batch = 3000000000;", "t.cfg:4:", "needs the suffix L"); /* libconfig would make it negative */
    REFUSES(MINIMAL "seeds = [99999999999999999999L];", "does not fit in 64 bits");
}

static void test_keys_that_belong_together_are_checked(void **state)
{
    (void)state;
    REFUSES(MINIMAL "shards = 3;", "t.cfg:4:", "shards", "power of two");
    REFUSES(MINIMAL "shards = 64;", "batch must be at least shards = 64");
    REFUSES(MINIMAL "\nbatch = 2;", "t.cfg:5:", "batch must be at least shards = 4, not 2");
    REFUSES(MINIMAL "warmup = { momentum = 0.9; };", "warmup.momentum", "sgd");
    REFUSES(MINIMAL "finetune = { nesterov = true; };", "finetune.nesterov", "sgd");
    REFUSES(MINIMAL "warmup = { optimizer = \"sgd\"; nesterov = true; };", "warmup.nesterov", "momentum above 0");
    REFUSES(MINIMAL "augment = { flip = true; alternating_flip = true; };", "augment.alternating_flip", "augment.flip");
    REFUSES(MINIMAL "warmup = { drop_epochs = [3]; };", "warmup.drop_epochs", "1 elements", "0");
    REFUSES(MINIMAL "warmup = { drop_epochs = [3, 5]; drop_factors = [0.1]; };", "belong together");
    REFUSES(MINIMAL "warmup = { epochs = 5; first_candidate_epoch = 5; };", "no epoch could be kept");
    REFUSES(MINIMAL "arithmetic = \"fast\";", "t.cfg:4:", "\"exact\"", "\"reference\"");
    REFUSES(MINIMAL "published_rules = [\"pact\"];", "published_rules[0]", "\"pact_epsilon\"", "not \"pact\"");
    REFUSES(MINIMAL "published_rules = [\"pact_epsilon\", \"pact_epsilon\"];", "published_rules[1]", "twice");
    REFUSES(MINIMAL "arithmetic = \"reference\"; published_rules = [\"pact_epsilon\"];", "in \"reference\" all are");
    REFUSES(MINIMAL "published_rules = [\"pact_epsilon\"]; quantizer = { batchnorm = \"kept\"; };",
            "quantizer.batchnorm", "without published_rules");
    REFUSES(MINIMAL "published_rules = [\"pact_epsilon\"]; finetune = { integer = true; };", "finetune.integer",
            "without published_rules");
    REFUSES(MINIMAL "search = { sampling = \"gumbol\"; };", "search.sampling", "\"hard_gumbel\"");
}

static void test_sweep_entries_are_checked(void **state)
{
    (void)state;
#define ENTRY(text) "network = \"n\"; data = \"d\";\nsweep = (\n { " text " } );"
    REFUSES("network = \"n\"; data = \"d\";", "sweep is missing");
    REFUSES("network = \"n\"; data = \"d\"; sweep = ( );", "sweep is empty");
    REFUSES(ENTRY("cost_model = \"size\"; strengths = [1.0];"), "t.cfg:3:", "needs strategy");
    REFUSES(ENTRY("strategy = \"magic\"; strengths = [1.0];"), "\"joint\"", "\"fixed\"", "magic");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\";"), "t.cfg:3:", "needs strengths");
    REFUSES(ENTRY("strategy = \"joint\"; strengths = [1.0];"), "needs cost_model for strategy \"joint\"");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = [1.0]; bits = [8];"),
            "bits is a key of strategy \"fixed\"", "not of \"joint\"");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = [-1.0];"), "strengths",
            "0 ... 1e+15, not -1");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5, 1];"), "alike");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = { from = 0.1; to = 1.0; };"), "count");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = { from = 0.0; to = 1.0; count = 3; };"),
            "above 0");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = { from = 0.1; to = 1.0; count = 1; };"),
            "2 ... 256");
    REFUSES(ENTRY("strategy = \"joint\"; cost_model = \"size\"; strengths = { from = 0.1; to = 1.0; cuont = 3; };"),
            "did you mean");
    REFUSES(ENTRY("strategy = \"fixed\"; strengths = [1.0];"), "strengths is a key of strategy",
            "not of \"fixed\", which takes bits");
    REFUSES(ENTRY("strategy = \"fixed\"; cost_model = \"size\"; bits = [8];"), "cost_model is a key of strategy");
    REFUSES(ENTRY("strategy = \"fixed\";"), "needs bits");
    REFUSES(ENTRY("strategy = \"fixed\"; bits = [8, 8];"), "holds 8 twice");
    REFUSES(ENTRY("strategy = \"fixed\"; bits = [0];"), "1 ... 8, not 0");
}

static void test_broken_files_are_refused(void **state)
{
    (void)state;
    REFUSES("batch = ;\n", "t.cfg:1:", "syntax error");
    REFUSES("batch = 3;\nbatch = 4;\n" MINIMAL, "t.cfg:2:", "duplicate");
    REFUSES("@include \"other.cfg\"\n" MINIMAL, "t.cfg:1:", "@include");
    REFUSES("# @include in a comment, 99999999999 too\n/* 99999999999\n@ */ name = \"4000000000 @\";\nbatch = "
            "4.5;\n" MINIMAL,
            "name"); /* comments and texts are skipped: the first error is the name's blank */
    REFUSES("data = \"d\";" SWEEP, "network is missing");
    REFUSES("network = \"\"; data = \"d\";" SWEEP, "network must name a file");
    assert_refused(settings_load(&loaded, "no/such.cfg", NULL, 0, strategies_entry_kinds()),
                   (const char *const[]){"no/such.cfg", "No such file", NULL});
    assert_refused(settings_load(&loaded, "configs", NULL, 0, strategies_entry_kinds()),
                   (const char *const[]){"configs", "directory", NULL});
}

static void test_the_table_of_a_processor(void **state)
{
    (void)state;
#define ROWS "( [6.5, 4.0, 2.2],\n [3.9, 3.5, 0.1],\n [2.5, 2.3, 1e-3] )"
    assert_loads(MINIMAL);
    assert_int_equal(loaded.cost.lut.conv_rows, 0);
    assert_int_equal(loaded.cost.input_slope, INPUT_SLOPE_OF_MODEL);
    assert_loads(MINIMAL "search = { input_slope = \"attached\"; refine = true; };"
                         "lut = { name = \"chip\"; conv = " ROWS
                         "; linear = ([1, 2, 3], [4, 5, 6], [7, 8, 9]); clock_hz = 2e8; };");
    const throughput_settings *lut = &loaded.cost.lut;
    assert_string_equal(lut->name, "chip");
    assert_true(lut->conv_rows == 3 && lut->depthwise_rows == 0 && lut->linear_rows == 3);
    assert_true(lut->conv[0][0] == 6.5 && lut->conv[0][2] == 2.2 && lut->conv[1][0] == 3.9 && lut->conv[2][2] == 1e-3);
    assert_true(lut->linear[1][2] == 6 && lut->clock_hz == 2e8);
    assert_true(loaded.search.refine && loaded.cost.input_slope == INPUT_SLOPE_ATTACHED);

    char *text, *other;
    assert_false(failed(settings_text(&text, &loaded, strategies_entry_kinds())));
    assert_false(failed(load(text)));
    assert_false(failed(settings_text(&other, &loaded, strategies_entry_kinds())));
    assert_string_equal(text, other);
    free(other);
    loaded.cost.lut.conv[2][1] = 2.4;
    assert_false(failed(settings_text(&other, &loaded, strategies_entry_kinds())));
    assert_string_not_equal(text, other);
    assert_non_null(strstr(other, "2.4"));
    free(other);
    free(text);

#define LUT(text) MINIMAL "lut = {\n" text "\n};"
    REFUSES(LUT("conv = ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]);"), "t.cfg:5:", "lut.conv", "has 2 rows; it needs 3");
    REFUSES(LUT("conv = ([1.0, 2.0, 3.0],\n [1.0, 2.0], [1.0, 2.0, 3.0]);"), "t.cfg:6:", "has 2 numbers; it needs 3");
    REFUSES(LUT("conv = ([1.0, 2.0, 3.0],\n [1.0, -2.0, 3.0], [1.0, 2.0, 3.0]);"),
            "t.cfg:6:", "above 0 ... 1000000000");
    REFUSES(LUT("conv = ([1.0, 2.0, 3.0], 4.0, [1.0, 2.0, 3.0]);"), "t.cfg:5:", "row of 3 numbers");
    REFUSES(LUT("conv = [1.0, 2.0, 3.0];"), "t.cfg:5:", "row of 3 numbers");
    REFUSES(LUT("conv = 1.0;"), "t.cfg:5:", "list of 3 rows");
    REFUSES(LUT("name = \"chip\";"), "t.cfg:5:", "needs lut.conv");
    REFUSES(LUT("depthwise = " ROWS ";"), "lut.depthwise", "needs lut.conv");
    REFUSES(LUT("row = 1;"), "unknown key \"lut.row\"");
    REFUSES("network = \"n\"; data = \"d\";\nsweep = ( { strategy = \"joint\"; cost_model = \"lut\"; strengths = "
            "[1.0]; } );",
            "t.cfg:2:", "needs lut = {");
}

static void test_a_failed_load_leaves_the_output_alone(void **state)
{
    (void)state;
    memset(&again, 7, sizeof again);
    settings before = again;
    assert_true(failed(settings_load(&again, "no/such.cfg", NULL, 0, strategies_entry_kinds())));
    assert_memory_equal(&before, &again, sizeof again);
}

static void test_overrides_win_and_have_the_same_checks(void **state)
{
    (void)state;
    const char *good[] = {"search.epochs=3", "seeds=[1, 2]", "search.epochs = 4",
                          "data=other.h5",   "name=\"x\"",   "sweep=({strategy=\"fixed\"; bits=[4];})"};
    assert_false(failed(load_with(MINIMAL "search = { epochs = 9; };", good, 6)));
    assert_int_equal(loaded.search_phase.epochs, 4); /* the last one wins */
    assert_int_equal(loaded.seed_count, 2);
    assert_string_equal(loaded.name, "x");
    assert_string_equal(strrchr(loaded.data, '/'), "/other.h5");
    assert_int_equal(loaded.entry_count, 1);
    assert_string_equal(loaded.entries[0].strategy, "fixed");
    assert_int_equal(loaded.entries[0].line, 0);

    static const struct {
        const char *text;
        const char *parts[4];
    } bad[] = {
        {"search.epochs=3.5", {"--set search.epochs=3.5:", "search.epochs must be an integer"}},
        {"batch=0", {"--set batch=0:", "1 ... 65536"}},
        {"shards=3", {"--set shards=3:", "power of two"}},
        {"search.epoch=3", {"--set search.epoch=3:", "unknown key \"search.epoch\"", "\"search.epochs\""}},
        {"serch.epochs=3", {"unknown key \"serch\"", "\"search\""}},
        {"batch", {"--set batch", "key=value"}},
        {"=3", {"--set =3", "key=value"}},
        {"a b=3", {"--set a b=3", "is not a key"}},
        {"batch=", {"--set batch=:", "syntax error"}},
        {"search=3", {"--set search=3:", "must be a section"}},
        {"warmup.optimizer=adamw", {"--set warmup.optimizer=adamw:", "\"adam\" | \"sgd\""}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(load_with(MINIMAL, (const char *const[]){bad[i].text}, 1), bad[i].parts);
}

static void test_paths_are_relative_to_the_file(void **state)
{
    (void)state;
    char expected[MAX_PATH_TEXT], folder[MAX_PATH_TEXT];
    assert_non_null(realpath(scratch_place.path, folder));
    assert_loads("network = \"./networks/n.cfg\"; data = \"/abs/d.h5\";" SWEEP);
    snprintf(expected, sizeof expected, "%.900s/networks/n.cfg", folder);
    assert_string_equal(loaded.network, expected);
    assert_string_equal(loaded.data, "/abs/d.h5");
    assert_loads("network = \"n.cfg\"; data = \"../data/d.h5\";" SWEEP);
    *strrchr(folder, '/') = '\0';
    snprintf(expected, sizeof expected, "%.900s/data/d.h5", folder);
    assert_string_equal(loaded.data, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_the_published_protocol),
        cmocka_unit_test(test_every_kind_of_value_is_read),
        cmocka_unit_test(test_all_faults_are_told_at_once),
        cmocka_unit_test(test_unknown_keys_name_place_and_nearest_key),
        cmocka_unit_test(test_wrong_types_are_refused),
        cmocka_unit_test(test_ranges_are_named),
        cmocka_unit_test(test_keys_that_belong_together_are_checked),
        cmocka_unit_test(test_sweep_entries_are_checked),
        cmocka_unit_test(test_broken_files_are_refused),
        cmocka_unit_test(test_the_table_of_a_processor),
        cmocka_unit_test(test_a_failed_load_leaves_the_output_alone),
        cmocka_unit_test(test_overrides_win_and_have_the_same_checks),
        cmocka_unit_test(test_paths_are_relative_to_the_file),
    };
    return cmocka_run_group_tests_name("settings", tests, scratch_set_up, scratch_tear_down);
}
