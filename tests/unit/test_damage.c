/* links: core_data results */
/* Damage: a flipped bit, a zeroed sector or a cut at many places of every kind of file that we read again. Each reader
 * ends within 5 s with a message or, where nothing changed, with the same values; it never dies. The places follow a
 * fixed seed; the variable DAMAGE_ROUNDS has more of them. DAMAGE_RUN is the copy of a real run that was killed, with
 * its data set as data.h5: then its files are damaged, too (tests/faults/damage.sh). */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/rng.h"
#include "core/config/config.h"
#include "core/data/dataset.h"
#include "results/file/checkpoint.h"
#include "results/report/report_columns.h"
#include "results/run/run.h"
#include "results/run/run_look.h"
#include "results/run/run_use.h"
#include "tests/support/check_status.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/scratch.h"
#include "tests/support/small_data.h"

enum { SECONDS = 5, STATE_BYTES = 3000, SECTOR = 512 };

static run run_of_test;
static plan_fixture *plan;
static unsigned char state_bytes[STATE_BYTES];
static checkpoint_machine isa = {.kernels = "isa"};

static const char *real; /* the copy of a real run, or NULL */

static const char *at(const char *name)
{
    static char path[MAX_PATH_TEXT];
    if (real != NULL) {
        snprintf(path, sizeof path, "%s/%s", real, name);
        return path;
    }
    return scratch_file(&scratch_place, name);
}

static const char *task_name(void)
{
    static char name[64];
    snprintf(name, sizeof name, "tasks/%s.h5", plan_fixture_key(plan, 1));
    return name;
}

/* ---- the readers: true when the file was taken, and then its values are the right ones ---- */

static bool read_data(void)
{
    size_t bytes;
    if (failed(dataset_measure(&bytes, at("d.h5")))) return false;
    void *block = malloc(bytes);
    assert_non_null(block);
    bool good = !failed(dataset_load(block, bytes, at("d.h5")));
    if (good) assert_int_equal(dataset_attach(block).count, SMALL_COUNT);
    free(block);
    return good;
}

static bool read_task(void)
{
    record rec;
    if (failed(run_read_task(&rec, &run_of_test, plan_fixture_key(plan, 1)))) return false;
    assert_true(rec.test_accuracy == 0.25);
    record_free(&rec);
    return true;
}

static bool read_results(void)
{
    report_columns c;
    bool good = !failed(report_columns_read(&c, at("results.h5")));
    if (good) assert_true(c.count == 1 && c.test[0] == 0.25);
    report_columns_free(&c);
    return good;
}

static bool read_checkpoint(void)
{
    bool found = false;
    char warning[256];
    unsigned char bytes[STATE_BYTES];
    span part = {"state", bytes, sizeof bytes};
    if (failed(checkpoint_read(&found, warning, at("checkpoint.h5"), "key", &isa, &part, 1)) || !found) return false;
    assert_memory_equal(bytes, state_bytes, sizeof bytes);
    return true;
}

static bool read_status(void)
{
    char words[4096] = "";
    FILE *out = fmemopen(words, sizeof words - 1, "w");
    assert_non_null(out);
    run_look look;
    bool good = !failed(run_look_read(&look, real != NULL ? real : scratch_place.path));
    if (good) run_look_print(out, &look, real != NULL ? real : scratch_place.path, (run_look_style){.width = 80});
    if (good) run_look_print_next(out, &look);
    run_look_free(&look);
    fclose(out);
    for (const char *c = words; *c != '\0'; c++) assert_true((unsigned char)*c >= 0x20 || *c == '\n');
    return good;
}

static bool read_log(void)
{
    run_use use;
    return !failed(run_use_read(&use, real != NULL ? real : scratch_place.path));
}

static bool read_config(void)
{
    config *c;
    if (failed(config_open(&c, at("a.cfg")))) return false;
    config_close(c);
    return true;
}

/* ---- the damage ---- */

