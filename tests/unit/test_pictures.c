/* links: core_data */
/* PNG and JPEG files come in as they are, damaged ones and kinds that would have to be guessed at are refused by name,
 * and folders of them become data sets. */
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
#include <png.h>

#include "core/base/file.h"
#include "core/data/dataset.h"
#include "core/data/import/importers.h"
#include "core/data/import/picture.h"
#include "tests/support/check_status.h"
#include "tests/support/picture_files.h"
#include "tests/support/scratch.h"

enum { H = 6, W = 9 };

static uint8_t grey[H * W], colour[H * W * 3];

static int make(void **state)
{
    for (int i = 0; i < H * W; i++) grey[i] = (uint8_t)(i * 5 + 3);
    for (int i = 0; i < H * W * 3; i++) colour[i] = (uint8_t)(i * 7 + i / 11);
    return scratch_set_up(state);
}

static void expect_pixels(uint8_t *bytes, size_t size, int channels, const uint8_t *wanted)
{
    picture p;
    check_ok(picture_decode(&p, bytes, size, "a.png"));
    assert_int_equal(p.height, H);
    assert_int_equal(p.width, W);
    assert_int_equal(p.channels, channels);
    assert_memory_equal(p.pixels, wanted, (size_t)H * W * channels);
    picture_free(&p);
    free(bytes);
}

static void expect_refusal(uint8_t *bytes, size_t size, const char *words)
{
    picture p = {0};
    check_says(picture_decode(&p, bytes, size, "folder/a.png"), words);
    check_says(picture_decode(&p, bytes, size, "folder/a.png"), "folder/a.png");
    assert_null(p.pixels);
    free(bytes);
}

static void png_kinds(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_GRAY, grey, NULL);
    expect_pixels(bytes, size, 1, grey);
    bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_RGB, colour, NULL);
    expect_pixels(bytes, size, 3, colour);

    uint8_t with_alpha[H * W * 4];
    for (int i = 0; i < H * W; i++) {
        memcpy(with_alpha + 4 * i, colour + 3 * i, 3);
        with_alpha[4 * i + 3] = 255;
    }
    bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_RGB_ALPHA, with_alpha, NULL);
    expect_pixels(bytes, size, 3, colour);
    with_alpha[4 * 20 + 3] = 254;
    bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_RGB_ALPHA, with_alpha, NULL);
    expect_refusal(bytes, size, "transparent");

    /* One bit a pixel: 0 or 255. Rows of W = 9 bits are two bytes. */
    uint8_t rows[H * 2], wanted[H * W];
    for (int y = 0; y < H; y++) {
        rows[2 * y] = (uint8_t)(0xA5 + y);
        rows[2 * y + 1] = 0x80;
        for (int x = 0; x < W; x++) wanted[y * W + x] = (rows[2 * y + x / 8] >> (7 - x % 8) & 1) ? 255 : 0;
    }
    bytes = picture_make_png(&size, H, W, 1, PNG_COLOR_TYPE_GRAY, rows, NULL);
    expect_pixels(bytes, size, 1, wanted);

    static const uint8_t palette[12] = {1, 2, 3, 40, 50, 60, 7, 8, 9, 255, 254, 253};
    uint8_t places[H * W], painted[H * W * 3];
    for (int i = 0; i < H * W; i++) {
        places[i] = (uint8_t)(i % 4);
        memcpy(painted + 3 * i, palette + 3 * (i % 4), 3);
    }
    bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_PALETTE, places, palette);
    expect_pixels(bytes, size, 3, painted);

    uint8_t wide[H * W * 2] = {0};
    bytes = picture_make_png(&size, H, W, 16, PNG_COLOR_TYPE_GRAY, wide, NULL);
    expect_refusal(bytes, size, "16 bits");
}

