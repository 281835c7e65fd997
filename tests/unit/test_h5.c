/* links: core_io */
/* The HDF5 door: what is written is read back, what is wrong is refused in clear words, nothing is left open. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check_status.h"
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/io/h5.h"

static char folder[64], path[96];
static const h5_about ABOUT = {"1", "numbers of a test"};

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bitfront_h5_XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/a.h5", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void test_numbers_of_every_type_and_rank_come_back(void **state)
{
    (void)state;
    const float f32[6] = {1.5f, -2.25f, 0, 3e38f, 1e-40f, 7};
    const double f64[1] = {0.1};
    const uint8_t u8[4] = {0, 1, 128, 255};
    const int8_t i8[4] = {-128, -1, 0, 127};
    const int32_t i32[2] = {INT32_MIN, INT32_MAX};
    const int64_t i64[2] = {INT64_MIN, INT64_MAX};
    h5_id file, group;
    check_ok(h5_create(&file, path));
    check_ok(h5_write(file, "f32", H5_F32, 3, (size_t[]){1, 2, 3}, f32, ABOUT));
    check_ok(h5_write(file, "f64", H5_F64, 0, NULL, f64, ABOUT));
    check_ok(h5_group(&group, file, "inner"));
    check_ok(h5_write(group, "u8", H5_U8, 2, (size_t[]){2, 2}, u8, ABOUT));
    check_ok(h5_write(group, "i8", H5_I8, 1, (size_t[]){4}, i8, ABOUT));
    h5_group_close(group);
    check_ok(h5_write(file, "i32", H5_I32, 1, (size_t[]){2}, i32, ABOUT));
    check_ok(h5_write(file, "i64", H5_I64, 6, (size_t[]){1, 1, 1, 1, 1, 2}, i64, ABOUT));
    check_ok(h5_write(file, "none", H5_F32, 2, (size_t[]){0, 5}, NULL, ABOUT));
    check_ok(h5_close(file));

    float f32_back[6];
    double f64_back[1], widened[4];
    int8_t i8_back[4];
    int64_t i64_back[2];
    size_t dims[6];
    check_ok(h5_open_read(&file, path));
    check_ok(h5_dims(file, "f32", 3, dims));
    assert_true(dims[0] == 1 && dims[1] == 2 && dims[2] == 3);
    check_ok(h5_dims(file, "none", 2, dims));
    assert_true(dims[0] == 0 && dims[1] == 5);
    check_ok(h5_read(file, "none", H5_F32, 0, NULL));
    check_ok(h5_read(file, "f32", H5_F32, 6, f32_back));
    check_ok(h5_read(file, "f64", H5_F64, 1, f64_back));
    check_ok(h5_read(file, "inner/u8", H5_F64, 4, widened));
    check_ok(h5_read(file, "inner/i8", H5_I8, 4, i8_back));
    check_ok(h5_read(file, "i64", H5_I64, 2, i64_back));
    assert_memory_equal(f32, f32_back, sizeof f32);
    assert_memory_equal(f64, f64_back, sizeof f64);
    assert_memory_equal(i8, i8_back, sizeof i8);
    assert_memory_equal(i64, i64_back, sizeof i64);
    for (int i = 0; i < 4; i++) assert_true(widened[i] == u8[i]);
    char *text;
    check_ok(h5_get_text(&text, file, "inner/u8", "description"));
    assert_string_equal(text, ABOUT.description);
    free(text);
    check_ok(h5_close(file));
}

static void test_large_data_is_compressed_and_checked(void **state)
{
    (void)state;
    enum { ROWS = 3001, COLUMNS = 257 };
    static float values[ROWS * COLUMNS], back[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = (float)(i % 1000);
    h5_id file;
    check_ok(h5_create(&file, path));
    check_ok(h5_write(file, "large", H5_F32, 2, (size_t[]){ROWS, COLUMNS}, values, ABOUT));
    check_ok(h5_close(file));
    check_ok(h5_open_read(&file, path));
    check_ok(h5_read(file, "large", H5_F32, ROWS * COLUMNS, back));
    assert_memory_equal(values, back, sizeof values);
    hid_t set = H5Dopen2(file, "large", H5P_DEFAULT), created = H5Dget_create_plist(set);
    assert_int_equal(H5Pget_nfilters(created), 3);
    assert_true(H5Zfilter_avail(H5Z_FILTER_FLETCHER32) > 0 &&
                H5Pget_filter_by_id2(created, H5Z_FILTER_FLETCHER32, NULL, NULL, NULL, 0, NULL, NULL) >= 0);
    H5Pclose(created);
    H5Dclose(set);
    check_ok(h5_close(file));

    /* One changed byte in the middle must be noticed. */
    FILE *raw = fopen(path, "r+b");
    assert_non_null(raw);
    fseek(raw, 0, SEEK_END);
    long size = ftell(raw);
    assert_true(size < (long)sizeof values / 4);
    fseek(raw, size / 2, SEEK_SET);
    int byte = fgetc(raw);
    fseek(raw, size / 2, SEEK_SET);
    fputc(byte ^ 0x10, raw);
    fclose(raw);
    check_ok(h5_open_read(&file, path));
    check_says(h5_read(file, "large", H5_F32, ROWS * COLUMNS, back), "cannot read data set 'large'");
    check_ok(h5_close(file));
}

