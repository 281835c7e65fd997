#include "core/train/record_values.h"

#include <string.h>

status record_values_read(real *values, const model_layout *layout, const record *from)
{
    for (int i = 0; i < layout->tensor_count; i++) {
        const model_tensor *tensor = &layout->tensors[i];
        const record_tensor *found = NULL;
        for (int k = 0; k < from->tensor_count; k++)
            if (strcmp(from->tensors[k].name, tensor->name) == 0) found = &from->tensors[k];
        size_t count = 1;
        for (int d = 0; found != NULL && d < found->rank; d++) count *= found->dims[d];
        if (found == NULL || count != tensor->count)
            return status_fail(STATUS_DATA, "the record of task %.8s has no fitting tensor %s", from->task.key,
                               tensor->name);
        for (size_t k = 0; k < count; k++) values[tensor->offset + k] = (real)found->data[k];
    }
    return status_ok();
}
