/* strategy: how a point of the sweep is searched. All strategies of this version are one method with another candidate
 * set (method.md 7), so a strategy is a line in a table. */
#ifndef CORE_STRATEGY_STRATEGY_H
#define CORE_STRATEGY_STRATEGY_H

#include <stdbool.h>

enum { STRATEGY_MAX_PRECISIONS = 4 };

typedef struct {
    const char *name;
    const char *description;
    bool per_layer; /* one weight precision for all channels of a sharing group */
    bool searched;  /* has strengths and a cost model; else it is trained at given bits */
    int precision_count;
    int precisions[STRATEGY_MAX_PRECISIONS]; /* candidate weight precisions, ascending; 0 = pruned */
} strategy;

/* NULL-terminated table in the order of the documentation, and a look-up by name (NULL when unknown). */
const strategy *const *strategies(void);
const strategy *strategy_find(const char *name);

#endif
