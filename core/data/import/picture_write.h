/* picture_write: a picture -> the bytes of a PNG file. */
#ifndef CORE_DATA_IMPORT_PICTURE_WRITE_H
#define CORE_DATA_IMPORT_PICTURE_WRITE_H

#include "core/data/import/picture.h"

/* The caller frees *out. STATUS_MEMORY. */
MUST_CHECK status picture_encode(uint8_t **out, size_t *size, const picture *p);

#endif
