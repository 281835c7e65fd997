#define _POSIX_C_SOURCE 200809L
#include "core/base/environment.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/base/spelling.h"

extern char **environ;

static const char prefix[] = "BITFRONT_";
enum { PREFIX = sizeof prefix - 1, NAME_BYTES = 32, MAX_WORDS = 4 };

/* One of `words`, or a number up to `high` if there is one, or a path, or any text. */
static const struct {
    const char *name, *words[MAX_WORDS]; /* NULL after the last */
    int64_t low, high;
    const char *unit;
    bool path;
} variables[ENVIRONMENT_VARIABLES] = {
    [ENVIRONMENT_ISA] = {.name = "BITFRONT_ISA", .words = {"avx512", "avx2", "portable"}},
    [ENVIRONMENT_SUMS] = {.name = "BITFRONT_SUMS", .words = {"memory", "messages"}},
    [ENVIRONMENT_DATA_MEMORY] = {.name = "BITFRONT_DATA_MEMORY", .high = SIZE_MAX >> 21, .unit = "megabytes"},
    [ENVIRONMENT_START_LIMIT] = {.name = "BITFRONT_START_LIMIT", .low = 1, .high = 86400, .unit = "seconds"},
    [ENVIRONMENT_COMMAND] = {.name = "BITFRONT_COMMAND"},
    [ENVIRONMENT_EXIT_FILE] = {.name = "BITFRONT_EXIT_FILE", .path = true},
    [ENVIRONMENT_FAIL] = {.name = "BITFRONT_FAIL"},
    [ENVIRONMENT_FAIL_ONCE] = {.name = "BITFRONT_FAIL_ONCE", .path = true},
    [ENVIRONMENT_FAIL_TRACE] = {.name = "BITFRONT_FAIL_TRACE", .path = true},
};

const char *environment_text(environment_variable which)
{
    const char *given = getenv(variables[which].name);
    return given == NULL || given[0] == '\0' ? NULL : given;
}

bool environment_whole(int64_t *out, environment_variable which)
{
    const char *given = environment_text(which);
    return given != NULL && number_whole(out, given, variables[which].low, variables[which].high);
}

static status check_word(environment_variable which, const char *given)
{
    char known[96] = "";
    for (int i = 0; i < MAX_WORDS && variables[which].words[i] != NULL; i++) {
        if (strcmp(variables[which].words[i], given) == 0) return status_ok();
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? " or " : "", variables[which].words[i]);
    }
    return status_fail(STATUS_CONFIG, "%s wants %s, not \"%.40s\"", variables[which].name, known, given);
}

static status check_value(environment_variable which)
{
    const char *given = environment_text(which);
    int64_t value;
    if (given == NULL) return status_ok();
    if (variables[which].words[0] != NULL) return check_word(which, given);
    if (variables[which].high > 0 && !environment_whole(&value, which))
        return status_fail(STATUS_CONFIG, "%s wants %lld to %lld %s, not \"%.40s\"", variables[which].name,
                           (long long)variables[which].low, (long long)variables[which].high, variables[which].unit,
                           given);
    if (variables[which].path && strlen(given) >= PATH_MAX)
        return status_fail(STATUS_CONFIG, "%s wants the path of a file, not %zu letters", variables[which].name,
                           strlen(given));
    return status_ok();
}

/* `entry`: NAME=VALUE. Names that resemble none of ours are somebody else's. */
static status check_name(const char *entry)
{
    char name[NAME_BYTES];
    const size_t length = strcspn(entry, "=");
    const char *meant = NULL;
    if (strncmp(entry, prefix, PREFIX) != 0 || length >= sizeof name) return status_ok();
    snprintf(name, sizeof name, "%.*s", (int)length, entry);
    for (int i = 0; i < ENVIRONMENT_VARIABLES; i++)
        if (strcmp(variables[i].name, name) == 0) return status_ok();
    for (int i = 0; i < ENVIRONMENT_VARIABLES; i++) {
        const char *known = variables[i].name + PREFIX;
        if (spelling_distance(known, name + PREFIX) < spelling_limit(name + PREFIX))
            meant = spelling_nearer(meant, variables[i].name, name);
    }
    if (meant == NULL) return status_ok();
    return status_fail(STATUS_CONFIG, "there is no variable %s in the environment that is read; did you mean %s?", name,
                       meant);
}

status environment_check(void)
{
    for (int i = 0; i < ENVIRONMENT_VARIABLES; i++) TRY(check_value((environment_variable)i));
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) TRY(check_name(*entry));
    return status_ok();
}
