/* import_speech_commands: ready features of the Google Speech Commands v2 keyword task (Warden, arXiv:1804.03209) ->
 * prepared file. */
#ifndef CORE_DATA_IMPORT_IMPORT_SPEECH_COMMANDS_H
#define CORE_DATA_IMPORT_IMPORT_SPEECH_COMMANDS_H

#include "core/base/status.h"

/* features_dir: a folder with train.bin, val.bin and test.bin (also with .xz or .gz). Each is a row of records of 491
 * bytes: one label byte (0 ... 11: down go left no off on right stop up yes silence unknown), then 490 signed bytes, 49
 * frames of 10 coefficients. The three files are the three splits. Checks record sizes, labels, and that every class is
 * in every split. Nothing is left at `out` unless everything succeeded. */
MUST_CHECK status import_speech_commands(const char *features_dir, const char *out);

#endif
