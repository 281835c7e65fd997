/* settings_check: what several keys of a configuration must fulfil together. */
#ifndef CORE_CONFIG_SETTINGS_CHECK_H
#define CORE_CONFIG_SETTINGS_CHECK_H

#include "core/base/status.h"
#include "core/config/config.h"
#include "core/config/settings.h"

/* Where settings come from: the recipe if there is one, the file, the overrides; the last one that has a key wins. */
typedef struct {
    config **layers; /* borrowed */
    int count;
} settings_sources;

/* NULL if no source has the key. */
config_node *sources_find(const settings_sources *sources, const char *path);

/* Fails at the place where `path` was set, or at the file as a whole if it has its default. */
status sources_fail(const settings_sources *sources, const settings *s, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

MUST_CHECK status settings_check(const settings *s, const settings_sources *sources);

#endif
