/* trainer: one task from its start to its record, in segments (core/README.md, second promise). It knows nothing of MPI
 * or HDF5: the group sums gradients, the caller writes checkpoints from the spans and the record at the end.
 *
 * Life of a task:   trainer_open -> [restore spans] -> trainer_segment ... trainer_segment -> trainer_record ->
 * trainer_close
 *
 * Every rank of a group holds the complete state and applies the same updates to it; only shards differ. So the spans
 * of any rank are a checkpoint, and a group may change its size between two segments. */
#ifndef CORE_TRAIN_TRAINER_H
#define CORE_TRAIN_TRAINER_H

#include "core/base/span.h"
#include "core/base/status.h"
#include "core/train/ranks.h"
#include "core/train/trainer_inputs.h"

/* Plans and reserves all memory of the task. Fails (STATUS_CONFIG) when data and network do not fit together. */
MUST_CHECK status trainer_open(trainer **out, const trainer_inputs *in);
void trainer_close(trainer *t);

/* The complete state as spans, borrowed, at fixed addresses. After reading a checkpoint into them call
 * trainer_restored: DATA when training this task cannot have come to that state; then the
 * trainer must be closed. */
int trainer_spans(trainer *t, span *out, int room);
MUST_CHECK status trainer_restored(trainer *t);

typedef enum {
    SEGMENT_MORE,     /* at a segment boundary; call again */
    SEGMENT_FINISHED, /* the record is ready */
    SEGMENT_STOPPED   /* group.should_stop: consistent state at some step; checkpoint and leave */
} segment_end;

/* Collective on g. Trains to the next segment boundary. STATUS_NUMERIC: this task failed, others may go on. All ranks
 * return the same. */
MUST_CHECK status trainer_segment(trainer *t, const ranks_view *g, segment_end *end);

/* After SEGMENT_FINISHED, on any rank. The caller frees with record_free. */
MUST_CHECK status trainer_record(record *out, const trainer *t);

/* What a status line shows. */
typedef struct {
    phase_kind phase;
    char stage[RECORD_STAGE]; /* its name */
    int epoch, epochs;        /* epochs done in this phase, and its length */
    double loss;              /* of the training split in the last epoch */
    double accuracy;          /* validation, last epoch */
    double cost;              /* of the discrete network, in the cost model's unit; 0 without */
    double fraction;          /* of the task's steps done, 0 ... 1 */
    int segments_done;        /* over the task's life: grows by 1 with every completed segment */
} trainer_progress;
trainer_progress trainer_report(const trainer *t);

/* The row of the curve after `epochs` epochs of the task's last stage; NULL: it has not come there. */
const record_epoch *trainer_last_stage_epoch(const trainer *t, int epochs);

#endif
