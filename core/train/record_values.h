/* record_values: the values of a network from the record that keeps them. */
#ifndef CORE_TRAIN_RECORD_VALUES_H
#define CORE_TRAIN_RECORD_VALUES_H

#include "core/net/model/model.h"
#include "core/task/record.h"

/* Every tensor of the layout, in a block of layout.total values, from the record's tensor of that name. STATUS_DATA:
 * one is missing or of another size. */
MUST_CHECK status record_values_read(real *values, const model_layout *layout, const record *from);

#endif
