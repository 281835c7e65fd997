/* config_options: the options of commands that read a configuration. */
#ifndef MPI_CLI_CONFIG_OPTIONS_H
#define MPI_CLI_CONFIG_OPTIONS_H

#include "core/base/status.h"

enum { MAX_OVERRIDES = 64 };

#define CONFIG_OPTION_SET                                                                                              \
    {                                                                                                                  \
        's', "set", "KEY=VALUE", "overrides one setting of the file; may be given several times"                       \
    }

typedef struct {
    const char *overrides[MAX_OVERRIDES]; /* borrowed from argv */
    int count;
} config_options;

static inline status config_options_add(config_options *given, const char *text)
{
    if (given->count == MAX_OVERRIDES) return status_fail(STATUS_CONFIG, "more than %d times --set", MAX_OVERRIDES);
    given->overrides[given->count++] = text;
    return status_ok();
}

#endif
