/* links: core_strategy */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/config/entry.h"
#include "core/config/settings_keys.h"
#include "core/config/settings_load.h"
#include "core/config/settings_text.h"
#include "core/strategy/strategies.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

#define SWEEP "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5, 1.0]; } );\n"
#define MINIMAL "network = \"n.cfg\";\ndata = \"d.h5\";\n" SWEEP

static settings loaded, again;

static status load_with(const char *text, const char *const *overrides, int count)
{
    const char *path = scratch_file(&scratch_place, "t.cfg");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    memset(&loaded, 0, sizeof loaded);
    return settings_load(&loaded, path, overrides, count, strategies_entry_kinds());
}

static status load(const char *text)
{
    return load_with(text, NULL, 0);
}

static void assert_loads(const char *text)
{
    status s = load(text);
    if (failed(s)) fail_msg("does not load: %s", s.message);
}

/* The message must hold all of `parts` (NULL-terminated). */
static void assert_refused(status s, const char *const *parts)
{
    assert_true(failed(s));
    assert_int_equal(s.code, STATUS_CONFIG);
    for (; *parts != NULL; parts++)
        if (strstr(s.message, *parts) == NULL) fail_msg("\"%s\" is not in: %s", *parts, s.message);
}
#define REFUSES(text, ...) assert_refused(load(text), (const char *const[]){__VA_ARGS__, NULL})

static void assert_same_values(const settings *a, const settings *b)
{
    settings *x = malloc(sizeof *x), *y = malloc(sizeof *y);
    assert_true(x != NULL && y != NULL);
    memcpy(x, a, sizeof *x);
    memcpy(y, b, sizeof *y);
    memset(x->path, 0, sizeof x->path); /* where it was read from is not a value */
    memset(y->path, 0, sizeof y->path);
    for (int i = 0; i < MAX_ENTRIES; i++) x->entries[i].line = y->entries[i].line = 0;
    assert_memory_equal(x, y, sizeof *x);
    free(x);
    free(y);
}

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
    assert_loads(MINIMAL "name = \"x\"; segment_steps = 7; seeds = [3]; arithmetic = \"reference\"; shards = 8;"
                         "augment = { flip = true; }; finetune = { drop_epochs = [2]; drop_factors = [0.1]; };");
    char *text = section_of("", false);
    assert_string_equal(text, "batch = 32\nshards = 8\nclass_weights = false\n");
    free(text);
    text = section_of("", true);
    assert_string_equal(text, "arithmetic = \"reference\"\nbatch = 32\nshards = 8\nclass_weights = false\n");
    free(text);
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
        cmocka_unit_test(test_the_resolved_text_reads_back_bit_for_bit),
        cmocka_unit_test(test_a_section_is_written_without_what_changes_no_record),
        cmocka_unit_test(test_options_of_an_entry_are_written_when_they_were_given),
        cmocka_unit_test(test_the_example_is_the_help_and_loads_with_every_default),
        cmocka_unit_test(test_the_shipped_configurations_load),
        cmocka_unit_test(test_a_recipe_is_below_the_file_and_the_overrides),
        cmocka_unit_test(test_recipes_that_are_wrong_are_named),
        cmocka_unit_test(test_defaults_of_younger_keys_are_written_as_they_stand_in_the_table),
    };
    return cmocka_run_group_tests_name("settings", tests, scratch_set_up, scratch_tear_down);
}
