/* links: core_deploy */
/* Exports hold the network: what is read back from HDF5 is what was written, and a folder appears complete or not. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/file.h"
#include "core/deploy/exporter.h"
#include "core/deploy/integer_engine.h"
#include "core/io/h5.h"
#include "tests/support/integer_case.h"

enum { IMAGES = CASE_IMAGES };
static const int bits[] = {0, 2, 4, 8, -1};
static const quantizer_rules kept = {.before_add = BEFORE_ADD_SIGNED, .batchnorm = BATCHNORM_KEPT};
static const integer_case_options options = {.path = "tests/support/networks/every_layer.cfg",
                                             .weight_bits = bits,
                                             .activation_bits = 8,
                                             .quantizer = &kept,
                                             .seed = 3};

/* A case with its images as a data set that has nothing but a test split. */
typedef struct {
    integer_case network;
    uint8_t *samples;
    int32_t index[IMAGES], labels[IMAGES];
    dataset data;
    export_inputs inputs;
    char directory[64], path[96];
} fixture;

static void open_fixture(fixture *f)
{
    integer_case_open(&f->network, &options);
    f->samples = case_samples(&f->network);
    for (int i = 0; i < IMAGES; i++) {
        f->index[i] = i;
        f->labels[i] = 0;
    }
    const integer_network *n = &f->network.network;
    f->data = (dataset){.name = "random",
                        .height = n->height,
                        .width = n->width,
                        .channels = n->channels,
                        .classes = n->classes,
                        .count = IMAGES,
                        .scale = 1.0f / 255,
                        .labels = f->labels,
                        .samples = f->samples};
    f->data.split_count[SPLIT_TEST] = IMAGES;
    f->data.split_index[SPLIT_TEST] = f->index;
    f->inputs = (export_inputs){.network = n, .title = "a point", .data = &f->data, .images = IMAGES};
    snprintf(f->directory, sizeof f->directory, "/tmp/test_export_XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/out", f->directory);
}

static void close_fixture(fixture *f)
{
    free(f->samples);
    integer_case_close(&f->network);
    assert_int_equal(rmdir(f->directory), 0); /* tests remove what they made: nothing else was left */
}

static void check_layer(h5_id file, const integer_layer *l)
{
    h5_id group;
    if (l->kind != INTEGER_CONV) return;
    const size_t channels = (size_t)l->run.conv.out_channels, count = channels * l->rows;
    int8_t *codes = malloc(count);
    uint8_t *packed = malloc(l->packed_bytes);
    int32_t *bias = malloc(channels * sizeof *bias);
    check_ok(h5_group_open(&group, file, l->name));
    check_ok(h5_read(group, "codes", H5_I8, count, codes));
    check_ok(h5_read(group, "packed", H5_U8, l->packed_bytes, packed));
    check_ok(h5_read(group, "bias", H5_I32, channels, bias));
    assert_memory_equal(codes, l->codes, count);
    assert_memory_equal(packed, l->packed, l->packed_bytes);
    assert_memory_equal(bias, l->bias, channels * sizeof *bias);
    assert_true(h5_exists(group, "multiplier") == (l->multiplier != NULL));
    h5_group_close(group);
    free(bias);
    free(packed);
    free(codes);
}

static void test_hdf5_holds_the_network_and_its_logits(void **state)
{
    (void)state;
    fixture f;
    export_folder folder;
    char path[128], **text;
    h5_id file;
    size_t count;
    open_fixture(&f);
    check_ok(export_folder_open(&folder, f.path));
    check_ok(exporters_find("h5")->write(&folder, &f.inputs));
    check_ok(export_folder_publish(&folder));
    snprintf(path, sizeof path, "%s/network.h5", f.path);
    check_ok(h5_open_read(&file, path));
    const integer_network *n = &f.network.network;
    for (int i = 0; i < n->layer_count; i++) check_layer(file, &n->layers[i]);
    check_ok(h5_read_strings(&text, &count, file, "graph"));
    assert_int_equal(count, 1);
    assert_non_null(strstr(text[0], "\"every_layer\""));
    free(text);
    int32_t logits[IMAGES * 16], own[16];
    check_ok(h5_read(file, "@test/logits", H5_I32, (size_t)(IMAGES * n->classes), logits));
    integer_engine *e;
    check_ok(integer_engine_open(&e, n, NULL, false));
    for (int i = 0; i < IMAGES; i++) {
        integer_engine_run(e, own, f.samples + (size_t)i * case_image_size(&f.network));
        assert_memory_equal(own, logits + i * n->classes, (size_t)n->classes * sizeof *own);
    }
    integer_engine_close(e);
    check_ok(h5_close(file));
    unlink(path);
    rmdir(f.path);
    close_fixture(&f);
}

static void test_a_discarded_folder_leaves_nothing_and_a_present_one_is_refused(void **state)
{
    (void)state;
    fixture f;
    export_folder folder;
    open_fixture(&f);
    for (const exporter *const *e = exporters(); *e != NULL; e++) {
        check_ok(export_folder_open(&folder, f.path));
        check_ok((*e)->write(&folder, &f.inputs));
        assert_false(file_exists(f.path));
        export_folder_discard(&folder);
    }
    check_says(export_folder_open(&folder, f.directory), "is there already");
    check_says(export_folder_open(&folder, ""), "1 to");
    assert_null(exporters_find("tflite"));
    close_fixture(&f);
}

/* What a format has no word for is refused by the name of its layer, and the folder does not appear. */
static void test_what_a_format_cannot_express_is_refused_by_name(void **state)
{
    (void)state;
    fixture f;
    export_folder folder;
    open_fixture(&f);
    const exporter *onnx = exporters_find("onnx");
    integer_tensor *hidden = &f.network.network.tensors[1];
    assert_true(hidden->step != 0);
    hidden->type = INT_S16;
    check_ok(export_folder_open(&folder, f.path));
    const status refused = onnx->write(&folder, &f.inputs);
    export_folder_discard(&folder);
    assert_int_equal(refused.code, STATUS_CONFIG);
    if (strstr(refused.message, "cannot write onnx") != NULL)
        printf("skipped: built without the schema of ONNX\n");
    else
        assert_true(strstr(refused.message, hidden->name) != NULL && strstr(refused.message, "onnx cannot") != NULL);
    assert_false(file_exists(f.path));
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf5_holds_the_network_and_its_logits),
        cmocka_unit_test(test_what_a_format_cannot_express_is_refused_by_name),
        cmocka_unit_test(test_a_discarded_folder_leaves_nothing_and_a_present_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
