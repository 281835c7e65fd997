#include "core/strategy/sample_state.h"

#include <string.h>

#include "core/train/trainer_state.h"

status sample_read_logits(real *out, int count, const record *from)
{
    for (int i = 0; i < from->tensor_count; i++) {
        const record_tensor *found = &from->tensors[i];
        if (strcmp(found->name, TRAINER_STATE_TENSOR) != 0 || found->rank != 1 || found->dims[0] < (size_t)count)
            continue;
        for (int k = 0; k < count; k++) out[k] = (real)found->data[k];
        return status_ok();
    }
    return status_fail(STATUS_DATA, "task %.8s, from which this one starts, has kept no logits", from->task.key);
}
