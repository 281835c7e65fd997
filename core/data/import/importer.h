/* importer: what turns one kind of raw data into a prepared data set. One file each, one line each in importers.c; the
 * names, options and help texts of `bitfront prepare` come from there. */
#ifndef CORE_DATA_IMPORT_IMPORTER_H
#define CORE_DATA_IMPORT_IMPORTER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/checksum.h"
#include "core/base/status.h"
#include "core/data/import_ranks.h"

typedef enum { IMPORT_TEXT, IMPORT_PATH, IMPORT_INTEGER, IMPORT_NUMBER, IMPORT_SWITCH } import_type;

/* One option. The table of an importer ends with an entry without name. */
typedef struct {
    const char *name;     /* "--name"; with or without a value alike in all importers */
    const char *value;    /* what to call its value in the help; NULL for a switch */
    const char *help;     /* one line */
    const char *fallback; /* value when it is not given; NULL: none */
    import_type type;     /* IMPORT_PATH: must exist */
    bool needed;
    double low, high; /* of IMPORT_INTEGER and IMPORT_NUMBER */
    char letter;      /* "-x", or 0 */
} import_key;

#define IMPORT_KEYS_END                                                                                                \
    {                                                                                                                  \
        .name = NULL                                                                                                   \
    }

/* Options of importers whose source may leave the splits open (division.h). */
#define DIVISION_KEYS                                                                                                  \
    {.name = "validation",                                                                                             \
     .value = "FRACTION",                                                                                              \
     .type = IMPORT_NUMBER,                                                                                            \
     .fallback = "0.1",                                                                                                \
     .low = 0.001,                                                                                                     \
     .high = 0.9,                                                                                                      \
     .help = "part of what is to be divided that validates; default 0.1"},                                             \
        {.name = "test",                                                                                               \
         .value = "FRACTION",                                                                                          \
         .type = IMPORT_NUMBER,                                                                                        \
         .fallback = "0.1",                                                                                            \
         .low = 0.001,                                                                                                 \
         .high = 0.9,                                                                                                  \
         .help = "the same for the test split, when the source has none; default 0.1"},                                \
        {.name = "seed",                                                                                               \
         .value = "N",                                                                                                 \
         .type = IMPORT_INTEGER,                                                                                       \
         .fallback = "1",                                                                                              \
         .high = INT_MAX,                                                                                              \
         .letter = 'r',                                                                                                \
         .help = "of the choice of samples for these two; default 1"},                                                 \
    {                                                                                                                  \
        .name = "name", .value = "TEXT", .type = IMPORT_TEXT, .help = "of the data set; default: of the source"        \
    }

typedef struct import_request import_request;

typedef struct {
    const char *name;    /* "cifar10" */
    const char *summary; /* one line */
    const char *details; /* for its own help; lines end with line breaks */
    const import_key *keys;
    bool shared; /* `run` is collective on the request's ranks; else rank 0 alone runs it */
    /* Writes the prepared data set to request->output, complete or not at all. */
    status (*run)(const import_request *request);
} importer;

enum { IMPORT_MAX_KEYS = 20 };

/* What the user asked for. All borrowed. */
struct import_request {
    const importer *what;
    const char *output;
    const char *values[IMPORT_MAX_KEYS];                    /* as given, by the place of the key; NULL: not given */
    void (*progress)(const char *what, long done, long of); /* may be NULL; of: 0 when unknown */
    const import_ranks *ranks;                              /* NULL: this process alone */
};

/* Is what is given possible: needed options there, numbers within their range, paths existing? */
MUST_CHECK status import_check(const import_request *request);

/* Values of a request that passed import_check. A key that the importer does not have is a bug. */
const char *import_text(const import_request *request, const char *key); /* NULL: neither given nor a fallback */
long import_integer(const import_request *request, const char *key);
double import_number(const import_request *request, const char *key);
bool import_switch(const import_request *request, const char *key);
bool import_given(const import_request *request, const char *key);
/* --name, or the last part of the source's path without its endings: "digits" of "/data/digits.npz". */
void import_name(char *out, size_t size, const import_request *request, const char *source);
/* Adds the importer's name and all options as given. */
void import_add_options(checksum *sum, const import_request *request);
/* The ranks of the request, import_alone without. */
const import_ranks *import_who(const import_request *request);
/* On rank 0 only. */
void import_progress(const import_request *request, const char *what, long done, long of);

#endif
