// sscanf and friends.
#include "case.h"
int main(void) {
  int a, b, c, n;
  unsigned u;
  long long ll;
  double d;
  float f;
  char s[32], t[32], ch;
  n = sscanf("12 -34 0x1f", "%d %d %i", &a, &b, &c);
  say("%d: %d %d %d", n, a, b, c);
  n = sscanf("3.5e2 1.25 rest of it", "%lf %f %s", &d, &f, s);
  say("%d: %g %g %s", n, d, f, s);
  n = sscanf("key=value;x", "%[^=]=%[a-z];%c", s, t, &ch);
  say("%d: %s %s %c", n, s, t, ch);
  n = sscanf("123456", "%3d%3d", &a, &b);
  say("%d: %d %d", n, a, b);
  n = sscanf("abc", "%d", &a);
  say("%d", n);
  n = sscanf("", "%d", &a);
  say("%d", n);
  n = sscanf("7 skip 9", "%d %*s %d%n", &a, &b, &c);
  say("%d: %d %d at %d", n, a, b, c);
  n = sscanf("ffffffff 777 9223372036854775807", "%x %o %lld", &u, (unsigned*)&a, &ll);
  say("%d: %x %d %lld", n, u, a, ll);
  n = sscanf("  x", " %c", &ch);
  say("%d: %c", n, ch);
  n = sscanf("10%", "%d%%", &a);
  say("%d: %d", n, a);
  n = sscanf("inf nan -0", "%lf %f %d", &d, &f, &a);
  say("%d: %f %d %d", n, d, f != f, a);
  FILE* file = fopen("f", "w+");
  fprintf(file, "1 2\n3 x\n");
  rewind(file);
  while ((n = fscanf(file, "%d", &a)) == 1) say("read %d", a);
  say("stopped with %d at %c", n, fgetc(file));
  say("%ld %ld %ld", strtol("  -0x7fz", NULL, 0), strtol("zz", NULL, 36), strtol("08", NULL, 0));
  errno = 0;
  ll = strtoll("99999999999999999999", NULL, 10);
  say("%lld %s", ll, error_name(errno));
  char* end;
  d = strtod("1.5e+x", &end);
  say("%g [%s]", d, end);
  say("%g %g %g", strtod("0x1.8p3", NULL), strtod(".5", NULL), strtod("1e400", NULL));
  return 0;
}
