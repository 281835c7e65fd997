/* sample_probe: search by score functions in which every draw is trained for itself (Zur et al. 2019, the width
 * search): rounds of probes, tasks of their own that start from the warm-up, and an update of the logits between
 * rounds, which each task of the next round computes from the records of all probes of the one before. Nobody waits but
 * for a round's slowest probe, and the coordinator knows nothing of it.
 *
 * Tasks of one strength and seed are numbered by task.step, from 1: with objective = "curve" the homogeneous networks,
 * then the probes, round by round. Parents of a probe: the warm-up, the homogeneous networks if there are any, and
 * behind the first round all probes of the round before; of a point: the same with those of the last round. */
#ifndef CORE_STRATEGY_SAMPLE_PROBE_H
#define CORE_STRATEGY_SAMPLE_PROBE_H

#include "core/strategy/sample_options.h"
#include "core/train/task_kind.h"

/* How many homogeneous networks come before the probes. */
int sample_probe_homogeneous(const sample_space *space, const sample_options *o);

/* Fine-tuning of task.epochs; keeps the logits that the task was drawn from as state. */
extern const stage sample_probe_stage;

/* task_kind.start of probes and of the points behind them. */
MUST_CHECK status sample_probe_start(trainer *t, const record *const *parents, int count);
MUST_CHECK status sample_probe_start_point(trainer *t, const record *const *parents, int count);

#endif
