/* provenance: where a result comes from. Build facts are compiled in; machine facts are read at run time. */
#ifndef RESULTS_FILE_PROVENANCE_H
#define RESULTS_FILE_PROVENANCE_H

#include "core/base/status.h"
#include "core/io/h5.h"

const char *provenance_revision(void); /* "git describe" of the build, "-dirty" when changed, or "unknown" */
const char *provenance_compiler(void); /* "gcc 12.2.0 -O3 ..." */
/* What the program was made of: the revision, and where that does not tell (changed files, no repository) the build. */
const char *provenance_source(void);

/* Writes the group "provenance" below `parent`: revision, compiler, HDF5 version, kernels, C library, host, CPU model,
 * UTC time, seeds' generator name, format version, and the versions given. */
MUST_CHECK status provenance_write(h5_id parent, const char *kernels, const char *blas, const char *mpi);

#endif