static void put(const char *name, const char *bytes, size_t count)
{
    FILE *file = fopen(at(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static uint32_t rounds(uint32_t usual)
{
    const char *more = getenv("DAMAGE_ROUNDS");
    return more != NULL ? (uint32_t)strtoul(more, NULL, 10) : usual;
}

/* `sealed`: whatever differs has to be refused. */
static void damage(const char *name, bool (*read)(void), bool sealed)
{
    char *good;
    size_t size;
    check_ok(file_read_bytes(&good, &size, at(name)));
    alarm(SECONDS);
    assert_true(read());
    char *bad = malloc(size);
    assert_non_null(bad);
    for (uint32_t round = 0; round < rounds(300); round++) {
        rng_block draw = rng_draw(11, RNG_SYNTHETIC, round, (uint32_t)size, 0);
        size_t place = rng_below(draw.word[0], (uint32_t)size), count = size;
        memcpy(bad, good, size);
        switch (draw.word[1] % 4) {
        case 0:
            bad[place] = (char)(bad[place] ^ 1 << draw.word[2] % 8);
            break;
        case 1:
            place = place / SECTOR * SECTOR;
            memset(bad + place, 0, size - place < SECTOR ? size - place : SECTOR);
            break;
        case 2:
            bad[place] = (char)draw.word[2];
            break;
        default:
            count = place;
            break;
        }
        bool differs = count != size || memcmp(bad, good, size) != 0;
        put(name, bad, count);
        alarm(SECONDS); /* its signal ends the test */
        bool taken = read();
        alarm(0);
        if (sealed && taken == differs) fail_msg("%s, round %u: damage at %zu", name, (unsigned)round, place);
    }
    put(name, good, size);
    free(bad);
    free(good);
}

static void test_data_sets(void **state)
{
    (void)state;
    check_ok(small_data_write(at("d.h5")));
    damage("d.h5", read_data, false); /* a file cut to where HDF5 ends is one of another program */
}

static void test_tasks_and_results(void **state)
{
    (void)state;
    char warning[256];
    bool changed;
    plan = plan_fixture_new(0, 1);
    check_ok(run_open(&run_of_test, scratch_place.path, "a = 1;\n", "b = 2;\n", "sha256:00", &changed));
    record rec = plan_fixture_record(plan, 1);
    rec.test_accuracy = 0.25;
    check_ok(run_write_task(warning, &run_of_test, &rec, NULL));
    record_free(&rec);
    check_ok(run_snapshot(&run_of_test, &plan->plan));
    damage(task_name(), read_task, true);
    damage("results.h5", read_results, true);
    run_close(&run_of_test);
    plan_fixture_free(plan);
}

static void test_checkpoints(void **state)
{
    (void)state;
    for (int i = 0; i < STATE_BYTES; i++) state_bytes[i] = (unsigned char)(i * 7);
    span part = {"state", state_bytes, sizeof state_bytes};
    check_ok(checkpoint_write(at("checkpoint.h5"), "key", &isa, &part, 1, NULL));
    damage("checkpoint.h5", read_checkpoint, true);
}

static void test_texts(void **state)
{
    (void)state;
    static const char status_text[] =
        "{\"time\": \"2026-11-21T05:06:07Z\", \"state\": \"running\", \"done\": 2147483647, \"failed\": 99999999999, "
        "\"running\": -5, \"total\": 3, \"others\": 1, \"exit\": 0, \"job\": \"\\u001b]0;x\", "
        "\"groups\": [{\"line\": \"\\u001b[31mred\"}]}";
    static const char log_text[] =
        "{\"time\":\"2026-11-21T05:06:07Z\",\"event\":\"sweep_started\",\"at\":0,\"ranks\":3,\"tasks\":4}\n"
        "{\"time\":\"2026-11-21T05:06:08Z\",\"event\":\"task_started\",\"at\":1,\"task\":2147483647,\"ranks\":1}\n"
        "{\"time\":\"2026-11-21T05:06:09Z\",\"event\":\"task_done\",\"at\":2,\"task\":1,\"ranks\":1}\n";
    static const char config_text[] =
        "name = \"x\"; list = [1, 2, 3]; /* a comment */ part = { deep = ( { a = 1.5e3; } "
        "); }; # end\nlarge = 9223372036854775807L;\n";
    put("status.json", status_text, sizeof status_text - 1);
    damage("status.json", read_status, false);
    put("log.jsonl", log_text, sizeof log_text - 1);
    damage("log.jsonl", read_log, false);
    put("a.cfg", config_text, sizeof config_text - 1);
    damage("a.cfg", read_config, false);
}

/* ---- a real run: whatever is read is what was read of the sound file ---- */

static char task_key[TASK_KEY], checkpoint_name[128], claim_name[128];
static double known_accuracy = -1;
static size_t known_rows;
static char known_checksum[72];

static bool read_real_task(void)
{
    record rec;
    if (failed(run_read_task(&rec, &run_of_test, task_key))) return false;
    if (known_accuracy < 0) known_accuracy = rec.test_accuracy;
    assert_true(rec.test_accuracy == known_accuracy);
    record_free(&rec);
    return true;
}

static bool read_real_results(void)
{
    report_columns c;
    bool good = !failed(report_columns_read(&c, at("results.h5")));
    if (good && known_rows == 0) known_rows = c.count;
    if (good) assert_true(c.count == known_rows);
    report_columns_free(&c);
    return good;
}

static bool read_real_data(void)
{
    size_t bytes;
    if (failed(dataset_measure(&bytes, at("data.h5")))) return false;
    void *block = malloc(bytes);
    assert_non_null(block);
    bool good = !failed(dataset_load(block, bytes, at("data.h5")));
    const dataset d = good ? dataset_attach(block) : (dataset){0};
    if (good && known_checksum[0] == '\0') strcpy(known_checksum, d.content_checksum);
    if (good) assert_string_equal(d.content_checksum, known_checksum);
    free(block);
    return good;
}

/* A sound one is of another task than it is asked for here. */
static bool read_real_checkpoint(void)
{
    bool found;
    char warning[256];
    span none;
    return checkpoint_read(&found, warning, at(checkpoint_name), "key", &isa, &none, 0).code == STATUS_CONFIG;
}

static bool read_real_claim(void)
{
    claims c;
    claim_token token;
    char holder[CLAIM_HOLDER];
    int count;
    bool is_free;
    const char *name = strchr(claim_name, '/') + 1;
    check_ok(claims_open(&c, real, 1e6));
    check_ok(claims_count_tasks(&count, &c));
    check_ok(claims_is_free(&is_free, &c, name));
    check_ok(claims_take(&token, holder, &c, name));
    for (const char *h = holder; *h != '\0'; h++) assert_true((unsigned char)*h >= 0x20);
    claims_close(&c);
    return true;
}

/* "FOLDER/NAME" of a file there that ends so. */
static void find_file(char out[128], const char *folder, const char *ending)
{
    DIR *listing = opendir(at(folder));
    assert_non_null(listing);
    out[0] = '\0';
    for (struct dirent *e; (e = readdir(listing)) != NULL;) {
        const size_t length = strlen(e->d_name), least = strlen(ending);
        if (e->d_name[0] != '.' && length >= least && strcmp(e->d_name + length - least, ending) == 0)
            snprintf(out, 128, "%s/%.100s", folder, e->d_name);
    }
    closedir(listing);
    if (out[0] == '\0') fail_msg("the run has no file in %s", folder);
}

static void test_a_real_run(void **state)
{
    (void)state;
    char finished[128];
    real = getenv("DAMAGE_RUN");
    if (real == NULL) skip();
    check_ok(run_open_read(&run_of_test, real));
    find_file(finished, "tasks", ".h5");
    find_file(checkpoint_name, "checkpoints", ".h5");
    find_file(claim_name, "claims", "");
    memcpy(task_key, strchr(finished, '/') + 1, TASK_KEY - 1);
    damage(finished, read_real_task, true);
    damage(checkpoint_name, read_real_checkpoint, true);
    damage("results.h5", read_real_results, true);
    damage("data.h5", read_real_data, false);
    damage("status.json", read_status, false);
    damage("log.jsonl", read_log, false);
    damage(claim_name, read_real_claim, false);
    run_close(&run_of_test);
    real = NULL;
}

/* libconfig forgets a text that is not ended at the end of a file. The sanitizer asks for this. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_data_sets), scratch_test(test_tasks_and_results), scratch_test(test_checkpoints),
        scratch_test(test_texts),     scratch_test(test_a_real_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
