/* links: results */
/* Tables that are longer than the rows in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "results/file/spool.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

enum { ROWS = 9 * SPOOL_BLOCK + 5, LATE = 3 * SPOOL_BLOCK + 7 };

static char path[512];

static int set_up(void **state)
{
    const int made = scratch_set_up(state);
    snprintf(path, sizeof path, "%s", scratch_file(&scratch_place, "rows"));
    return made;
}

static void add_row(spool *s, int row)
{
    char text[32];
    snprintf(text, sizeof text, "text %d", row);
    check_ok(spool_add(s, 0, &row, sizeof row));
    check_ok(spool_add(s, 1, text, strlen(text) + 1));
    if (row >= LATE) check_ok(spool_add(s, 2, &row, sizeof row));
    check_ok(spool_end_row(s));
}

static void add_late_column(spool *s)
{
    const int none = -1;
    check_ok(spool_add_column(s));
    for (size_t i = spool_open_rows(s); i > 0; i--) check_ok(spool_add(s, 2, &none, sizeof none));
}

static spool make_table(int rows)
{
    spool s = spool_new(path);
    check_ok(spool_add_column(&s));
    check_ok(spool_add_column(&s));
    for (int row = 0; row < rows; row++) {
        if (row == LATE) add_late_column(&s);
        add_row(&s, row);
    }
    return s;
}

static size_t bytes_in_memory(const spool *s)
{
    size_t bytes = 0;
    for (size_t i = 0; i < s->columns; i++) bytes += s->pieces[i].room;
    return bytes;
}

/* Of the number column and the late one. */
static int number_at(const char *values, size_t i)
{
    int number;
    memcpy(&number, values + i * sizeof number, sizeof number);
    return number;
}

static void check_block(const spool *s, size_t block, spool_piece *buffer)
{
    const int first = (int)block * SPOOL_BLOCK;
    const char *values;
    check_ok(spool_read(&values, buffer, s, block, 0));
    for (size_t i = 0; i < spool_block_rows(s, block); i++) assert_int_equal(number_at(values, i), first + (int)i);
    check_ok(spool_read(&values, buffer, s, block, 1));
    for (size_t i = 0; i < spool_block_rows(s, block); i++, values += strlen(values) + 1) {
        char text[32];
        snprintf(text, sizeof text, "text %d", first + (int)i);
        assert_string_equal(values, text);
    }
    check_ok(spool_read(&values, buffer, s, block, 2));
    assert_int_equal(values == NULL, first + SPOOL_BLOCK <= LATE);
    for (size_t i = 0; values != NULL && i < spool_block_rows(s, block); i++)
        assert_int_equal(number_at(values, i), first + (int)i < LATE ? -1 : first + (int)i);
}

static void test_rows_come_back_by_columns(void **state)
{
    (void)state;
    spool s = make_table(ROWS);
    spool_piece buffer = {NULL, 0, 0};
    assert_int_equal(spool_blocks(&s), 10);
    assert_int_equal(spool_block_rows(&s, 9), 5);
    for (size_t b = 0; b < spool_blocks(&s); b++) check_block(&s, b, &buffer);
    assert_false(file_exists(path)); /* it has no name */
    spool_piece_free(&buffer);
    spool_free(&s);
}

/* However many rows there are. */
static void test_memory_is_that_of_a_block(void **state)
{
    (void)state;
    spool s = make_table(ROWS);
    assert_in_range(bytes_in_memory(&s), 1, 64 * SPOOL_BLOCK);
    spool_free(&s);
}

static void test_a_short_table_makes_no_file(void **state)
{
    (void)state;
    spool s = make_table(SPOOL_BLOCK - 1);
    assert_true(s.fd < 0);
    assert_int_equal(spool_blocks(&s), 1);
    spool_free(&s);
}

static void test_a_place_without_room_is_named(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_file(&scratch_place, "no/such/folder"));
    spool s = make_table(SPOOL_BLOCK - 1);
    const int last = SPOOL_BLOCK - 1;
    check_ok(spool_add(&s, 0, &last, sizeof last));
    check_ok(spool_add(&s, 1, "", 1));
    check_says(spool_end_row(&s), "no/such/folder: No such file or directory");
    spool_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_come_back_by_columns, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_memory_is_that_of_a_block, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_a_short_table_makes_no_file, set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(test_a_place_without_room_is_named, set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
