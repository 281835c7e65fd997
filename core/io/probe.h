/* probe: does HDF5 survive this file? Damaged files make it crash, loop for ever or ask for all the memory there is.
 * Files without a seal are read by a child process first, which may. */
#ifndef CORE_IO_PROBE_H
#define CORE_IO_PROBE_H

#include "core/base/status.h"

/* Calls read(ctx) in a child process that changes nothing here, and returns its status. DATA when the child dies, or
 * takes longer than a sound file of this size can take. A file that was found good by this process before, and that has
 * not changed, is not asked again. */
MUST_CHECK status probe_read(const char *path, status (*read)(void *ctx), void *ctx);

#endif
