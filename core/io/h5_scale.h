/* h5_scale: dimension scales, so that readers show an axis by its name and values instead of a number. Every data set
 * says in its attribute "dimensions" what its axes are: names with spaces between them, one for each dimension. A data
 * set below the same group that is called as its own only dimension is the scale of that dimension.
 *
 * HDF5 keeps scales as references, which are places in the file: a copy of a group needs its own. */
#ifndef CORE_IO_H5_SCALE_H
#define CORE_IO_H5_SCALE_H

#include "core/base/status.h"
#include "core/io/h5.h"

/* Sets the attribute "dimensions" of a data set below `group`. */
MUST_CHECK status h5_set_dimensions(h5_id group, const char *name, const char *dimensions);

/* Makes scales of the scales directly below `group`, and attaches them to all data sets there that have these
 * dimensions. Replaces what was attached. */
MUST_CHECK status h5_attach_scales(h5_id group);

#endif
