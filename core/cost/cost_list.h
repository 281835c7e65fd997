/* cost_list: what is said about a cost model that a list of them does not have. */
#ifndef CORE_COST_COST_LIST_H
#define CORE_COST_COST_LIST_H

#include "core/base/status.h"
#include "core/cost/cost_model.h"

/* STATUS_CONFIG: there is no cost model "sise" (did you mean "size"?); known: ... */
status cost_list_unknown(const cost_model *const *list, const char *name);

#endif
