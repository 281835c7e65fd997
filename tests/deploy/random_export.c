/* random_export FOLDER FIRST COUNT: random networks FIRST ... FIRST + COUNT - 1, each exported as FOLDER/NUMBER/c and
 * FOLDER/NUMBER/npz with images and the engine's logits, for random_networks.sh. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/deploy/exporter.h"
#include "tests/support/random_case.h"

static const char *base;
static uint32_t first, count;

static void export_network(uint32_t number)
{
    char text[RANDOM_NETWORK_TEXT], path[512];
    const integer_case_options options = random_case(text, number);
    int32_t index[CASE_IMAGES], labels[CASE_IMAGES] = {0};
    integer_case c;
    integer_case_open(&c, &options);
    for (int i = 0; i < CASE_IMAGES; i++) index[i] = i;
    dataset data = {.name = "random",
                    .height = c.network.height,
                    .width = c.network.width,
                    .channels = c.network.channels,
                    .classes = c.network.classes,
                    .count = CASE_IMAGES,
                    .scale = (float)c.network.sample_scale,
                    .is_signed = c.samples_signed,
                    .labels = labels,
                    .samples = case_samples(&c)};
    data.split_count[SPLIT_TEST] = CASE_IMAGES;
    data.split_index[SPLIT_TEST] = index;
    const export_inputs inputs = {.network = &c.network, .title = "random", .data = &data, .images = CASE_IMAGES};
    snprintf(path, sizeof path, "%s/%u", base, (unsigned)number);
    assert_int_equal(mkdir(path, 0777), 0);
    static const char *const formats[] = {"c", "npz"};
    for (int k = 0; k < 2; k++) {
        export_folder folder;
        snprintf(path, sizeof path, "%s/%u/%s", base, (unsigned)number, formats[k]);
        check_ok(export_folder_open(&folder, path));
        check_ok(exporters_find(formats[k])->write(&folder, &inputs));
        check_ok(export_folder_publish(&folder));
    }
    free((void *)data.samples);
    integer_case_close(&c);
}

static void test_random_networks_are_exported(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < count; k++) export_network(first + k);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_export FOLDER FIRST COUNT\n");
        return 2;
    }
    base = argv[1];
    first = (uint32_t)atoi(argv[2]);
    count = (uint32_t)atoi(argv[3]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_networks_are_exported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
