#include "core/base/text.h"

#include <stdint.h>

/* Length of the UTF-8 character at `at` (1 to 4) and its number; 0 when the bytes are not one (RFC 3629). */
static int decode(uint32_t *number, const unsigned char *at)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    if (length == 0) return 0;
    uint32_t value = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0; /* also at the end of the text */
        value = value << 6 | (at[i] & 0x3fu);
    }
    *number = value;
    return value >= least[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff) ? length : 0;
}

static bool is_shown(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
    bool direction =
        c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !control && !direction;
}

static void clean(char *text, bool keep_lines)
{
    for (char *at = text; *at != '\0';) {
        uint32_t number = 0;
        int length = decode(&number, (const unsigned char *)at);
        bool good = length > 0 && (is_shown(number) || (keep_lines && (number == '\n' || number == '\t')));
        for (int i = 0; !good && i < (length > 0 ? length : 1); i++) at[i] = '?';
        at += length > 0 ? length : 1;
    }
}

void text_printable(char *text)
{
    clean(text, false);
}

void text_printable_lines(char *text)
{
    clean(text, true);
}

bool text_is_printable(const char *text)
{
    for (const char *at = text; *at != '\0';) {
        uint32_t number = 0;
        int length = decode(&number, (const unsigned char *)at);
        if (length == 0 || !is_shown(number)) return false;
        at += length;
    }
    return true;
}
