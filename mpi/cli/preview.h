/* preview: a contact sheet of a data set as a network sees it. */
#ifndef MPI_CLI_PREVIEW_H
#define MPI_CLI_PREVIEW_H

#include "core/base/status.h"

/* Writes a PNG file: ten training samples, one a row, of as many classes as possible; first as they are, then as the
 * configuration augments them in the epochs 0 to 8 with its first seed. Values are shown from the smallest to the
 * largest that samples can have; three channels in colour, others as the first one in grey. */
MUST_CHECK status preview_write(const char *output, const char *data, const char *config);

#endif
