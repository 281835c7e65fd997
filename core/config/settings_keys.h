/* settings_keys: the tables of all keys of a sweep configuration, and what follows from a key alone: reading a value
 * with its checks, its default, its text and its help (settings_values.c). What follows from several keys together is
 * in settings_check.c. */
#ifndef CORE_CONFIG_SETTINGS_KEYS_H
#define CORE_CONFIG_SETTINGS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/base/status.h"

typedef struct config_setting_t config_node; /* config.h */

typedef enum {
    KEY_INTEGER,   /* int */
    KEY_NUMBER,    /* double */
    KEY_SWITCH,    /* bool */
    KEY_CHOICE,    /* int: position in `choices` */
    KEY_NAME,      /* char[MAX_NAME] of letters, digits, . _ - */
    KEY_FILE,      /* char[MAX_PATH_TEXT] */
    KEY_INTEGERS,  /* int[room], count at count_offset */
    KEY_NUMBERS,   /* double[room] */
    KEY_STRENGTHS, /* double[room], written as a list or as { from, to, count } */
    KEY_SEEDS,     /* uint64_t[room] */
    KEY_TABLE,     /* double[room][room], rows at count_offset: room or 0 */
    KEY_TEXTS,     /* char[room][MAX_NAME] */
    KEY_FILES      /* char[room][MAX_PATH_TEXT] */
} key_type;

/* Whose records a setting can change. */
typedef enum {
    READ_BY_ALL,       /* those of every task that reads the key's section */
    READ_BY_QUANTISED, /* those of quantised networks */
    READ_BY_NONE       /* none: names, places, how often is saved */
} key_reader;

typedef struct {
    const char *path; /* "search.epochs" */
    key_type type;
    size_t offset;              /* in settings, or in sweep_entry for keys of an entry */
    size_t count_offset;        /* lists: of the int that holds the number of elements */
    int room;                   /* lists: most elements */
    const char *fallback;       /* default in libconfig syntax; NULL: must be given */
    double low, high;           /* range of a value or of every element */
    bool above_low;             /* low itself is excluded */
    const char *const *choices; /* NULL-terminated: KEY_CHOICE, and names with a fixed set */
    const int *allowed;         /* zero-terminated: the only integers allowed */
    bool ascending;             /* integers strictly ascending; otherwise only distinct */
    bool optional;              /* of an entry: absent leaves the field zero */
    bool expands;               /* of an entry: tells its tasks apart */
    key_reader read_by;
    bool later; /* younger than the first identities (core/task/identity.h): not in them while it has its default, so
                   that results of earlier versions keep their keys. Such a default never changes */
    const char *unit; /* NULL: none */
    const char *help;
    const char *example; /* value in the example file when there is no default */
} settings_key;

extern const settings_key settings_keys[];
extern const int settings_key_count;

/* Reads a value into the struct at `base`, checked against the key's own range. */
MUST_CHECK status key_read(void *base, const settings_key *key, config_node *node);

/* The default value through the same path. Only for keys that have one. */
MUST_CHECK status key_default(void *base, const settings_key *key);

/* The value in libconfig syntax; reading it back gives the same bits. */
void key_write(FILE *out, const void *base, const settings_key *key);

/* Is the value the default in the very words in which that is written? For keys that have one. */
bool key_has_default(const void *base, const settings_key *key);

/* "integer, 1 ... 65536, images" */
void key_describe(FILE *out, const settings_key *key);

#endif
