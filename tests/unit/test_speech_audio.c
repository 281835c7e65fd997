/* links: core_data */
/* The front end of keyword spotting against its definition, term by term; sounds that are not what they should be. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/data/import/mfcc.h"
#include "core/data/import/name_list.h"
#include "core/data/import/wave_file.h"
#include "tests/support/check_status.h"

static const double TWO_PI = 6.283185307179586;

static double mel(double hz)
{
    return 2595 * log10(1 + hz / 700);
}

/* Edge i of the 42 of the mel bands, in Hz. */
static double edge(int i)
{
    return 700 * (pow(10, (mel(20) + i * (mel(4000) - mel(20)) / 41) / 2595) - 1);
}

/* Coefficients of frame t, by the sums of mfcc.h. */
static void frame_by_definition(double out[MFCC_COEFFICIENTS], const int16_t *samples, int count, int t)
{
    double power[257], energy[40];
    for (int k = 0; k <= 256; k++) {
        double re = 0, im = 0;
        for (int n = 16; n < 496; n++) {
            double x = 320 * t + n < count ? samples[320 * t + n] / 32768.0 : 0;
            double w = (1 - cos(TWO_PI * (n - 16) / 480)) / 2;
            re += w * x * cos(TWO_PI * k * n / 512);
            im -= w * x * sin(TWO_PI * k * n / 512);
        }
        power[k] = re * re + im * im;
    }
    for (int m = 0; m < 40; m++) {
        energy[m] = 0;
        for (int k = 0; k <= 256; k++) {
            double f = 8000.0 * k / 256, rise = (f - edge(m)) / (edge(m + 1) - edge(m)),
                   fall = (edge(m + 2) - f) / (edge(m + 2) - edge(m + 1));
            energy[m] += fmax(0, fmin(rise, fall)) * power[k];
        }
    }
    for (int q = 0; q < MFCC_COEFFICIENTS; q++) {
        out[q] = 0;
        for (int m = 0; m < 40; m++) out[q] += cos(TWO_PI / 80 * (m + 0.5) * q) * log(energy[m] + 1e-6);
        out[q] *= sqrt(2.0 / 40) * (q == 0 ? sqrt(0.5) : 1);
    }
}

static void front_end(void **state)
{
    (void)state;
    int16_t samples[MFCC_SAMPLES];
    for (int i = 0; i < MFCC_SAMPLES; i++)
        samples[i] = (int16_t)(9000 * sin(0.0004 * i * sqrt(i)) +
                               rng_below(rng_draw(1, RNG_INIT, (uint32_t)i, 0, 0).word[0], 900));
    mfcc *m;
    check_ok(mfcc_make(&m));
    for (int count = MFCC_SAMPLES; count > 0; count -= 7777) {
        float got[MFCC_VALUES];
        mfcc_compute(got, m, samples, (size_t)count);
        for (int t = 0; t < MFCC_FRAMES; t += 6) {
            double wanted[MFCC_COEFFICIENTS];
            frame_by_definition(wanted, samples, count, t);
            for (int q = 0; q < MFCC_COEFFICIENTS; q++)
                assert_true(fabs(wanted[q] - (double)got[t * MFCC_COEFFICIENTS + q]) < 1e-4);
        }
    }
    mfcc_free(m);
}

enum { HEAD = 44, SOUND = 100, SIZE = HEAD + 2 * SOUND };

/* A WAV file of SOUND samples, as small as it can be. */
static void make_wave(uint8_t out[SIZE], int rate, int channels)
{
    const uint32_t numbers[] = {SIZE - 8,
                                16,
                                (uint32_t)channels << 16 | 1,
                                (uint32_t)rate,
                                (uint32_t)(rate * channels * 2),
                                16u << 16 | (uint32_t)channels * 2,
                                2 * SOUND};
    static const int places[] = {4, 16, 20, 24, 28, 32, 40};
    memcpy(out, "RIFF....WAVEfmt ....................data....", HEAD);
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 4; k++) out[places[i] + k] = (uint8_t)(numbers[i] >> 8 * k);
    for (int i = 0; i < SOUND; i++) {
        int value = 300 * i - 15000;
        out[HEAD + 2 * i] = (uint8_t)value;
        out[HEAD + 2 * i + 1] = (uint8_t)(value >> 8);
    }
}

static void sounds(void **state)
{
    (void)state;
    uint8_t bytes[SIZE];
    int16_t *samples;
    size_t count;
    make_wave(bytes, 16000, 1);
    check_ok(wave_read(&samples, &count, bytes, SIZE, "a.wav", SOUND));
    assert_int_equal(count, SOUND);
    for (int i = 0; i < SOUND; i++) assert_int_equal(samples[i], 300 * i - 15000);
    free(samples);
    check_says(wave_read(&samples, &count, bytes, SIZE, "a.wav", SOUND - 1), "a.wav lasts");
    for (size_t size = 0; size < SIZE; size++) {
        status s = wave_read(&samples, &count, bytes, size, "a.wav", SOUND);
        if (!failed(s)) fail_msg("%zu of %d bytes were taken for a sound", size, (int)SIZE);
    }
    for (int at = 0; at < HEAD; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            status s = wave_read(&samples, &count, bytes, SIZE, "a.wav", SOUND);
            if (!failed(s)) free(samples);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    make_wave(bytes, 44100, 1);
    check_says(wave_read(&samples, &count, bytes, SIZE, "a.wav", SOUND), "44100 samples a second");
    make_wave(bytes, 16000, 2);
    check_says(wave_read(&samples, &count, bytes, SIZE, "a.wav", SOUND), "2 channels");
}

static void lists(void **state)
{
    (void)state;
    name_list list = {.count = 0};
    assert_false(name_list_has(&list, "a"));
    static const char text[] = "yes/b.wav\r\n\nno/a.wav\nup/c.wav";
    check_ok(name_list_make(&list, (const uint8_t *)text, strlen(text)));
    assert_int_equal(list.count, 3);
    assert_true(name_list_has(&list, "yes/b.wav") && name_list_has(&list, "no/a.wav") &&
                name_list_has(&list, "up/c.wav"));
    assert_false(name_list_has(&list, "yes/b") || name_list_has(&list, ""));
    name_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(front_end), cmocka_unit_test(sounds), cmocka_unit_test(lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
