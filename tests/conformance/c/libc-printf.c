// printf: integers, floats, widths, precision, positions, strings, counts.
#include <inttypes.h>
#include <wchar.h>

#include "case.h"
int main(void) {
  printf("%d %i %u %o %x %X %#x %#o %+d % d %05d %-5d| %5d %.3d\n", -1, 2, 3u, 8, 255, 255, 255, 8,
         5, 5, 42, 42, 42, 7);
  printf("%ld %lld %hd %hhd %zu %jd %td\n", -1L, 1LL << 62, (short)-2, (signed char)-3,
         sizeof(char), (intmax_t)4, (ptrdiff_t)5);
  printf("%" PRIu64 " %" PRId64 " %" PRIx32 "\n", UINT64_MAX, INT64_MIN, UINT32_MAX);
  printf("%f %.2f %e %.3E %g %G %g %g\n", 3.14159, 2.5, 12345.678, 0.00012345, 0.0001, 1e-10,
         100000.0, 1e6);
  printf("%10.3f|%-10.3f|%+.1f|%010.2f|%#.0f|%.0f\n", 3.14159, 3.14159, 2.0, -2.5, 3.0, 2.5);
  printf("%a %A %.2a\n", 1.0, 255.5, 3.14159);
  printf("%f %F %g %f\n", 1.0 / 0.0, -1.0 / 0.0, -0.0, 1e300);
  printf("%s|%10s|%-10s|%.3s|%c|%%|%5c\n", "str", "right", "left", "truncate", 'c', 'd');
  printf("%*d|%-*d|%.*f\n", 5, 1, 5, 2, 2, 3.14159);
  printf("%2$s %1$s %2$s\n", "one", "two");
  int n = 0;
  printf("12345%n67\n", &n);
  printf("%d %p %p\n", n, (void*)0x1234, (void*)0xabc);
  printf("%.20f\n%.17g %.17g\n%.40g\n", 0.1, 0.1, 1.0 / 3, 1e23);
  printf("%ls|%lc\n", L"wide", (wint_t)L'w');
  char b[10];
  printf("%d [%s]\n", snprintf(b, sizeof b, "%s", "longer than ten"), b);
  printf("%d\n", snprintf(NULL, 0, "%d", 123456));
  printf("%Lf %Le %Lg\n", 3.25L, 1e10L, 0.5L);
  return 0;
}