static H5T_cset_t set_of(h5_id file, const char *name)
{
    const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(set);
    const H5T_cset_t out = H5Tget_cset(type);
    H5Tclose(type);
    H5Dclose(set);
    return out;
}

/* HDF5 converts no text of one set to the other, and Octave asks for ASCII. */
static void test_texts_are_called_what_they_are(void **state)
{
    (void)state;
    const char *plain[] = {"cat", "", "\x7f dog"}, *other[] = {"cat", "B\xc3\xa4r"};
    h5_id file;
    check_ok(h5_create(&file, path));
    check_ok(h5_write_strings(file, "plain", 3, plain, ABOUT));
    check_ok(h5_write_strings(file, "other", 2, other, ABOUT));
    check_ok(h5_write_strings(file, "none", 0, other, ABOUT));
    assert_int_equal(set_of(file, "plain"), H5T_CSET_ASCII);
    assert_int_equal(set_of(file, "other"), H5T_CSET_UTF8);
    assert_int_equal(set_of(file, "none"), H5T_CSET_ASCII);
    check_ok(h5_close(file));
}

static void test_texts_come_back(void **state)
{
    (void)state;
    const char *names[] = {"cat", "", "Bär \xe2\x89\xa4 9", "dog"};
    static char large[200001];
    memset(large, 'x', sizeof large - 1);
    h5_id file;
    check_ok(h5_create(&file, path));
    check_ok(h5_write_strings(file, "names", 4, names, ABOUT));
    check_ok(h5_write_strings(file, "nobody", 0, names, ABOUT));
    check_ok(h5_set_text(file, ".", "config", "old"));
    check_ok(h5_set_text(file, ".", "config", large));
    check_ok(h5_set_text(file, "names", "note", ""));
    check_ok(h5_set_number(file, ".", "half", 0.5));
    check_ok(h5_set_integer(file, "names", "big", INT64_MIN));
    check_ok(h5_close(file));

    char **back, *text;
    size_t count;
    double half;
    int64_t big;
    check_ok(h5_open_read(&file, path));
    check_ok(h5_read_strings(&back, &count, file, "names"));
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(back[i], names[i]);
    free(back);
    check_ok(h5_read_strings(&back, &count, file, "nobody"));
    assert_int_equal(count, 0);
    free(back);
    check_ok(h5_get_text(&text, file, ".", "config"));
    assert_string_equal(text, large);
    free(text);
    check_ok(h5_get_text(&text, file, "names", "note"));
    assert_string_equal(text, "");
    free(text);
    check_ok(h5_get_number(&half, file, ".", "half"));
    check_ok(h5_get_integer(&big, file, "names", "big"));
    assert_true(half == 0.5 && big == INT64_MIN);
    check_says(h5_get_text(&text, file, ".", "absent"), "has no attribute 'absent'");
    check_says(h5_get_text(&text, file, ".", "half"), "is no text");
    check_ok(h5_close(file));
}

