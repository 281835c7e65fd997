/* record_same: did two runs of a task give the same result? */
#ifndef RESULTS_FILE_RECORD_SAME_H
#define RESULTS_FILE_RECORD_SAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/task/record.h"

/* Compares everything but "seconds", bit by bit. False: `differing` names what differs, with the names of SCHEMA.md:
 * "test_accuracy, curve/train_loss, model/b1.c1.weight", as far as they fit. */
bool record_same(char *differing, size_t room, const record *a, const record *b);

#endif
