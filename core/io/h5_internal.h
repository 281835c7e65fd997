/* h5_internal: what the h5*.c files share: errors and the text type. */
#ifndef CORE_IO_H5_INTERNAL_H
#define CORE_IO_H5_INTERNAL_H

#include "core/base/status.h"
#include "core/io/h5.h"

/* "cannot ACTION NAME in FILE:GROUP: innermost message". Call it directly after the failed HDF5 call: the next call
 * into the library clears its error stack. `where` is any open file, group or data set; `name` an object below it. */
status h5_fail(h5_id where, const char *name, const char *action);

/* The innermost message of HDF5's error stack, with the system's words alone when it carries them. */
void h5_innermost(char *out, size_t room);

/* Makes files that are created with the access list large ones (h5_create_large). */
bool h5_stream_use(h5_id access);
/* Is `where` a large new file, or in one? */
bool h5_is_stream(h5_id where);
/* Completes and closes such a file. */
status h5_stream_close(h5_id file, const char *path);

/* HDF5 type of a UTF-8 string of any length, to be closed by the caller; negative on failure. */
h5_id h5_text_type(void);

/* Of an open data set of texts: do all have the same room? Reads them; the caller frees *out. */
bool h5_has_fixed_strings(h5_id set);
status h5_read_fixed_strings(char ***out, size_t count, h5_id set, const char *name);

/* Writes an attribute that `target`, an open object, does not have yet. */
status h5_add_text(h5_id target, const char *name, const char *text);

/* Property list of a new file, group or data set (H5P_..._CREATE): without times, and with attributes in the object's
 * header however many there are, because H5Ocopy of HDF5 1.10.8 crashes on texts in its other ("dense") storage. */
h5_id h5_creation_list(h5_id class);

#endif
