/* An importer for test_added.c: says what it was asked for. */
#include "core/data/import/importer.h"

static const import_key keys[] = {
    {.name = "times", .value = "N", .type = IMPORT_INTEGER, .fallback = "3", .low = 1, .high = 9, .help = "of a test"},
    IMPORT_KEYS_END,
};

static status run(const import_request *r)
{
    return status_fail(STATUS_DATA, "%ld times to %s", import_integer(r, "times"), r->output);
}

const importer importer_added = {
    .name = "added", .summary = "of a test", .details = "Writes nothing.\n", .keys = keys, .run = run};
