// Exceptions: types, rethrow, nested, destructors, catch all, what().
#include <memory>
#include <stdexcept>
#include <string>

#include "case.h"
struct Noisy {
  const char* name;
  explicit Noisy(const char* n) : name(n) {}
  ~Noisy() { say("destroyed %s", name); }
};
struct Own {
  int value;
};
static void thrower(int kind) {
  Noisy guard("guard");
  if (kind == 0) throw std::runtime_error("runtime");
  if (kind == 1) throw Own{42};
  if (kind == 2) throw 7;
  if (kind == 3) throw std::string("string");
  if (kind == 4) {
    try {
      throw std::out_of_range("inner");
    } catch (const std::logic_error& e) {
      say("caught %s, rethrowing", e.what());
      throw;
    }
  }
  if (kind == 5) (void)std::string("abc").at(10);
  if (kind == 6) throw "literal";
  say("no throw");
}
int main() {
  for (int kind = 0; kind < 8; kind++) {
    try {
      Noisy outer("outer");
      thrower(kind);
    } catch (const std::runtime_error& e) {
      say("runtime_error %s", e.what());
    } catch (const Own& o) {
      say("own %d", o.value);
    } catch (int i) {
      say("int %d", i);
    } catch (const std::string& s) {
      say("string %s", s.c_str());
    } catch (const std::out_of_range& e) {
      say("out_of_range");
    } catch (...) {
      say("something else");
    }
  }
  return 0;
}
