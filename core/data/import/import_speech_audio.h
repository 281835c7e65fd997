/* import_speech_audio: the sounds of Google Speech Commands v0.02 (Warden, arXiv:1804.03209) -> prepared file. */
#ifndef CORE_DATA_IMPORT_IMPORT_SPEECH_AUDIO_H
#define CORE_DATA_IMPORT_IMPORT_SPEECH_AUDIO_H

#include "core/data/import/importer.h"

/* Collective. Of a request with the options source, test-source, copies, seed, skip-bad and name. How the samples are
 * made: core/data/README.md. */
MUST_CHECK status import_speech_audio(const import_request *request);

#endif
