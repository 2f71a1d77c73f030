// The C locale: classes, conversion, collation, wide characters of ASCII.
#include <ctype.h>
#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include "case.h"
int main(void) {
  say("%s", setlocale(LC_ALL, "C"));
  unsigned sum = 0;
  for (int c = 0; c < 128; c++)
    sum = sum * 31 +
          (unsigned)(!!isalpha(c) + 2 * !!isdigit(c) + 4 * !!isspace(c) + 8 * !!ispunct(c) +
                     16 * !!isprint(c) + 32 * !!isupper(c) + 64 * !!iscntrl(c) +
                     128 * !!isxdigit(c)) +
          (unsigned)toupper(c) + (unsigned)tolower(c);
  say("%08x", sum);
  for (int c = 128; c < 256; c++) sum += (unsigned)!!isalpha(c) + (unsigned)!!isprint(c);
  say("%08x", sum);
  say("%d %d", strcoll("a", "B") > 0, strcoll("Z", "a") < 0);
  struct lconv* l = localeconv();
  say("[%s] [%s]", l->decimal_point, l->thousands_sep);
  wchar_t w[32];
  say("mbstowcs %zu", mbstowcs(w, "plain", 32));
  say("wcslen %zu towupper %lc", wcslen(w), towupper(w[0]));
  char b[32];
  say("wcstombs %zu %s", wcstombs(b, L"back", 32), b);
  say("%d %d", iswalpha(L'x') != 0, iswdigit(L'x') != 0);
  say("wcscmp %d", wcscmp(L"a", L"b") < 0);
  say("swprintf %d", swprintf(w, 32, L"%d-%ls", 5, L"x"));
  say("wcstol %ld", wcstol(L"0x10", NULL, 0));
  return 0;
}
