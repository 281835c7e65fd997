/* links: core_io */
/* What HDF5 would do for a file that somebody else wrote, and what we do not let it do: follow links, read other files,
 * run plug-ins, allocate what is merely claimed. The files are made through HDF5 itself. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/io/h5.h"
#include "core/io/probe.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

enum { COUNT = 4 };

static const char *at(const char *name)
{
    return scratch_file(&scratch_place, name);
}

static hid_t new_file(const char *name)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fcreate(at(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* One data set; `create` is closed. */
static void add_set(hid_t file, const char *name, hid_t type, hsize_t count, hid_t create, const void *values)
{
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(set >= 0);
    if (values != NULL) assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    if (create != H5P_DEFAULT) H5Pclose(create);
}

static void expect_refused(const char *name, const char *set, size_t count, const char *words)
{
    h5_id file;
    double numbers[COUNT];
    size_t dims;
    check_ok(h5_open_read(&file, at(name)));
    check_says(h5_read(file, set, H5_F64, count, numbers), words);
    check_says(h5_dims(file, set, 1, &dims), words);
    check_ok(h5_close(file));
}

static void test_links_are_not_followed(void **state)
{
    (void)state;
    const double values[COUNT] = {1, 2, 3, 4};
    hid_t other = new_file("secret.h5");
    add_set(other, "x", H5T_IEEE_F64LE, COUNT, H5P_DEFAULT, values);
    H5Fclose(other);
    hid_t file = new_file("a.h5");
    add_set(file, "x", H5T_IEEE_F64LE, COUNT, H5P_DEFAULT, values);
    assert_true(H5Lcreate_external("secret.h5", "/x", file, "outside", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_external("secret.h5", "/", file, "folder", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    expect_refused("a.h5", "outside", COUNT, "is a link");
    expect_refused("a.h5", "folder/x", COUNT, "is a link");
    expect_refused("a.h5", "soft", COUNT, "is a link");
    h5_id opened, group;
    char *text;
    check_ok(h5_open_read(&opened, at("a.h5")));
    check_says(h5_group_open(&group, opened, "folder"), "is a link");
    check_says(h5_get_text(&text, opened, "folder", "name"), "is a link");
    h5_members *members;
    check_ok(h5_members_new(&members, opened, "."));
    assert_int_equal(h5_members_count(members), 4);
    check_says(h5_member_open(&group, members, "outside"), "is a link");
    check_says(h5_member_open(&group, members, "soft"), "is a link");
    check_ok(h5_member_open(&group, members, "x"));
    double more[2 * COUNT];
    check_says(h5_read(group, ".", H5_F64, 2 * COUNT, more), "data set 'x' holds 4 values where 8 are expected");
    h5_member_close(group);
    h5_members_free(members);
    check_ok(h5_close(opened));
}

static void test_values_in_other_files_are_refused(void **state)
{
    (void)state;
    /* A FIFO: whoever opens it waits for ever. */
    assert_int_equal(mkfifo(at("raw"), 0600), 0);
    hid_t file = new_file("a.h5");
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_external(create, at("raw"), 0, COUNT * sizeof(double)) >= 0);
    add_set(file, "external", H5T_IEEE_F64LE, COUNT, create, NULL);

    hsize_t count = COUNT;
    hid_t space = H5Screate_simple(1, &count, NULL);
    create = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_virtual(create, space, at("raw"), "x", space) >= 0);
    H5Sclose(space);
    add_set(file, "virtual", H5T_IEEE_F64LE, COUNT, create, NULL);
    H5Fclose(file);
    expect_refused("a.h5", "external", COUNT, "in other files");
    expect_refused("a.h5", "virtual", COUNT, "virtual data set");
}

static void test_claims_are_compared_with_what_is_stored(void **state)
{
    (void)state;
    hid_t file = new_file("a.h5");
    const double values[COUNT] = {1, 2, 3, 4};
    /* Never written: fill values, of gigabytes. */
    add_set(file, "nothing", H5T_IEEE_F64LE, (hsize_t)1 << 30, H5P_DEFAULT, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk = 1000;
    assert_true(H5Pset_chunk(create, 1, &chunk) >= 0 && H5Pset_deflate(create, 9) >= 0);
    hsize_t count = (hsize_t)1 << 40, none = 0, some = COUNT;
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t set = H5Dcreate2(file, "sparse", H5T_IEEE_F64LE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    hid_t memory = H5Screate_simple(1, &some, NULL);
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, &none, NULL, &some, NULL) >= 0);
    assert_true(H5Dwrite(set, H5T_IEEE_F64LE, memory, space, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(memory);
    H5Sclose(space);
    chunk = (hsize_t)1 << 31;
    assert_true(H5Pset_chunk(create, 1, &chunk) >= 0);
    count = chunk;
    space = H5Screate_simple(1, &count, NULL);
    set = H5Dcreate2(file, "chunk", H5T_STD_U8LE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(file);
    expect_refused("a.h5", "nothing", (size_t)1 << 30, "claims");
    expect_refused("a.h5", "sparse", (size_t)1 << 40, "claims");
    expect_refused("a.h5", "chunk", (size_t)1 << 31, "chunks of");
}

static void test_other_types_and_filters_are_refused(void **state)
{
    (void)state;
    hid_t file = new_file("a.h5");
    hid_t opaque = H5Tcreate(H5T_OPAQUE, 8), pair = H5Tcreate(H5T_COMPOUND, 16), list = H5Tvlen_create(H5T_IEEE_F64LE);
    assert_true(H5Tinsert(pair, "a", 0, H5T_IEEE_F64LE) >= 0);
    add_set(file, "opaque", opaque, COUNT, H5P_DEFAULT, NULL);
    add_set(file, "pair", pair, COUNT, H5P_DEFAULT, NULL);
    add_set(file, "list", list, COUNT, H5P_DEFAULT, NULL);
    hid_t wide = H5Tcopy(H5T_C_S1);
    assert_true(H5Tset_size(wide, (size_t)1 << 31) >= 0);
    add_set(file, "wide", wide, 1, H5P_DEFAULT, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk = COUNT;
    assert_true(H5Pset_chunk(create, 1, &chunk) >= 0 && H5Pset_scaleoffset(create, H5Z_SO_FLOAT_DSCALE, 2) >= 0);
    const double values[COUNT] = {1, 2, 3, 4};
    add_set(file, "filtered", H5T_IEEE_F64LE, COUNT, create, values);
    H5Tclose(opaque);
    H5Tclose(pair);
    H5Tclose(list);
    H5Tclose(wide);
    H5Fclose(file);
    expect_refused("a.h5", "opaque", COUNT, "neither numbers nor texts");
    expect_refused("a.h5", "pair", COUNT, "neither numbers nor texts");
    expect_refused("a.h5", "list", COUNT, "neither numbers nor texts");
    expect_refused("a.h5", "wide", 1, "texts of 2147483648 bytes");
    expect_refused("a.h5", "filtered", COUNT, "filter");
}

static void test_texts_of_both_kinds_are_read(void **state)
{
    (void)state;
    hid_t file = new_file("a.h5");
    hid_t fixed = H5Tcopy(H5T_C_S1), padded = H5Tcopy(H5T_FORTRAN_S1), variable = H5Tcopy(H5T_C_S1);
    assert_true(H5Tset_size(fixed, 5) >= 0 && H5Tset_size(padded, 5) >= 0 && H5Tset_size(variable, H5T_VARIABLE) >= 0);
    const char *const words[2] = {"one", "three"};
    add_set(file, "fixed", fixed, 2, H5P_DEFAULT, "one\0\0three");
    add_set(file, "padded", padded, 2, H5P_DEFAULT, "one  three");
    add_set(file, "variable", variable, 2, H5P_DEFAULT, words);
    H5Tclose(fixed);
    H5Tclose(padded);
    H5Tclose(variable);
    H5Fclose(file);
    static const char *const names[] = {"fixed", "padded", "variable"};
    h5_id opened;
    check_ok(h5_open_read(&opened, at("a.h5")));
    for (int i = 0; i < 3; i++) {
        char **texts;
        size_t count;
        check_ok(h5_read_strings(&texts, &count, opened, names[i]));
        assert_int_equal(count, 2);
        for (int k = 0; k < 2; k++) assert_string_equal(texts[k], words[k]);
        free(texts);
    }
    check_ok(h5_close(opened));
}

/* Our own files: no heap of texts, and headers that readers without libhdf5 understand. */
static void test_our_texts_are_of_fixed_length(void **state)
{
    (void)state;
    const char *const words[3] = {"",
                                  "gr\xc3\xb6\xc3\x9f"
                                  "er",
                                  "b"};
    char *text = NULL, *large = calloc(1, 100001);
    memset(large, 'x', 100000);
    h5_id file;
    check_ok(h5_create(&file, at("a.h5")));
    check_ok(h5_write_strings(file, "words", 3, words, (h5_about){"1", "words"}));
    check_ok(h5_write_strings(file, "none", 0, words, (h5_about){"1", "no words"}));
    for (int i = 0; i < 40; i++) { /* more than a compact header of the newer format holds */
        char name[16];
        snprintf(name, sizeof name, "text%d", i);
        check_ok(h5_set_text(file, ".", name, name));
    }
    check_ok(h5_set_text(file, ".", "empty", ""));
    check_ok(h5_set_text(file, ".", "large", large));
    check_ok(h5_close(file));
    check_ok(h5_open_read(&file, at("a.h5")));
    char **texts;
    size_t count;
    check_ok(h5_read_strings(&texts, &count, file, "words"));
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) assert_string_equal(texts[i], words[i]);
    free(texts);
    check_ok(h5_read_strings(&texts, &count, file, "none"));
    assert_int_equal(count, 0);
    free(texts);
    static const char *const names[] = {"text39", "empty", "large"};
    const char *const wanted[] = {"text39", "", large};
    for (int i = 0; i < 3; i++) {
        check_ok(h5_get_text(&text, file, ".", names[i]));
        assert_string_equal(text, wanted[i]);
        free(text);
    }
    hid_t set = H5Dopen2(file, "words", H5P_DEFAULT), type = H5Dget_type(set);
    assert_int_equal(H5Tis_variable_str(type), 0);
    H5Tclose(type);
    H5Dclose(set);
    check_ok(h5_close(file));
    free(large);
}

/* ---- a child that reads first ---- */

static status read_well(void *ctx)
{
    ++*(int *)ctx;
    return status_ok();
}

static status read_nothing(void *ctx)
{
    (void)ctx;
    return status_fail(STATUS_DATA, "nothing in it");
}

static status read_and_die(void *ctx)
{
    (void)ctx;
    kill(getpid(), SIGSEGV);
    return status_ok();
}

static status read_for_ever(void *ctx)
{
    (void)ctx;
    while (getppid() > 0) pause();
    return status_ok();
}

/* Address sanitizers end a process that asks for more than there is. */
#ifdef __SANITIZE_ADDRESS__
#define NO_MEMORY "breaks down"
#else
#define NO_MEMORY "no memory for the child"
#endif

static status read_everything(void *ctx)
{
    (void)ctx;
    void *block = malloc((size_t)8 << 30);
    status s = block != NULL ? status_ok() : status_fail(STATUS_MEMORY, "no memory for the child");
    free(block);
    return s;
}

static void touch(const char *name)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    fputs("bytes", file);
    assert_int_equal(fclose(file), 0);
}

static void test_a_child_dies_in_our_place(void **state)
{
    (void)state;
    int calls = 0;
    touch("a");
    touch("b");
    check_says(probe_read(at("missing"), read_well, &calls), "No such file");
    check_says(probe_read(at("a"), read_nothing, NULL), "nothing in it");
    check_says(probe_read(at("a"), read_and_die, NULL), "breaks down");
    check_says(probe_read(at("a"), read_everything, NULL), NO_MEMORY);
    const double began = clock_seconds();
    check_says(probe_read(at("a"), read_for_ever, NULL), "finds no end");
    assert_true(clock_seconds() - began < 5);
    check_ok(probe_read(at("a"), read_well, &calls));
    assert_int_equal(calls, 0);                        /* it was not our memory */
    check_ok(probe_read(at("a"), read_and_die, NULL)); /* known to be good: not asked again */
    check_says(probe_read(at("b"), read_and_die, NULL), "breaks down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_links_are_not_followed),
        scratch_test(test_values_in_other_files_are_refused),
        scratch_test(test_claims_are_compared_with_what_is_stored),
        scratch_test(test_other_types_and_filters_are_refused),
        scratch_test(test_texts_of_both_kinds_are_read),
        scratch_test(test_our_texts_are_of_fixed_length),
        scratch_test(test_a_child_dies_in_our_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
