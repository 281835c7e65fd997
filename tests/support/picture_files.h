/* picture_files: writes PNG and JPEG files for tests, with the libraries themselves. */
#ifndef TESTS_SUPPORT_PICTURE_FILES_H
#define TESTS_SUPPORT_PICTURE_FILES_H

#include <stddef.h>
#include <stdint.h>

/* A PNG picture in memory: `depth` bits a channel (rows packed as PNG has them), `kind` a PNG_COLOR_TYPE. `palette`: 3
 * bytes for each of 4 colours, for the kind PALETTE. The caller frees the result. */
uint8_t *picture_make_png(size_t *size, int height, int width, int depth, int kind, const uint8_t *rows,
                          const uint8_t *palette);

/* A JPEG picture in memory, of 1 (grey), 3 (red green blue) or 4 (CMYK) channels. The caller frees the result. */
uint8_t *picture_make_jpeg(size_t *size, int height, int width, int channels, const uint8_t *pixels, int quality);

#endif
