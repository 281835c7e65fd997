/* scratch: a directory of its own for a test, below $TMPDIR or /tmp. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

enum { SCRATCH_PATH = 512 };

typedef struct {
    char path[SCRATCH_PATH];
} scratch;

/* Both abort the test program when the system refuses. */
scratch scratch_make(void);
void scratch_remove(const scratch *s); /* with everything in it */

/* Fixtures of cmocka: the directory of the test, or group of tests, that runs. */
extern scratch scratch_place;
int scratch_set_up(void **state);
int scratch_tear_down(void **state);
#define scratch_test(function) cmocka_unit_test_setup_teardown(function, scratch_set_up, scratch_tear_down)

/* The path of `name` inside; valid until the 32nd call after this one. */
const char *scratch_file(const scratch *s, const char *name);

#endif