static void jpeg_kinds(void **state)
{
    (void)state;
    size_t size;
    uint8_t smooth[H * W * 4];
    for (int i = 0; i < H * W; i++)
        for (int c = 0; c < 4; c++) smooth[4 * i + c] = (uint8_t)(100 + i % W + i / W);
    uint8_t *bytes = picture_make_jpeg(&size, H, W, 4, smooth, 100);
    expect_refusal(bytes, size, "CMYK");
    for (int channels = 1; channels <= 3; channels += 2) {
        uint8_t plain[H * W * 3];
        for (int i = 0; i < H * W * channels; i++) plain[i] = smooth[i / channels * 4];
        bytes = picture_make_jpeg(&size, H, W, channels, plain, 100);
        picture p;
        check_ok(picture_decode(&p, bytes, size, "a.jpg"));
        assert_int_equal(p.channels, channels);
        for (int i = 0; i < H * W * channels; i++) assert_in_range(p.pixels[i] + 2 - plain[i], 0, 4);
        picture_free(&p);
        free(bytes);
    }
}

/* Whatever is missing at the end, nothing is invented; whatever byte is wrong, nothing breaks. */
static void damaged_files(void **state)
{
    (void)state;
    size_t sizes[2];
    uint8_t noise[32 * 32 * 3];
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(i * i * 2654435761u >> 13);
    uint8_t *files[2] = {picture_make_png(&sizes[0], 32, 32, 8, PNG_COLOR_TYPE_RGB, noise, NULL),
                         picture_make_jpeg(&sizes[1], 32, 32, 3, noise, 90)};
    for (int f = 0; f < 2; f++) {
        picture p;
        check_ok(picture_decode(&p, files[f], sizes[f], "whole"));
        picture_free(&p);
        /* The last two bytes of a JPEG are its end mark. */
        for (size_t size = 0; size + 2 < sizes[f]; size += 1 + size / 40) {
            status s = picture_decode(&p, files[f], size, "cut");
            if (!failed(s)) fail_msg("%zu of %zu bytes were taken for a picture", size, sizes[f]);
        }
        for (size_t at = 0; at < sizes[f]; at++) {
            uint8_t kept = files[f][at];
            files[f][at] ^= (uint8_t)(1 << at % 8);
            status s = picture_decode(&p, files[f], sizes[f], "flipped");
            if (!failed(s)) picture_free(&p);
            files[f][at] = kept;
        }
        free(files[f]);
    }
    uint8_t *text = (uint8_t *)strdup("this is a text");
    expect_refusal(text, 14, "neither a PNG nor a JPEG");
}

static void scaling(void **state)
{
    (void)state;
    uint8_t out[64 * 64 * 3];
    picture p = {.height = H, .width = W, .channels = 3, .pixels = colour};
    check_ok(picture_scale(out, H, W, 3, &p, FIT_CROP));
    assert_memory_equal(out, colour, sizeof colour);
    check_ok(picture_scale(out, H, W, 1, &p, FIT_CROP));
    for (int i = 0; i < H * W; i++) {
        double y = 0.299 * colour[3 * i] + 0.587 * colour[3 * i + 1] + 0.114 * colour[3 * i + 2];
        assert_int_equal(out[i], (int)(y + 0.5));
    }

    /* A constant stays the same whatever the sizes are. */
    uint8_t flat[40 * 30];
    memset(flat, 201, sizeof flat);
    static const int sizes[][2] = {{1, 1}, {3, 50}, {64, 2}, {29, 31}, {64, 64}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int fit = FIT_CROP; fit <= FIT_STRETCH; fit++) {
            picture q = {.height = 40, .width = 30, .channels = 1, .pixels = flat};
            check_ok(picture_scale(out, sizes[i][0], sizes[i][1], 1, &q, (picture_fit)fit));
            for (int k = 0; k < sizes[i][0] * sizes[i][1]; k++) assert_int_equal(out[k], 201);
        }

    /* Half the size: each output pixel weighs 4 x 4 pixels as (1 3 3 1)/8 along both axes. */
    uint8_t ramp[16 * 16];
    for (int i = 0; i < 256; i++) ramp[i] = (uint8_t)(i % 16 * 9 + i / 16 * 5);
    picture r = {.height = 16, .width = 16, .channels = 1, .pixels = ramp};
    check_ok(picture_scale(out, 8, 8, 1, &r, FIT_STRETCH));
    for (int y = 1; y < 7; y++)
        for (int x = 1; x < 7; x++) assert_in_range(out[y * 8 + x] + 1 - ((2 * x + 0.5) * 9 + (2 * y + 0.5) * 5), 0, 2);

    /* Of a wide picture, crop keeps the middle: columns 8 to 15 of 24. */
    uint8_t wide[8 * 24];
    for (int i = 0; i < 8 * 24; i++) wide[i] = (uint8_t)(i % 24 >= 8 && i % 24 < 16 ? 50 + i : 255);
    picture w = {.height = 8, .width = 24, .channels = 1, .pixels = wide};
    check_ok(picture_scale(out, 8, 8, 1, &w, FIT_CROP));
    for (int y = 0; y < 8; y++) assert_memory_equal(out + 8 * y, wide + 24 * y + 8, 8);
}

