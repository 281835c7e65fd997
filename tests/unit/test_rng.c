/* links: core_base */
/* Philox 4x32-10 against the known answers of its authors (Random123), and the properties results rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/rng.h"

static void test_philox_gives_the_published_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        rng_block block = rng_philox(known[i].counter, known[i].key);
        assert_memory_equal(block.word, known[i].answer, sizeof block.word);
    }
}

static void test_streams_of_different_purpose_differ(void **state)
{
    (void)state;
    rng_block a = rng_draw(7, RNG_SHUFFLE, 1, 2, 3), b = rng_draw(7, RNG_AUGMENT, 1, 2, 3);
    rng_block c = rng_draw(8, RNG_SHUFFLE, 1, 2, 3), again = rng_draw(7, RNG_SHUFFLE, 1, 2, 3);
    assert_memory_not_equal(a.word, b.word, sizeof a.word);
    assert_memory_not_equal(a.word, c.word, sizeof a.word);
    assert_memory_equal(a.word, again.word, sizeof a.word);
}

static void test_uniform_and_normal_have_their_moments(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    double uniform = 0, normal = 0, square = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        rng_block block = rng_draw(3, RNG_INIT, 0, i, 0);
        double pair[2];
        uniform += (double)rng_uniform(block.word[2]);
        rng_normal(block, pair);
        normal += pair[0] + pair[1];
        square += pair[0] * pair[0] + pair[1] * pair[1];
        assert_true(rng_below(block.word[3], 10) < 10);
    }
    /* four standard errors */
    assert_true(uniform / DRAWS > 0.5 - 0.006 && uniform / DRAWS < 0.5 + 0.006);
    assert_true(normal / (2 * DRAWS) > -0.015 && normal / (2 * DRAWS) < 0.015);
    assert_true(square / (2 * DRAWS) > 1 - 0.02 && square / (2 * DRAWS) < 1 + 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_gives_the_published_answers),
        cmocka_unit_test(test_streams_of_different_purpose_differ),
        cmocka_unit_test(test_uniform_and_normal_have_their_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
