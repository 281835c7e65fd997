/* impq_harm: what lowering a precision does to the decisions of a network, to first order, from its gains
 * (core/train/gains.h). Pure.
 *
 *   error      of weights, from b to b' bit:  1/2 sum_j E_j [(w_j - Q_b'(w_j))^2 - (w_j - Q_b(w_j))^2]
 *   bound      noise of a uniform quantiser in its place: 1/24 [D_b'^2 - D_b^2] sum_j E_j, D the distance of levels of
 *              the grid in force, quantizer.weight_step_*; steps that training learns count as they would start
 *   released   of the authors' program, linear in the step and without what it will be: mean_j E_j mean_j |w_j| / 2^b
 *   to 0 bit   1/2 G_c in all three: the channel goes, not its weights alone
 *   activations, from a to a' bit: bound as above (also for `error`); released: E c / 2^a with clip c
 */
#ifndef CORE_STRATEGY_IMPQ_HARM_H
#define CORE_STRATEGY_IMPQ_HARM_H

#include "core/net/graph/allocation.h"
#include "core/net/model/model.h"
#include "core/strategy/impq_options.h"
#include "core/train/gains.h"

/* loss[bits * channels + channel], bits 1 ... 8 as far as they are candidates: of each precision the sum that `error`
 * and `bound` take differences of, or what `released` makes of it; over the layers of the channel's group. (9, channels
 * of all groups), overwritten. */
MUST_CHECK status impq_harm_fill(double *loss, const model *m, const real *values, const gains *g,
                                 const allocation *present, impq_metric metric);

/* Of a channel's step from `bits` to `next` (-1: none, which harms nothing). */
double impq_harm_of_step(const double *loss, const gains *g, int channels, int channel, int bits, int next,
                         impq_metric metric);

/* Of one activation quantiser. Both precisions are candidates. */
double impq_harm_of_activation(const model *m, const real *values, const gains *g, int quantizer, int bits, int next,
                               impq_metric metric);

/* One weight channel: sums over its `count` weights; 1/24 D^2 sum_j E_j. */
double impq_released(double gain_sum, double magnitude_sum, int count, int bits);
double impq_bound(double gain_sum, double step);

#endif
