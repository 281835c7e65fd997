/* settings_load: reads a sweep configuration into settings. One table of keys (settings_keys.c) and the keys of the
 * strategies (entry.h) give parsing and checks; no other module sees libconfig. */
#ifndef CORE_CONFIG_SETTINGS_LOAD_H
#define CORE_CONFIG_SETTINGS_LOAD_H

#include "core/base/status.h"
#include "core/config/entry.h"
#include "core/config/settings.h"

/* Reads and checks `path`; `overrides` are "section.key=value" texts from the command line, applied after the file;
 * `kinds` (NULL-terminated) are the strategies that entries may have. Errors name file and line (or the override), the
 * key, the allowed range, and the nearest known key if it is close. */
MUST_CHECK status settings_load(settings *out, const char *path, const char *const *overrides, int override_count,
                                const entry_kind *const *kinds);

/* The same for a text; `origin` stands in front of errors. Paths stay as they are; *out is zero before. */
MUST_CHECK status settings_parse(settings *out, const char *text, const char *origin, const entry_kind *const *kinds);

#endif
