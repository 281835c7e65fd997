/* trunk_options: the own keys of an entry of strategy trunk. */
#ifndef CORE_STRATEGY_TRUNK_OPTIONS_H
#define CORE_STRATEGY_TRUNK_OPTIONS_H

#include "core/config/settings.h"
#include "core/task/task.h"

/* How the precisions of a leg are found. */
typedef enum { TRUNK_BY_SENSITIVITY, TRUNK_BY_GRADIENT } trunk_allocation;

/* How the losses of the pruned channels of a sharing group add up. */
typedef enum { TRUNK_PRUNED_APART, TRUNK_PRUNED_TOGETHER } trunk_pruned;

typedef struct {
    int allocation;       /* trunk_allocation */
    int pruned;           /* trunk_pruned */
    int activation_count; /* candidates of activations, ascending; 0: they are not lowered */
    int activation_bits[MAX_PRECISIONS];
} trunk_options;

static inline const trunk_options *trunk_options_of(const sweep_entry *e)
{
    return (const trunk_options *)(const void *)e->options;
}

/* Does the trunk that a task belongs to lower activations? */
static inline bool trunk_moves_activations(const settings *s, const task *t)
{
    return t->entry >= 0 && trunk_options_of(&s->entries[t->entry])->activation_count > 0;
}

#endif
