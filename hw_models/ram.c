/* ram: bytes of all activations that exist at the same time, at the step of the network where they are the most:
 * what a step reads and writes, and what waits for later steps, such as the other branch of an add. Steps run in the
 * order of the network file, none in place; channels without weights take no room; values are packed at their
 * precision, logits have 32 bit. Range: any geometry. Code, stacks and the fragmentation of an allocator come on top.
 */
#include "hw_models/models.h"

const cost_model cost_model_ram = {.name = "ram",
                                   .unit = "bytes",
                                   .description = "activations that exist at the same time, at most",
                                   .per_live_bit = 1.0 / 8};
