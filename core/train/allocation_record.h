/* allocation_record: between an allocation and what a record stores of it: the precisions of each layer with weights.
 */
#ifndef CORE_TRAIN_ALLOCATION_RECORD_H
#define CORE_TRAIN_ALLOCATION_RECORD_H

#include "core/net/graph/allocation.h"
#include "core/task/record.h"

/* Sets out->allocations, which is NULL before. record_free(out) also after a failure. */
MUST_CHECK status allocation_record_write(record *out, const allocation *a);

/* STATUS_DATA when the record has no precisions, or they do not fit the graph of `out`: an unknown layer, another
 * number of channels, bits out of range, layers of a sharing group that differ. */
MUST_CHECK status allocation_record_read(allocation *out, const record *from);

#endif
