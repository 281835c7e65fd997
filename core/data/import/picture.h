/* picture: a PNG or JPEG file in memory -> 8-bit pixels, grey or red green blue; and another size of it. */
#ifndef CORE_DATA_IMPORT_PICTURE_H
#define CORE_DATA_IMPORT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { PICTURE_SIDE = 16384 }; /* pixels: larger ones are refused before memory is taken */

typedef struct {
    int height, width, channels; /* channels: 1 grey, 3 red green blue */
    uint8_t *pixels;             /* (height, width, channels); owned */
} picture;

/* What the bytes are decides, not the file's name. Pixels are those of the file: no colour management, no rotation by
 * EXIF. STATUS_DATA, with `name`: not such a file, damaged or incomplete, 16 bits a channel, CMYK, transparent. */
MUST_CHECK status picture_decode(picture *out, const uint8_t *bytes, size_t size, const char *name);
void picture_free(picture *p);

/* For the two formats. */
bool png_is(const uint8_t *bytes, size_t size);
MUST_CHECK status png_decode(picture *out, const uint8_t *bytes, size_t size, const char *name);
bool jpeg_is(const uint8_t *bytes, size_t size);
MUST_CHECK status jpeg_decode(picture *out, const uint8_t *bytes, size_t size, const char *name);
/* Takes memory for height, width and channels of *out; refuses what is too large. */
MUST_CHECK status picture_allocate(picture *out, const char *name);

typedef enum { FIT_CROP, FIT_STRETCH } picture_fit;

/* Writes the picture to out (height, width, channels). crop: the largest centred window of the wanted shape is scaled;
 * stretch: all of it is. Bilinear with a window that grows with the factor when scaling down (every pixel counts). Grey
 * from colour: (299 R + 587 G + 114 B) / 1000. Integer arithmetic: the same bytes on every machine. */
MUST_CHECK status picture_scale(uint8_t *out, int height, int width, int channels, const picture *in, picture_fit fit);

#endif
