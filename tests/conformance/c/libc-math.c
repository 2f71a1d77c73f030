// Floating point: exact results, rounding, classification, integer conversions.
#include <fenv.h>
#include <float.h>
#include <math.h>

#include "case.h"
int main(void) {
  volatile double x = 2.0, y = 10.0, z = 0.0;
  say("%.17g %.17g %.17g", sqrt(x), y / 3, x * y + 0.1);
  say("%g %g %g %g", floor(-2.5), ceil(-2.5), trunc(-2.5), round(-2.5));
  say("%g %g %g", rint(2.5), rint(3.5), nearbyint(-0.5));
  say("%g %g %g", fmod(7.5, 2), remainder(7.5, 2), fma(2, 3, 4));
  say("%d %d %d %d", isinf(1 / z) != 0, isnan(z / z) != 0, signbit(-z) != 0, isfinite(x) != 0);
  say("%g %g %g", fmax(1, 2), fmin(1, 2), fdim(5, 3));
  say("%g %d", frexp(48, (int[]){0}), ilogb(48));
  say("%g %g", ldexp(0.75, 4), scalbn(1, -3));
  say("%g %g", copysign(3, -1), nextafter(1, 2) - 1);
  say("%.10f %.10f %.10f", sin(1), cos(1), tan(1));
  say("%.10f %.10f %.10f", exp(1), log(10), pow(2, 0.5));
  say("%.10f %.10f", atan2(1, -1), cbrt(27));
  say("%lld %ld %d", llround(2.5), lrint(2.5), (int)-2.9);
  say("%g %g", DBL_MAX, DBL_MIN);
  say("%.9g %.9g", (double)(float)0.1, (double)FLT_EPSILON);
  say("%u %lld", (unsigned)3.99e9, (long long)9e15);
  double whole;
  double part = modf(-3.25, &whole);
  say("%g %g", whole, part);
  say("%.6f %.6f %.6f", tgamma(5), erf(0.5), hypot(3, 4));
  return 0;
}
