/* checkpoint: everything a running task needs to continue identically, as named spans of bytes. Written to a new file,
 * synced, the previous copy kept as NAME.prev, renamed. A seal (seal.h) tells a complete, unchanged file from any
 * other. */
#ifndef RESULTS_CHECKPOINT_H
#define RESULTS_CHECKPOINT_H

#include <stdbool.h>

#include "core/base/span.h"
#include "core/base/status.h"

/* `key` names what the file belongs to (task and configuration); a file with another key is refused. */
MUST_CHECK status checkpoint_write(const char *path, const char *key, const span *spans, int count);

/* Fills the spans from `path`, or from path.prev when path is missing or damaged (then *warning, a buffer of 256 bytes,
 * says what was wrong; else it is empty). *found = false (and status OK) when neither exists. Names and sizes must
 * match. When both are damaged: an error naming both. The spans are only written when everything was verified. */
MUST_CHECK status checkpoint_read(bool *found, char warning[256], const char *path, const char *key, const span *spans,
                                  int count);

/* Removes the file and its previous copy; missing files are fine. */
void checkpoint_remove(const char *path);

#endif
