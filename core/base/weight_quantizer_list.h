/* weight_quantizer_list: the only list of the weight quantisers that a configuration may name. A new one is a file in
 * core/quant with the object weight_quantizer_NAME (core/quant/weight_quantizer.h) and a line here: constants, keys,
 * help and the table follow from it. The first is the default; the order is that of the enumeration, so append. */
#ifndef CORE_BASE_WEIGHT_QUANTIZER_LIST_H
#define CORE_BASE_WEIGHT_QUANTIZER_LIST_H

/* ONE(constant WEIGHT_STEP_..., name, help) */
#define WEIGHT_QUANTIZER_LIST(ONE)                                                                                     \
    ONE(MINMAX, minmax, "the extreme weights are the ends of the grid")                                                \
    ONE(MSE, mse, "the smallest squared error, anew in each step")                                                     \
    ONE(LEARNED, learned, "trained in fine-tuning, at a tenth of the learning rate, mse before")                       \
    ONE(MIDRISE, midrise, "levels half a step off zero, as impq was published; no integer network above 1 bit")        \
    ONE(DEVIATION, deviation, "clipped at the mean and 3.45 standard deviations, which training keeps")

#endif
