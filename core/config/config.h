/* config: a thin typed reader over libconfig, the only module that sees that library. A caller asks for keys by path;
 * what it asked for and what it found is remembered, so that config_check_read can refuse every setting nobody wanted,
 * with the nearest key that somebody did. Errors name the origin ("configs/x.cfg:12", or an override) and the key.
 *
 * Stricter than libconfig: an integer beyond 32 bits without the suffix L is refused (libconfig would cut it silently),
 * and so is @include: one file describes one sweep. */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct config config;
typedef struct config_setting_t
    config_node; /* one setting: a value, an array, a list or a section; owned by its config */

MUST_CHECK status config_open(config **out, const char *path);

/* Reads `text`. `origin` stands in front of errors, with the line unless `lines` is false (a command-line override). */
MUST_CHECK status config_open_text(config **out, const char *text, const char *origin, bool lines);
void config_close(config *c); /* NULL is fine */

config_node *config_root(config *c);

/* The setting at `path` ("search.epochs") below a section, or NULL. Marks it, and the sections on the way, as read. */
config_node *config_find(config_node *section, const char *path);

/* Elements of an array or list; 0 for anything else. */
int config_count(const config_node *list);
/* Element i, marked as read. */
config_node *config_item(config_node *list, int i);

bool config_is_section(const config_node *node);
bool config_is_list(const config_node *node); /* array or list */
bool config_is_text(const config_node *node);
int config_line(const config_node *node); /* 0 when the origin has no lines */

/* Typed values. An integer is fine where a number is wanted; the reverse is an error. Text is borrowed. */
MUST_CHECK status config_integer(int64_t *out, const config_node *node);
MUST_CHECK status config_number(double *out, const config_node *node); /* finite */
MUST_CHECK status config_switch(bool *out, const config_node *node);
MUST_CHECK status config_text(const char **out, const config_node *node);

/* "ORIGIN:LINE: KEY message" */
status config_fail(const config_node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails when settings below a section were never asked for: names all, in the order of the file. */
MUST_CHECK status config_check_read(const config_node *section);

#endif
