/* settings_text: a configuration as text: resolved, section by section, and the commented example. All walk the table
 * of keys. */
#ifndef CORE_CONFIG_SETTINGS_TEXT_H
#define CORE_CONFIG_SETTINGS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"
#include "core/config/entry.h"
#include "core/config/settings.h"

/* The resolved configuration in libconfig syntax, one setting a line, every default written out, paths as given in
 * `settings`; loading it gives the same settings. The caller frees *out. */
MUST_CHECK status settings_text(char **out, const settings *s, const entry_kind *const *kinds);

/* "search.epochs = 8", a line for each key of the section ("": keys without one) that can change a record; keys that
 * only quantised networks follow if `quantised`. */
void settings_write_section(FILE *out, const settings *s, const char *section, bool quantised);
bool settings_has_section(const char *section);

/* Every key with type, unit, range, default and meaning, for `bitfront plan --help-config` and configs/example.cfg. */
void settings_help(FILE *out, const entry_kind *const *kinds);

#endif
