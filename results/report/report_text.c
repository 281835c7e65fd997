#include "results/report/report_text.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"

/* A whole number of at most 15 digits: what snprintf does, without its machinery. */
static char *write_whole(char *out, double value)
{
    char digits[16];
    int count = 0;
    uint64_t rest = (uint64_t)fabs(value);
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (signbit(value)) *out++ = '-';
    while (count > 0) *out++ = digits[--count];
    *out = '\0';
    return out;
}

static bool reads_back(const char *text, double value)
{
    double read;
    return number_real(&read, text, -DBL_MAX, DBL_MAX) && read == value;
}

/* ---- numbers from 1e-4 to 1e15, exactly: their 53 bits times a power of ten have below 128 ---- */

__extension__ typedef unsigned __int128 wide;
enum { DIGITS = DBL_DECIMAL_DIG }; /* 17: as many as any double needs */

typedef struct {
    wide product, power; /* the number times power = 10^places is product / 2^shift */
    int shift, places;
    bool even, lowest; /* of the 53 bits: the last one is 0; all but the first are 0 */
} scaled;

/* places: so that the number has 17 digits before the point. */
static scaled scale(double value)
{
    int exponent;
    const uint64_t bits = (uint64_t)ldexp(frexp(value, &exponent), DBL_MANT_DIG);
    scaled s = {.power = 1, .shift = DBL_MANT_DIG - exponent, .even = bits % 2 == 0, .lowest = bits == 1ull << 52};
    const wide least = (wide)10000000000000000u << s.shift; /* 17 digits */
    for (s.product = bits; s.product < least; s.product *= 10, s.power *= 10) s.places++;
    return s;
}

/* The nearest multiple of `unit` to product / 2^shift. */
static uint64_t nearest(const scaled *s, uint64_t unit)
{
    const uint64_t whole = (uint64_t)(s->product >> s->shift), below = whole / unit * unit;
    const wide rest = s->product - ((wide)below << s->shift), half = (wide)unit << (s->shift - 1);
    const bool up = rest > half || (rest == half && below / unit % 2 == 1);
    return below + (up ? unit : 0);
}

/* Is the double that is nearest to digits / power this one? Its neighbours are power / 2^shift away, half of that below
 * a power of two. */
static bool is_nearest(const scaled *s, uint64_t digits)
{
    const wide there = (wide)digits << s->shift;
    if (there >= s->product) return 2 * (there - s->product) < s->power + s->even;
    return (s->lowest ? 4 : 2) * (s->product - there) < s->power + s->even;
}

/* digits / 10^places without zeros at its end. */
static char *write_digits(char *out, uint64_t digits, int places)
{
    char text[24];
    int count = 0;
    while (places > 0 && digits % 10 == 0) digits /= 10, places--;
    for (; digits > 0 || count <= places; digits /= 10) text[count++] = (char)('0' + digits % 10);
    while (count > 0) {
        if (count == places) *out++ = '.';
        *out++ = text[--count];
    }
    *out = '\0';
    return out;
}

/* A decimal of up to 15 digits that gives this double is the nearest one of 15 digits: fewer need not be tried. */
static char *write_middle(char *out, double value)
{
    const scaled s = scale(fabs(value));
    uint64_t digits = nearest(&s, 100);
    if (!is_nearest(&s, digits)) digits = nearest(&s, 10);
    if (!is_nearest(&s, digits)) digits = nearest(&s, 1);
    if (value < 0) *out++ = '-';
    return write_digits(out, digits, s.places);
}

/* ---- any number ---- */

/* Below DBL_MIN fewer than 15 digits may be enough. */
static char *write_real(char out[REPORT_NUMBER], double value)
{
    for (int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG; digits <= DIGITS; digits++) {
        snprintf(out, REPORT_NUMBER, "%.*g", digits, value);
        if (reads_back(out, value)) break;
    }
    return out + strlen(out);
}

char *report_text_of_number(char out[REPORT_NUMBER], double value)
{
    const double size = fabs(value);
    out[0] = '\0';
    if (isnan(value)) return out;
    if (size < 1e15 && value == floor(value)) return write_whole(out, value); /* the usual case of costs */
    return size > 1e-4 && size < 1e15 ? write_middle(out, value) : write_real(out, value);
}

void report_text_number(FILE *out, double value)
{
    char text[REPORT_NUMBER];
    report_text_of_number(text, value);
    fputs(text, out);
}

/* Nothing that a CSV file or a spreadsheet takes for more than text. */
static bool is_plain(const char *text)
{
    if (strchr("=+-@", *text) != NULL) return false;
    while (*text >= 0x20 && *text != 0x7f && *text != ',' && *text != '"') text++;
    return *text == '\0';
}

void report_text_csv(FILE *out, const char *text)
{
    if (is_plain(text)) { /* nearly always: a row for each of many points */
        fputs(text, out);
        return;
    }
    const bool quoted = strpbrk(text, ",\"") != NULL;
    if (quoted) fputc('"', out);
    if (*text != '\0' && strchr("=+-@", *text) != NULL && text[1] != '\0') fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
    if (quoted) fputc('"', out);
}

void report_text_gnuplot(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') fputc('\'', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
    }
}

/* Bytes of the UTF-8 character that begins here; 0: it is none. */
static int character_bytes(const unsigned char *at)
{
    const int bytes = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : 0;
    for (int i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    if (bytes == 3 && ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0))) return 0;
    return bytes;
}

void report_text_json(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        const int bytes = character_bytes(at);
        if (bytes == 0)
            fputc('?', out);
        else if (bytes == 1 && (*at < 0x20 || strchr("\"\\<>&", *at) != NULL))
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            fwrite(at, 1, (size_t)bytes, out);
        at += bytes > 0 ? bytes : 1;
    }
}

void report_text_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (strchr("<>&\"'", c) != NULL)
            fprintf(out, "&#%u;", (unsigned)c);
        else
            fputc(c < 0x20 ? ' ' : c, out);
    }
}
