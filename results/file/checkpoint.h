/* checkpoint: everything a running task needs to continue identically, as named spans of bytes. Written to a new file,
 * synced, the previous copy kept as NAME.prev, renamed. A seal (seal.h) tells a complete, unchanged file from any
 * other.
 *
 * Several jobs (claim_file.h): the new file's name carries the writer's token, so that two writers never mix their
 * bytes, and it is renamed only while the token holds. Should a claim be lost between that question and the renaming,
 * the file of the former owner takes the place: a complete state of the same deterministic task, from which the same
 * result follows, perhaps from an earlier step. What matters is that a checkpoint is whole, not that it is the newest.
 */
#ifndef RESULTS_FILE_CHECKPOINT_H
#define RESULTS_FILE_CHECKPOINT_H

#include <stdbool.h>

#include "core/base/span.h"
#include "core/base/status.h"
#include "results/file/claim_file.h"

enum { CHECKPOINT_EARLIER = 256 };

/* Spans are raw memory in native order. So a file says what may read it: the build (revision, compiler, sizes), which
 * has to be the same; and what computed it (instruction set and C library), of which another one is warned about,
 * because the last bits of what follows may be others. That it happened travels with the state, up to the task's
 * result. */
typedef struct {
    const char *kernels;              /* instruction set that computes now: "avx2" */
    char earlier[CHECKPOINT_EARLIER]; /* other machines that computed a part of the state before: "portable, glibc 2.36
                                        (values 1f2e3d4c)", with "; " between several; empty: none */
} checkpoint_machine;

/* `key` names what the file belongs to (task and configuration); a file with another key is refused.
 * `fence`: the claim it is written under, or NULL; STATUS_LOST when it no longer holds: nothing was changed. */
MUST_CHECK status checkpoint_write(const char *path, const char *key, const checkpoint_machine *machine,
                                   const span *spans, int count, const claim_fence *fence);

/* Fills the spans from `path`, or from path.prev when path is missing or damaged (then *warning, a buffer of 256 bytes,
 * says what was wrong; else it is empty). *found = false (and status OK) when neither exists. Names and sizes must
 * match. When both are damaged: an error naming both. The spans, and machine->earlier, are only written when everything
 * was verified. */
MUST_CHECK status checkpoint_read(bool *found, char warning[256], const char *path, const char *key,
                                  checkpoint_machine *machine, const span *spans, int count);

/* Removes the file and its previous copy; missing files are fine. */
void checkpoint_remove(const char *path);

#endif
