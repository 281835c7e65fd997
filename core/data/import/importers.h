/* importers: the list of all kinds of data that `bitfront prepare` knows. */
#ifndef CORE_DATA_IMPORT_IMPORTERS_H
#define CORE_DATA_IMPORT_IMPORTERS_H

#include "core/data/import/importer.h"

/* In the order of the help; ends with NULL. */
extern const importer *const importers[];

/* NULL when there is none of that name. */
const importer *importer_find(const char *name);

#endif
