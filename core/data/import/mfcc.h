/* mfcc: the front end of keyword spotting: one second of sound -> 49 frames of 10 mel-frequency cepstral coefficients.
 * The only user of FFTW.
 *
 *   x_n        = sample / 32768, zeros behind the end; frame t begins at sample 320 t and has 512 samples
 *   w_n        = (1 - cos(2 pi (n-16) / 480)) / 2 for 16 <= n < 496, else 0  (periodic Hann window of 30 ms)
 *   P_k        = |sum_n w_n x_n exp(-2 pi i k n / 512)|^2,  k = 0 ... 256, at f_k = 8000 k / 256 Hz
 *   E_m        = sum_k max(0, min((f_k - h_m) / (h_m+1 - h_m), (h_m+2 - f_k) / (h_m+2 - h_m+1))) P_k,  m = 0 ... 39
 *   h_0 ... 41 = equally far apart on the scale 2595 log10(1 + f/700) from 20 to 4000 Hz
 *   c_q        = sqrt(2/40) (1/sqrt(2) for q = 0) sum_m cos(pi/40 (m + 1/2) q) ln(E_m + 10^-6),  q = 0 ... 9
 *
 * (Davis and Mermelstein 1980, as the published DS-CNN of Speech Commands uses it.) */
#ifndef CORE_DATA_IMPORT_MFCC_H
#define CORE_DATA_IMPORT_MFCC_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { MFCC_SAMPLES = 16000, MFCC_FRAMES = 49, MFCC_COEFFICIENTS = 10, MFCC_VALUES = MFCC_FRAMES * MFCC_COEFFICIENTS };

typedef struct mfcc mfcc; /* tables and room for one frame */
MUST_CHECK status mfcc_make(mfcc **out);
void mfcc_free(mfcc *m); /* NULL is fine */

/* out (MFCC_FRAMES, MFCC_COEFFICIENTS) from count <= MFCC_SAMPLES samples. */
void mfcc_compute(float out[MFCC_VALUES], mfcc *m, const int16_t *samples, size_t count);

#endif