static void test_groups_are_listed_in_order_and_copied_whole(void **state)
{
    (void)state;
    const char *made[] = {"b", "a", "c10", "c1"}, *listed[] = {"a", "b", "c1", "c10"};
    const double value = 4.5;
    char other[112];
    snprintf(other, sizeof other, "%s/b.h5", folder);
    h5_id file, group, copy;
    check_ok(h5_create(&file, path));
    for (int i = 0; i < 4; i++) {
        check_ok(h5_group(&group, file, made[i]));
        check_ok(h5_write(group, "value", H5_F64, 0, NULL, &value, ABOUT));
        check_ok(h5_set_text(group, ".", "label", made[i]));
        h5_group_close(group);
    }
    check_ok(h5_group(&group, file, "b")); /* opens what exists */
    assert_true(h5_exists(group, "value"));
    h5_group_close(group);
    check_says(h5_group_open(&group, file, "zebra"), "zebra");
    assert_true(h5_exists(file, "b/value"));
    assert_false(h5_exists(file, "b/nothing"));
    assert_false(h5_exists(file, "nothing/value"));
    char **names;
    size_t count;
    check_ok(h5_list(&names, &count, file));
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(names[i], listed[i]);
    free(names);

    h5_members *members;
    h5_id one;
    double inside = 0;
    char *label;
    check_ok(h5_members_new(&members, file, "."));
    assert_int_equal(h5_members_count(members), 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(h5_members_name(members, i), listed[i]);
    check_ok(h5_member_open(&one, members, "c10"));
    check_ok(h5_read(one, "value", H5_F64, 1, &inside));
    check_says(h5_get_text(&label, one, ".", "absent"), "no attribute 'absent' at 'c10'");
    assert_true(inside == value);
    h5_member_close(one);
    check_says(h5_member_open(&one, members, "zebra"), "has no object 'zebra'");
    h5_members_free(members);
    check_says(h5_members_new(&members, file, "zebra"), "has no group 'zebra'");
    assert_null(members);

    check_ok(h5_create(&copy, other));
    check_ok(h5_copy(copy, "twin", file, "c10"));
    check_says(h5_copy(copy, "twin", file, "a"), "twin");
    check_ok(h5_close(copy));
    check_ok(h5_close(file));
    double back;
    check_ok(h5_open_read(&copy, other));
    check_ok(h5_read(copy, "twin/value", H5_F64, 1, &back));
    check_ok(h5_get_text(&label, copy, "twin", "label"));
    assert_true(back == value);
    assert_string_equal(label, "c10");
    free(label);
    check_ok(h5_close(copy));
    unlink(other);
}

static void test_unreadable_files_are_named_with_the_reason(void **state)
{
    (void)state;
    h5_id file;
    check_says(h5_open_read(&file, path), "No such file or directory");
    check_says(h5_open_read(&file, path), path);
    check_says(h5_open_read(&file, folder), "is a directory");
    write_file("", 0);
    check_says(h5_open_read(&file, path), "is empty, not an HDF5 file");
    write_file("PK\003\004 something else", 18);
    check_says(h5_open_read(&file, path), "is not an HDF5 file");

    static uint8_t bytes[50000];
    check_ok(h5_create(&file, path));
    check_ok(h5_write(file, "bytes", H5_U8, 1, (size_t[]){sizeof bytes}, bytes, ABOUT));
    check_ok(h5_close(file));
    assert_int_equal(truncate(path, 20000), 0);
    check_says(h5_open_read(&file, path), "damaged or incomplete");
    check_says(h5_open_read(&file, path), "truncated file");
}

/* Files of up to 1 MB are read at once, larger ones by HDF5; nobody sees which. */
static void test_small_and_large_files_are_called_by_their_path(void **state)
{
    (void)state;
    static float values[300000];
    for (size_t count = 10; count <= 300000; count *= 30000) {
        h5_id file;
        float back;
        char wanted[300], far[240];
        memset(far, 'n', sizeof far);
        far[snprintf(far, sizeof far, "%s/", folder)] = 'n';
        far[194] = '\0'; /* a message has 200 bytes for it */
        snprintf(wanted, sizeof wanted, "%s has no data set 'absent'", path);
        check_ok(h5_create(&file, path));
        check_ok(h5_write_plain(file, "x", H5_F32, 1, &count, values, ABOUT));
        check_ok(h5_close(file));
        check_ok(h5_open_read(&file, path));
        check_says(h5_read(file, "absent", H5_F32, 1, &back), wanted);
        snprintf(wanted, sizeof wanted, "%s has no attribute 'absent' at 'x'", path);
        char *text;
        check_says(h5_get_text(&text, file, "x", "absent"), wanted);
        check_ok(h5_close(file));

        assert_int_equal(rename(path, far), 0);
        check_ok(h5_open_read(&file, far));
        status unread = h5_get_text(&text, file, "x", "absent");
        assert_true(failed(unread));
        assert_null(strstr(unread.message, ".in"));
        check_ok(h5_close(file));
        unlink(far);
    }
}

static void test_wrong_shapes_and_names_are_refused(void **state)
{
    (void)state;
    const float values[6] = {0};
    float back[6];
    size_t dims[6];
    char **strings;
    h5_id file;
    check_ok(h5_create(&file, path));
    check_ok(h5_write(file, "x", H5_F32, 2, (size_t[]){2, 3}, values, ABOUT));
    check_says(h5_write(file, "x", H5_F32, 2, (size_t[]){2, 3}, values, ABOUT), "cannot write data set 'x'");
    check_says(h5_write(file, "y", H5_F32, 1, (size_t[]){6}, values, (h5_about){"1", ""}), "no unit or no description");
    check_says(h5_write(file, "y", H5_F32, 1, (size_t[]){6}, values, (h5_about){NULL, "text"}), "no unit");
    assert_false(h5_exists(file, "y"));
    check_says(h5_read(file, "x", H5_F32, 5, back), "holds 6 values where 5 are expected");
    check_says(h5_read(file, "absent", H5_F32, 5, back), "has no data set 'absent'");
    check_says(h5_dims(file, "x", 1, dims), "2 dimensions where 1");
    size_t count;
    check_says(h5_read_strings(&strings, &count, file, "x"), "dimensions");
    check_ok(h5_close(file));
}

static void test_a_full_disk_is_an_error_and_leaves_nothing_open(void **state)
{
    (void)state;
    static float values[100000];
    h5_id file;
    check_ok(h5_create(&file, "/dev/full"));
    check_ok(h5_write(file, "x", H5_F32, 1, (size_t[]){100000}, values, ABOUT));
    check_says(h5_close(file), "cannot write /dev/full: No space left on device");
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    char deep[160];
    snprintf(deep, sizeof deep, "%s/missing/a.h5", folder);
    check_says(h5_create(&file, deep), "No such file or directory");
    check_ok(h5_create(&file, path));
    h5_discard(file);
    assert_false(file_exists(path));
}

static void test_a_lock_of_somebody_else_does_not_stop_reading(void **state)
{
    (void)state;
    h5_id file;
    check_ok(h5_create(&file, path));
    check_ok(h5_close(file));
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    check_ok(h5_open_read(&file, path));
    check_ok(h5_close(file));
    close(fd);
}

static herr_t check_timeless(hid_t object, const char *name, const H5O_info_t *info, void *seen)
{
    (void)object;
    (void)name;
    *(int *)seen += 1;
    return info->ctime == 0 && info->mtime == 0 && info->atime == 0 && info->btime == 0 ? 0 : -1;
}

static void test_no_object_carries_a_time(void **state)
{
    (void)state;
    const char *names[] = {"a"};
    h5_id file, group;
    check_ok(h5_create(&file, path));
    check_ok(h5_group(&group, file, "g"));
    check_ok(h5_write(group, "x", H5_F32, 1, (size_t[]){1}, &(float){1}, ABOUT));
    check_ok(h5_write_strings(group, "names", 1, names, ABOUT));
    check_ok(h5_copy(file, "copy", group, "."));
    h5_group_close(group);
    check_ok(h5_close(file));
    check_ok(h5_open_read(&file, path));
    int seen = 0;
    assert_int_equal(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, check_timeless, &seen, H5O_INFO_ALL), 0);
    assert_int_equal(seen, 7);
    check_ok(h5_close(file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers_of_every_type_and_rank_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_data_is_compressed_and_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_are_called_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_groups_are_listed_in_order_and_copied_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable_files_are_named_with_the_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_and_large_files_are_called_by_their_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_shapes_and_names_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_an_error_and_leaves_nothing_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lock_of_somebody_else_does_not_stop_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_object_carries_a_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
