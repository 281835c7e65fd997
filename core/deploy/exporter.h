/* exporter: a format in which integer networks are written for others: one file, and a line in the table of
 * exporters.c.
 */
#ifndef CORE_DEPLOY_EXPORTER_H
#define CORE_DEPLOY_EXPORTER_H

#include "core/data/dataset.h"
#include "core/deploy/export_folder.h"
#include "core/deploy/integer_network.h"

typedef struct {
    const integer_network *network;
    const char *title;   /* which point it is, for people */
    const dataset *data; /* of the images of self-tests */
    int images;          /* how many: the first of its test split */
} export_inputs;

typedef struct {
    const char *name, *help; /* "c", one line */
    /* Adds the files of the format to a folder. CONFIG: the format cannot express a layer; the message names it. */
    status (*write)(export_folder *to, const export_inputs *in);
} exporter;

/* NULL-terminated; and a look-up by name (NULL when unknown). */
const exporter *const *exporters(void);
const exporter *exporters_find(const char *name);

#endif
