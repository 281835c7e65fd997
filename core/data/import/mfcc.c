#include "core/data/import/mfcc.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

enum { WINDOW = 512, HANN = 480, HOP = 320, BINS = WINDOW / 2 + 1, BANDS = 40 };
static const double PI = 3.14159265358979323846, LOWEST_HZ = 20, HIGHEST_HZ = 4000, TOP_HZ = 8000;

struct mfcc {
    double window[WINDOW], bank[BANDS][BINS], cosine[MFCC_COEFFICIENTS][BANDS];
    double *frame;          /* (WINDOW), owned */
    fftw_complex *spectrum; /* (BINS), owned */
    fftw_plan plan;
};

static double mel_of(double hz)
{
    return 2595.0 * log10(1.0 + hz / 700.0);
}

static double hz_of(double mel)
{
    return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
}

static void fill_bank(mfcc *m)
{
    double edge[BANDS + 2];
    for (int i = 0; i < BANDS + 2; i++)
        edge[i] = hz_of(mel_of(LOWEST_HZ) + (mel_of(HIGHEST_HZ) - mel_of(LOWEST_HZ)) * i / (BANDS + 1));
    for (int b = 0; b < BANDS; b++)
        for (int k = 0; k < BINS; k++) {
            double f = TOP_HZ * k / (BINS - 1);
            double rise = (f - edge[b]) / (edge[b + 1] - edge[b]);
            double fall = (edge[b + 2] - f) / (edge[b + 2] - edge[b + 1]);
            m->bank[b][k] = fmax(0, fmin(rise, fall));
        }
}

static void fill_tables(mfcc *m)
{
    for (int n = 0; n < WINDOW; n++) {
        int at = n - (WINDOW - HANN) / 2;
        m->window[n] = at >= 0 && at < HANN ? 0.5 - 0.5 * cos(2 * PI * at / HANN) : 0;
    }
    fill_bank(m);
    for (int q = 0; q < MFCC_COEFFICIENTS; q++)
        for (int b = 0; b < BANDS; b++)
            m->cosine[q][b] = sqrt(2.0 / BANDS) * (q == 0 ? sqrt(0.5) : 1) * cos(PI / BANDS * (b + 0.5) * q);
}

status mfcc_make(mfcc **out)
{
    mfcc *m = calloc(1, sizeof *m);
    if (m != NULL) {
        m->frame = fftw_alloc_real(WINDOW);
        m->spectrum = fftw_alloc_complex(BINS);
        if (m->frame != NULL && m->spectrum != NULL)
            m->plan = fftw_plan_dft_r2c_1d(WINDOW, m->frame, m->spectrum, FFTW_ESTIMATE);
    }
    if (m == NULL || m->plan == NULL) {
        mfcc_free(m);
        return status_fail(STATUS_MEMORY, "no memory for a Fourier transform");
    }
    fill_tables(m);
    *out = m;
    return status_ok();
}

void mfcc_free(mfcc *m)
{
    if (m == NULL) return;
    if (m->plan != NULL) fftw_destroy_plan(m->plan);
    fftw_free(m->frame);
    fftw_free(m->spectrum);
    free(m);
}

void mfcc_compute(float out[MFCC_VALUES], mfcc *m, const int16_t *samples, size_t count)
{
    for (int t = 0; t < MFCC_FRAMES; t++) {
        for (int n = 0; n < WINDOW; n++) {
            size_t at = (size_t)t * HOP + (size_t)n;
            m->frame[n] = at < count ? m->window[n] * samples[at] / 32768.0 : 0;
        }
        fftw_execute(m->plan);
        double power[BINS], logarithm[BANDS];
        for (int k = 0; k < BINS; k++)
            power[k] = m->spectrum[k][0] * m->spectrum[k][0] + m->spectrum[k][1] * m->spectrum[k][1];
        for (int b = 0; b < BANDS; b++) {
            double energy = 0;
            for (int k = 0; k < BINS; k++) energy += m->bank[b][k] * power[k];
            logarithm[b] = log(energy + 1e-6);
        }
        for (int q = 0; q < MFCC_COEFFICIENTS; q++) {
            double sum = 0;
            for (int b = 0; b < BANDS; b++) sum += m->cosine[q][b] * logarithm[b];
            out[t * MFCC_COEFFICIENTS + q] = (float)sum;
        }
    }
}
