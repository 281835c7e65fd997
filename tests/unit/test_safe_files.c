/* links: core_io */
/* What is read and replaced as a file is one; text that is shown holds nothing that moves a terminal; sizes saturate;
 * seals tell every damage. */
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "core/io/h5.h"
#include "core/io/seal.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

static const char *at(const char *name)
{
    return scratch_file(&scratch_place, name);
}

static void put(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void expect_text(const char *from, const char *wanted)
{
    char text[64];
    snprintf(text, sizeof text, "%s", from);
    text_printable(text);
    assert_string_equal(text, wanted);
    assert_int_equal(text_is_printable(from), strcmp(from, wanted) == 0);
}

static void test_text_is_harmless_to_show(void **state)
{
    (void)state;
    expect_text("plain, größer \xf0\x9f\x98\x80", "plain, größer \xf0\x9f\x98\x80");
    expect_text("\x1b]0;title\x07", "?]0;title?");
    expect_text("a\nb\tc\x7f", "a?b?c?");
    expect_text("\xc2\x9b"
                "31m",
                "??31m");                              /* CSI as one character */
    expect_text("\xe2\x80\xaetxt.exe", "???txt.exe");  /* right to left */
    expect_text("\xff\xc0\x80\xed\xa0\x80", "??????"); /* no UTF-8, an overlong 0, a surrogate */
    expect_text("cut \xe2\x82", "cut ??");             /* by the end of a buffer */
    char lines[] = "a\nb\tc\x1b";
    text_printable_lines(lines);
    assert_string_equal(lines, "a\nb\tc?");
    const status said = status_in(status_fail(STATUS_DATA, "a\x1b]0;b"), "c\x7f");
    assert_string_equal(said.message, "c?: a?]0;b"); /* messages quote files */
}

static void test_sizes_saturate(void **state)
{
    (void)state;
    assert_true(size_sum(SIZE_MAX - 1, 1) == SIZE_MAX);
    assert_true(size_sum(SIZE_MAX - 1, 2) == SIZE_MAX);
    assert_true(size_product(SIZE_MAX / 8 + 1, 8) == SIZE_MAX);
    assert_true(size_product(1 << 20, 1 << 20) == (size_t)1 << 40);
    assert_true(size_product(7, 0) == 0 && size_product(0, SIZE_MAX) == 0);
    assert_null(size_allocate(SIZE_MAX));
    /* A sum that wraps 2^64 must not become a small arena. */
    arena a = {0};
    for (int i = 0; i < 3; i++) assert_null(arena_bytes(&a, SIZE_MAX / 2));
    assert_true(a.used == SIZE_MAX);
    assert_null(arena_reals(&a, SIZE_MAX / 2));
    check_says(arena_reserve(&a), "no memory");
}

static void test_only_files_are_read(void **state)
{
    (void)state;
    char *text = NULL;
    int fd;
    assert_int_equal(mkfifo(at("fifo"), 0600), 0); /* nobody writes: a plain open would wait for ever */
    check_says(file_read_text(&text, at("fifo")), "it is a FIFO, not a file");
    check_says(file_open_plain(&fd, "/dev/zero"), "it is a device, not a file");
    check_says(file_open_plain(&fd, scratch_place.path), "it is a directory, not a file");
    check_says(file_open_plain(&fd, at("missing")), "No such file");
    h5_id file;
    check_says(h5_open_read(&file, at("fifo")), "it is a FIFO, not a file");
}

static void expect_read(const char *bytes, size_t count, const char *wanted)
{
    char *text;
    put(at("text"), bytes, count);
    check_ok(file_read_text(&text, at("text")));
    assert_string_equal(text, wanted);
    free(text);
}

static void test_texts_of_other_editors(void **state)
{
    (void)state;
    char *text;
    expect_read("\xef\xbb\xbfname = 1\n", 12, "name = 1\n");
    expect_read("a\r\nb\r\n", 6, "a\r\nb\r\n");
    put(at("text"), "a = 1\nb =\0 2\n", 13);
    check_says(file_read_text(&text, at("text")), "text:2: NUL bytes");
    put(at("text"),
        "\xff\xfe"
        "a\0=\0",
        6);
    check_says(file_read_text(&text, at("text")), "UTF-16");
    put(at("text"), "a\0=\0", 4); /* without a mark */
    check_says(file_read_text(&text, at("text")), "UTF-16");
    put(at("text"), "a = 1\rb = 2\r", 12);
    check_says(file_read_text(&text, at("text")), "end with CR");
    size_t count;
    put(at("text"), "a\0b", 3);
    check_ok(file_read_bytes(&text, &count, at("text")));
    assert_int_equal(count, 3);
    free(text);
}

static void test_only_files_are_replaced_and_links_stay(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    check_says(file_write_text(at("fifo"), "x"), "it is a FIFO");
    assert_true(lstat(at("fifo"), &info) == 0 && S_ISFIFO(info.st_mode));
    check_says(file_check_place("/dev/null"), "it is a device");
    check_says(file_write_text(scratch_place.path, "x"), "it is a directory");

    check_ok(file_make_directory(at("far")));
    assert_int_equal(symlink("far/target", at("link")), 0);
    assert_int_equal(symlink("link", at("second")), 0);
    check_ok(file_write_text(at("second"), "new"));
    assert_true(lstat(at("link"), &info) == 0 && S_ISLNK(info.st_mode));
    char *text;
    check_ok(file_read_text(&text, at("far/target")));
    assert_string_equal(text, "new");
    free(text);
    assert_int_equal(symlink("b", at("a")), 0);
    assert_int_equal(symlink("a", at("b")), 0);
    assert_true(failed(file_write_text(at("a"), "x")));

    /* Two that replace the same file at the same time do not share a temporary. */
    file_replacement one, two;
    check_ok(file_replace_begin(&one, at("both")));
    check_ok(file_replace_begin(&two, at("both")));
    assert_string_not_equal(one.temporary, two.temporary);
    check_ok(file_replace_end(&one));
    check_ok(file_replace_end(&two));
    assert_false(file_exists(one.temporary) || file_exists(two.temporary));
}

static void test_times_are_read_strictly(void **state)
{
    (void)state;
    assert_true(clock_of_utc("2026-11-21T05:06:07Z") == 1795237567.0);
    static const char *const wrong[] = {"",
                                        "2026",
                                        "2026-11-21T05:06:07",
                                        "2026-11-21T05:06:07Z ",
                                        "2026-13-21T05:06:07Z",
                                        "2026-11-21T25:06:07Z",
                                        "2147483647-99999999-99T99:99:99Z",
                                        "-026-11-21T05:06:07Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_true(clock_of_utc(wrong[i]) < 0);
}

static size_t make_sealed(const char *path)
{
    h5_id file;
    const double value = 4;
    check_ok(h5_create(&file, path));
    check_ok(h5_write(file, "x", H5_F64, 0, NULL, &value, (h5_about){"1", "a number"}));
    check_ok(h5_close(file));
    check_ok(seal_append(path));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return (size_t)info.st_size;
}

/* Every flipped bit, every zeroed sector and every cut is told, wherever it is: also in the seal itself. */
static void test_a_seal_tells_every_damage(void **state)
{
    (void)state;
    bool sealed = false;
    const size_t size = make_sealed(at("a.h5"));
    check_ok(seal_look(&sealed, at("a.h5")));
    assert_true(sealed);
    char *good, *bad = malloc(size);
    size_t count;
    check_ok(file_read_bytes(&good, &count, at("a.h5")));
    assert_int_equal(count, size);
    for (size_t i = 0; i < size; i++) {
        memcpy(bad, good, size);
        bad[i] = (char)(bad[i] ^ 1 << i % 8);
        put(at("b.h5"), bad, size);
        assert_true(failed(seal_look(&sealed, at("b.h5"))));
        if (i % 512 != 0) continue;
        memcpy(bad, good, size);
        memset(bad + i, 0, size - i < 512 ? size - i : 512);
        put(at("b.h5"), bad, size);
        assert_int_equal(failed(seal_look(&sealed, at("b.h5"))), memcmp(bad, good, size) != 0);
        put(at("b.h5"), good, size - 1 - i);
        assert_true(failed(seal_look(&sealed, at("b.h5"))) || size - 1 - i < 48);
        assert_true(failed(seal_check(at("b.h5"))));
    }
    put(at("b.h5"), good, size - 24); /* as another program would have written it */
    check_ok(seal_look(&sealed, at("b.h5")));
    assert_false(sealed);
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_harmless_to_show),
        cmocka_unit_test(test_sizes_saturate),
        scratch_test(test_only_files_are_read),
        scratch_test(test_texts_of_other_editors),
        scratch_test(test_only_files_are_replaced_and_links_stay),
        cmocka_unit_test(test_times_are_read_strictly),
        scratch_test(test_a_seal_tells_every_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
