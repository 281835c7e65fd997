/* digit_image: draws one image of the synthetic data set. Only + - * / and sqrt of IEEE floats are used (no function of
 * the mathematics library whose last bit may differ), so a sample is the same bytes on every machine. */
#ifndef CORE_DATA_IMPORT_DIGIT_IMAGE_H
#define CORE_DATA_IMPORT_DIGIT_IMAGE_H

#include <stdint.h>

enum { DIGIT_SIDE = 32, DIGIT_CHANNELS = 3, DIGIT_BYTES = DIGIT_SIDE * DIGIT_SIDE * DIGIT_CHANNELS };

/* image: (DIGIT_SIDE, DIGIT_SIDE, DIGIT_CHANNELS), red green blue. A pure function of (seed, sample, digit). */
void digit_image_draw(uint8_t *image, int digit, uint64_t seed, uint32_t sample);

#endif
