// Order of constructors and destructors, function statics, over fork and exit.
#include "case.h"
struct Tracked {
  const char* name;
  explicit Tracked(const char* n) : name(n) { say("made %s", name); }
  ~Tracked() { say("gone %s", name); }
};
static Tracked first("first"), second("second");
static Tracked& lazy() {
  static Tracked t("lazy");
  return t;
}
int main() {
  say("main");
  lazy();
  lazy();
  pid_t child = fork();
  if (child == 0) exit(2);
  reap("child", child);
  Tracked local("local");
  return 3;
}
