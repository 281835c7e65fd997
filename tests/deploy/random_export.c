/* random_export FOLDER FIRST COUNT: random networks FIRST ... FIRST + COUNT - 1, each exported as FOLDER/NUMBER/c and
 * FOLDER/NUMBER/npz with images and the engine's logits, for random_networks.sh.
 *
 * random_export FOLDER FILE BITS: the network of a file with random weights of so many bits, as FOLDER/BITS/c and
 * FOLDER/BITS/npz, for tests/bench/c_speed.sh. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
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

static const char *base, *file;
static uint32_t first, count;

static void export_case(const integer_case_options *options, uint32_t number)
{
    char path[512];
    int32_t index[CASE_IMAGES], labels[CASE_IMAGES] = {0};
    integer_case c;
    integer_case_open(&c, options);
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
    for (uint32_t k = 0; k < count; k++) {
        char text[RANDOM_NETWORK_TEXT];
        const integer_case_options options = random_case(text, first + k);
        export_case(&options, first + k);
    }
}

static void test_network_of_a_file_is_exported(void **state)
{
    (void)state;
    static const quantizer_rules rules = {.clip_percentile = 99.9};
    const int bits[] = {(int)count, -1};
    const integer_case_options options = {
        .path = file, .weight_bits = bits, .activation_bits = 8, .quantizer = &rules, .seed = 1};
    export_case(&options, count);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_export FOLDER FIRST COUNT | FOLDER FILE BITS\n");
        return 2;
    }
    base = argv[1];
    file = argv[2];
    first = (uint32_t)atoi(argv[2]);
    count = (uint32_t)atoi(argv[3]);
    const struct CMUnitTest numbered[] = {cmocka_unit_test(test_random_networks_are_exported)};
    const struct CMUnitTest of_a_file[] = {cmocka_unit_test(test_network_of_a_file_is_exported)};
    return isdigit((unsigned char)file[0]) ? cmocka_run_group_tests(numbered, NULL, NULL)
                                           : cmocka_run_group_tests(of_a_file, NULL, NULL);
}
