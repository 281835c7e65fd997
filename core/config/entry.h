/* entry: what stands in the list `sweep` of a configuration: a strategy and its keys. A strategy (core/strategy) says
 * which keys its entries take, some of the common ones below and some of its own; parsing, checks, help and the
 * resolved text follow from that. */
#ifndef CORE_CONFIG_ENTRY_H
#define CORE_CONFIG_ENTRY_H

#include <stdio.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/config/settings_keys.h"

/* The entries of one strategy. */
typedef struct entry_kind {
    const char *name, *description;  /* "joint"; one line */
    const settings_key *const *keys; /* NULL-terminated: besides `strategy`. Offsets count from the sweep_entry */
    /* What several keys must fulfil together; a key that was not written has its default, or its zero value. NULL:
     * nothing. */
    status (*check)(const sweep_entry *entry, const config_node *where);
} entry_kind;

/* Offset of a member of a strategy's own options, for its keys: they lie in sweep_entry.options. */
#define ENTRY_OPTION(type, member) (offsetof(sweep_entry, options) + offsetof(type, member))

/* The common keys. */
extern const settings_key entry_strategy, entry_cost_model, entry_strengths, entry_bits, entry_precisions,
    entry_targets;

/* Key i of an entry: the common ones of all entries, then the kind's; NULL behind the last. */
const settings_key *entry_key(const entry_kind *kind, int i);

/* NULL when unknown. kinds: NULL-terminated. */
const entry_kind *entry_kind_find(const entry_kind *const *kinds, const char *name);

/* Reads the section `node`; *out is written on success only. */
MUST_CHECK status entry_read(sweep_entry *out, config_node *node, const entry_kind *const *kinds);

/* "{ strategy = \"joint\"; cost_model = \"size\"; ... }": what was given, and every default. */
void entry_write(FILE *out, const sweep_entry *entry, const entry_kind *kind);

/* "line 12", or "entry 3" when the sweep came from the command line: for messages. */
enum { ENTRY_PLACE = 32 };
void entry_place(char out[ENTRY_PLACE], const settings *s, int entry);

/* "precisions = [0, 2, 4, 8]", a line for each key that makes a difference to every task of the entry, unlike those
 * that tell its tasks apart (settings_key.expands). */
void entry_write_options(FILE *out, const sweep_entry *entry, const entry_kind *kind);

#endif
