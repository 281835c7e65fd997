/* sample_state: the logits that a search by score functions has left in its record. */
#ifndef CORE_STRATEGY_SAMPLE_STATE_H
#define CORE_STRATEGY_SAMPLE_STATE_H

#include "core/base/real.h"
#include "core/base/status.h"
#include "core/task/record.h"

/* The first `count` reals of what the record's last stage kept. STATUS_DATA: it has kept less. */
MUST_CHECK status sample_read_logits(real *out, int count, const record *from);

#endif
