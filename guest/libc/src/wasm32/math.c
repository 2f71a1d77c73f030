/* Functions that are one instruction of the machine. */
#include <math.h>

#define ONE(name, type, instruction) \
  type name(type x) { return __builtin_##instruction(x); }
#define BOTH(name, instruction) ONE(name, double, instruction) ONE(name##f, float, instruction##f)

BOTH(fabs, fabs)
BOTH(sqrt, sqrt)
BOTH(floor, floor)
BOTH(ceil, ceil)
BOTH(trunc, trunc)
BOTH(rint, rint)
BOTH(nearbyint, nearbyint)

double copysign(double x, double y) { return __builtin_copysign(x, y); }
float copysignf(float x, float y) { return __builtin_copysignf(x, y); }
