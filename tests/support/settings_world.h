/* settings_world: what the tests of settings share: a configuration from a text, and what is asked of it. Include after
 * <cmocka.h>; the tests set up a scratch folder. */
#ifndef TESTS_SUPPORT_SETTINGS_WORLD_H
#define TESTS_SUPPORT_SETTINGS_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/strategy/strategies.h"
#include "tests/support/check_status.h"
#include "tests/support/scratch.h"

#define SWEEP "sweep = ( { strategy = \"joint\"; cost_model = \"size\"; strengths = [0.5, 1.0]; } );\n"
#define MINIMAL "network = \"n.cfg\";\ndata = \"d.h5\";\n" SWEEP

static settings loaded;

static inline status load_with(const char *text, const char *const *overrides, int count)
{
    const char *path = scratch_file(&scratch_place, "t.cfg");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    memset(&loaded, 0, sizeof loaded);
    return settings_load(&loaded, path, overrides, count, strategies_entry_kinds());
}

static inline status load(const char *text)
{
    return load_with(text, NULL, 0);
}

static inline void assert_loads(const char *text)
{
    status s = load(text);
    if (failed(s)) fail_msg("does not load: %s", s.message);
}

/* The message must hold all of `parts` (NULL-terminated). */
static inline void assert_refused(status s, const char *const *parts)
{
    assert_true(failed(s));
    assert_int_equal(s.code, STATUS_CONFIG);
    for (; *parts != NULL; parts++)
        if (strstr(s.message, *parts) == NULL) fail_msg("\"%s\" is not in: %s", *parts, s.message);
}
#define REFUSES(text, ...) assert_refused(load(text), (const char *const[]){__VA_ARGS__, NULL})

static inline void assert_same_values(const settings *a, const settings *b)
{
    settings *x = malloc(sizeof *x), *y = malloc(sizeof *y);
    assert_true(x != NULL && y != NULL);
    memcpy(x, a, sizeof *x);
    memcpy(y, b, sizeof *y);
    memset(x->path, 0, sizeof x->path); /* where it was read from is not a value */
    memset(y->path, 0, sizeof y->path);
    for (int i = 0; i < MAX_ENTRIES; i++) x->entries[i].line = y->entries[i].line = 0;
    assert_memory_equal(x, y, sizeof *x);
    free(x);
    free(y);
}

#endif
