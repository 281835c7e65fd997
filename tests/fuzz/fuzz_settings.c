/* links: core_strategy */
/* A configuration and its overrides: the text up to a line "%%", then an override a line. What is taken reads back from
 * its resolved text as the same. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/settings_load.h"
#include "core/config/settings_text.h"
#include "core/strategy/strategies.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_OVERRIDES = 8 };

static void check_round_trip(const settings *s)
{
    char *text, *again;
    fuzz_must(settings_text(&text, s, strategies_entry_kinds()));
    settings *back = calloc(1, sizeof *back);
    if (back == NULL) abort();
    fuzz_must(settings_parse(back, text, "resolved", strategies_entry_kinds()));
    fuzz_must(settings_text(&again, back, strategies_entry_kinds()));
    if (strcmp(text, again) != 0) abort();
    free(again);
    free(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 4 ? memmem(bytes, size, "\n%%\n", 4) : NULL;
    size_t length = end != NULL ? (size_t)(end - bytes) : size;
    fuzz_input rest = {end != NULL ? end + 4 : NULL, end != NULL ? size - length - 4 : 0};
    char *overrides[MOST_OVERRIDES];
    int count = 0;
    while (rest.left > 0 && count < MOST_OVERRIDES) {
        fuzz_input line = fuzz_part(&rest, '\n');
        overrides[count++] = fuzz_text(&line);
    }
    fuzz_put("a.cfg", bytes, length);
    settings *s = calloc(1, sizeof *s);
    if (s == NULL) abort();
    if (!failed(settings_load(s, fuzz_path("a.cfg"), (const char *const *)overrides, count, strategies_entry_kinds())))
        check_round_trip(s);
    free(s);
    for (int i = 0; i < count; i++) free(overrides[i]);
    return 0;
}
