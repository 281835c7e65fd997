/* precision_choice: what a strategy chooses precisions from. */
#ifndef CORE_STRATEGY_PRECISION_CHOICE_H
#define CORE_STRATEGY_PRECISION_CHOICE_H

#include <stdbool.h>
#include <string.h>

#include "core/config/settings.h"

typedef struct {
    int count, bits[MAX_PRECISIONS];                       /* ascending; 0 = pruned */
    bool whole_groups;                                     /* one choice for all channels of a sharing group */
    int activation_count, activation_bits[MAX_PRECISIONS]; /* ascending; 0: those of search.activation_bits */
} precision_choice;

/* With the precisions that an entry of the sweep gives (NULL: no entry), or the usual ones of its strategy. */
static inline precision_choice precision_choice_of(const sweep_entry *e, const precision_choice *usual)
{
    precision_choice out = *usual;
    if (e == NULL || e->precision_count == 0) return out;
    out.count = e->precision_count;
    memcpy(out.bits, e->precisions, sizeof out.bits);
    return out;
}

#endif