/* ---- folders ---- */

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(scratch_file(&scratch_place, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_png(const char *name, int value)
{
    uint8_t pixels[H * W];
    size_t size;
    memset(pixels, value, sizeof pixels);
    uint8_t *bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_GRAY, pixels, NULL);
    write_file(name, bytes, size);
    free(bytes);
}

static void make_class(const char *name, int value, int count)
{
    char path[200];
    check_ok(file_make_directory(scratch_file(&scratch_place, name)));
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%03d.png", name, i);
        write_png(path, value + i);
    }
}

static status prepare(const char *first, const char *first_value, const char *second, const char *second_value)
{
    import_request r = {.what = importer_find("folder"), .output = scratch_file(&scratch_place, "out.h5")};
    assert_non_null(r.what);
    const char *pairs[3][2] = {
        {"source", scratch_file(&scratch_place, "pictures")}, {first, first_value}, {second, second_value}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; pairs[i][0] != NULL && r.what->keys[k].name != NULL; k++)
            if (strcmp(r.what->keys[k].name, pairs[i][0]) == 0) r.values[k] = pairs[i][1];
    status s = import_check(&r);
    return failed(s) ? s : r.what->run(&r);
}

static void refuse(const char *words)
{
    check_says(prepare(NULL, NULL, NULL, NULL), words);
    assert_false(file_exists(scratch_file(&scratch_place, "out.h5")));
}

/* Splits and labels of the samples, whose value says which file they are. */
static void expect_set(int count, const int in_split[SPLIT_COUNT])
{
    size_t bytes;
    const char *path = scratch_file(&scratch_place, "out.h5");
    check_ok(dataset_measure(&bytes, path));
    void *block = malloc(bytes);
    assert_non_null(block);
    check_ok(dataset_load(block, bytes, path));
    dataset d = dataset_attach(block);
    assert_int_equal(d.count, count);
    for (int s = 0; s < SPLIT_COUNT; s++) assert_int_equal(d.split_count[s], in_split[s]);
    for (int i = 0; i < count; i++)
        assert_int_equal(d.labels[i], ((const uint8_t *)d.samples)[(size_t)i * H * W] / 100);
    assert_string_equal(d.class_names, "cat");
    assert_string_equal(d.class_names + DATASET_NAME, "dog");
    free(block);
    unlink(path);
}

