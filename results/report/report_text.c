#include "results/report/report_text.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"

/* A whole number of at most 15 digits: what snprintf does, without its machinery. */
static void write_whole(char out[REPORT_NUMBER], double value)
{
    char digits[16];
    int count = 0;
    uint64_t rest = (uint64_t)fabs(value);
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (signbit(value)) *out++ = '-';
    while (count > 0) *out++ = digits[--count];
    *out = '\0';
}

void report_text_of_number(char out[REPORT_NUMBER], double value)
{
    double read;
    out[0] = '\0';
    if (value == floor(value) && fabs(value) < 1e15) { /* the usual case of costs */
        write_whole(out, value);
        return;
    }
    /* A decimal of up to DBL_DIG digits that gives this double comes back when DBL_DIG are printed, and %g leaves out
     * its zeros: fewer need not be tried. Numbers below DBL_MIN have no such promise. */
    for (int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG && !isnan(value); digits++) {
        snprintf(out, REPORT_NUMBER, "%.*g", digits, value);
        if (number_real(&read, out, -DBL_MAX, DBL_MAX) && read == value) break;
    }
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
