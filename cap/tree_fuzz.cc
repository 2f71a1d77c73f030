// Random steps on a derivation tree and on its model, which must agree.
//
// Input: each byte, or each two, is a choice.
#include "cap/test_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t at = 0;
  const auto choose = [data, size, &at](uint32_t below) {
    uint32_t value = 0;
    for (int i = 0; i < (below > 256 ? 2 : 1) && at < size; ++i) value = value << 8 | data[at++];
    return value % below;
  };
  cloche::cap::ModelMachine machine(choose);
  for (int steps = 0; steps < 2000 && at < size; ++steps) machine.step();
  return 0;
}
