/* h5_scale: dimension scales, so that readers show an axis by its name and values instead of a number. Every data set
 * says in its attribute "dimensions" what its axes are: names with spaces between them, one for each dimension. A data
 * set below the same group that is called as its own only dimension is the scale of that dimension.
 *
 * HDF5 keeps scales as references, which are places in the file: a copy of a group needs its own. */
#ifndef CORE_IO_H5_SCALE_H
#define CORE_IO_H5_SCALE_H

#include "core/base/status.h"
#include "core/io/h5.h"

#define H5_DIMENSIONS "dimensions"

/* h5_write of a data set whose axes are called so. */
MUST_CHECK status h5_write_axes(h5_id parent, const char *name, h5_type type, int rank, const size_t *dims,
                                const void *data, h5_about about, const char *dimensions);

/* Makes scales of the scales directly below `group`, and attaches them to all data sets there that have these
 * dimensions. Replaces what was attached. */
MUST_CHECK status h5_attach_scales(h5_id group);

#endif
