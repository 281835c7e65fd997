/* identity: what makes a task this task and no other: a text of everything its record depends on, and its hash, the
 * key. Two tasks with the same key have the same record, wherever and whenever they were trained; a change of anything
 * that counts makes another key. What cannot change a record is left out: names and places of files, comments, the
 * other entries of the sweep, the number of ranks, segments. */
#ifndef CORE_TASK_IDENTITY_H
#define CORE_TASK_IDENTITY_H

#include <stdbool.h>

#include "core/base/status.h"
#include "core/config/settings.h"
#include "core/task/task.h"

/* What a kind of task reads of the settings. */
typedef struct {
    const char *const
        *sections;  /* "warmup", ..., NULL-terminated; the keys without section and `augment` always count */
    bool quantised; /* also keys that only quantised networks follow */
} identity_reads;

/* One network of the sweep. */
typedef struct {
    char checksum[72];          /* of the graph, not of its file (graph_checksum) */
    bool arithmetic_when_float; /* the arithmetic makes a difference for the float network, too */
    char name[TASK_NETWORK];    /* for people: no part of an identity */
} identity_network;

/* What of the settings counts for tasks with this network and cost model, in lines. *text: to be freed. */
MUST_CHECK status identity_settings(char **text, const settings *s, const identity_network *network,
                                    const identity_reads *reads, const char *cost_model);

/* The identity text of a task, whose fields but id, key and places are set. parent_keys[parent_count]. settings_lines:
 * of identity_settings; options: those of its entry that make a difference to its record, in lines. The caller frees
 * *text.
 */
MUST_CHECK status identity_text(char **text, const task *t, const char *const *parent_keys,
                                const identity_network *network, const char *data_checksum, const char *settings_lines,
                                const char *options);

/* key := the first half of the SHA-256 of the text. */
MUST_CHECK status identity_key(char key[TASK_KEY], const char *text);

/* Is what is said of a task what stands in its identity text: kind, seed, cost model, strength, bits, step, target, the
 * keys of its parents (in one text with spaces between), its options (in one line, "; " between)? *told says so. Its
 * name in the sweep (strategy) and role are no part of an identity. */
MUST_CHECK status identity_tells(bool *told, const char *text, const task *t, const char *parents, const char *options);

#endif
