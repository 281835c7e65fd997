/* sample_stage: search by score functions with shared weights. Every epoch begins with updates of the logits: networks
 * are drawn, each is evaluated on the validation split with the weights of the moment, and the losses move the
 * logits (score.h); then the weights are trained, a fresh draw for each batch. The network of an epoch is what the
 * probabilities stand for. */
#ifndef CORE_STRATEGY_SAMPLE_STAGE_H
#define CORE_STRATEGY_SAMPLE_STAGE_H

#include "core/train/stage.h"

/* Keeps, as state, the logits of the end, then those of every epoch, then the ranks of all channels in their groups
 * from the last epoch's start, which say who gets less. */
extern const stage sample_stage;

#endif