static void folders(void **state)
{
    (void)state;
    make_class("pictures/dog", 100, 20);
    make_class("pictures/cat", 0, 30);
    write_file("pictures/cat/.DS_Store", "x", 1);
    write_file("pictures/README.txt", "x", 1);
    check_ok(prepare("test", "0.2", NULL, NULL));
    expect_set(50, (const int[]){35, 5, 10});

    write_file("list.txt", "cat/003.png\r\n\ndog/001.png\n", 26);
    check_ok(prepare("validation-list", scratch_file(&scratch_place, "list.txt"), NULL, NULL));
    expect_set(50, (const int[]){43, 2, 5});
    check_says(prepare("validation-list", scratch_file(&scratch_place, "list.txt"), "test-list",
                       scratch_file(&scratch_place, "list.txt")),
               "list.txt:1: cat/003.png is in a split already");
    write_file("list.txt", "cat/003.png\ncat/999.png\n", 24);
    check_says(prepare("test-list", scratch_file(&scratch_place, "list.txt"), NULL, NULL),
               "list.txt:2: there is no file cat/999.png");

    write_file("pictures/dog/007.png", "no picture", 10);
    refuse("pictures/dog/007.png is neither a PNG nor a JPEG");
    check_ok(prepare("skip-bad", "", "test", "0.2"));
    expect_set(49, (const int[]){34, 5, 10});
    write_file("pictures/dog/007.png", "", 0);
    refuse("pictures/dog/007.png is empty");
    size_t size;
    uint8_t *bytes = picture_make_png(&size, 2, W, 8, PNG_COLOR_TYPE_GRAY, grey, NULL);
    write_file("pictures/dog/007.png", bytes, size);
    free(bytes);
    refuse("say which size all of them should get with --size HxW");
    bytes = picture_make_png(&size, H, W, 8, PNG_COLOR_TYPE_RGB, colour, NULL);
    write_file("pictures/dog/007.png", bytes, size);
    free(bytes);
    refuse("--channels 1 (grey) or --channels 3 (colour)");
    write_png("pictures/dog/007.png", 107);

    check_ok(file_make_directory(scratch_file(&scratch_place, "pictures/Dog")));
    refuse("Dog and dog, which differ in case only");
    check_ok(file_make_directory(scratch_file(&scratch_place, "pictures/dog/more")));
    rmdir(scratch_file(&scratch_place, "pictures/Dog"));
    refuse("pictures/dog/more is a folder where pictures are expected");
    rmdir(scratch_file(&scratch_place, "pictures/dog/more"));
    check_ok(file_make_directory(scratch_file(&scratch_place, "pictures/eel")));
    refuse("of class eel is empty");
    rmdir(scratch_file(&scratch_place, "pictures/eel"));
    check_says(prepare("size", "0x5", NULL, NULL), "--size wants HxW");
    check_says(prepare("fit", "squeeze", NULL, NULL), "--fit wants crop or stretch");
}

static void folders_of_splits(void **state)
{
    (void)state;
    make_class("pictures/train/cat", 0, 20);
    make_class("pictures/train/dog", 100, 20);
    make_class("pictures/val/cat", 50, 3);
    make_class("pictures/val/dog", 150, 4);
    check_ok(prepare("test", "0.25", NULL, NULL));
    expect_set(47, (const int[]){30, 7, 10});
    make_class("pictures/test/dog", 170, 9);
    refuse("pictures/test has 1 folders");
    make_class("pictures/test/cat", 70, 8);
    check_ok(prepare(NULL, NULL, NULL, NULL));
    expect_set(64, (const int[]){40, 7, 17});
    make_class("pictures/test/cow", 70, 8);
    refuse("pictures/test has the class cow, which train does not have");
}

static void tiny_imagenet_excerpt(void **state)
{
    (void)state;
    const char *folder = "../shared/data/tiny-imagenet-10";
    if (!file_exists(folder)) {
        print_message("skipped: %s is not there\n", folder);
        skip();
    }
    import_request r = {.what = importer_find("tiny_imagenet"), .output = scratch_file(&scratch_place, "out.h5")};
    assert_string_equal(r.what->keys[0].name, "source");
    r.values[0] = folder;
    check_ok(import_check(&r));
    check_ok(r.what->run(&r));
    size_t bytes;
    check_ok(dataset_measure(&bytes, r.output));
    void *block = malloc(bytes);
    assert_non_null(block);
    check_ok(dataset_load(block, bytes, r.output));
    dataset d = dataset_attach(block);
    assert_int_equal(d.split_count[SPLIT_TRAIN], 1800);
    assert_int_equal(d.split_count[SPLIT_VALIDATION], 200);
    assert_int_equal(d.split_count[SPLIT_TEST], 500);
    assert_int_equal(d.height * d.width * d.channels, 64 * 64 * 3);
    free(block);
}

#define placed(test) cmocka_unit_test_setup_teardown(test, make, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        placed(png_kinds), placed(jpeg_kinds),        placed(damaged_files),         placed(scaling),
        placed(folders),   placed(folders_of_splits), placed(tiny_imagenet_excerpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
