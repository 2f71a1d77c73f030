// How long the compiler can work on one function before it can be stopped, and how much memory it
// can take until then: compile_bench [SHAPE [SIZE]]. Makes functions that are costly in different
// ways, each as large as size.rs lets it be (or of SIZE, if it lets that pass), and compiles them
// without a limit. Prints the function's size, the time for all, the longest time between two
// questions, the most memory, and the most that it grew between two questions.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/runtime.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {
namespace {

using Bytes = std::vector<uint8_t>;

enum Opcode : uint8_t {
  kBlock = 0x02,
  kLoop = 0x03,
  kIf = 0x04,
  kElse = 0x05,
  kEnd = 0x0b,
  kBr = 0x0c,
  kBrIf = 0x0d,
  kBrTable = 0x0e,
  kCall = 0x10,
  kCallIndirect = 0x11,
  kDrop = 0x1a,
  kTryTable = 0x1f,
  kLocalGet = 0x20,
  kLocalSet = 0x21,
  kLocalTee = 0x22,
  kLoad = 0x28,
  kStore = 0x36,
  kI32Const = 0x41,
  kI32Add = 0x6a,
  kI32DivU = 0x6e,
  kTruncate = 0xaa,  // i32.trunc_f64_s
  kConvert = 0xb7,   // f64.convert_i32_s
};
constexpr uint8_t kEmpty = 0x40, kI32 = 0x7f, kV128 = 0x7b;

void put(Bytes& out, std::initializer_list<int> bytes) {
  for (const int byte : bytes) out.push_back(static_cast<uint8_t>(byte));
}

void number(Bytes& out, uint64_t value) {
  do {
    const uint8_t low = value & 0x7f;
    value >>= 7;
    out.push_back(static_cast<uint8_t>(low | (value ? 0x80 : 0)));
  } while (value);
}

void signed_number(Bytes& out, int64_t value) {
  for (;;) {
    const uint8_t low = value & 0x7f;
    value >>= 7;
    const bool last = (value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40));
    out.push_back(static_cast<uint8_t>(low | (last ? 0 : 0x80)));
    if (last) return;
  }
}

void op(Bytes& out, Opcode opcode, uint64_t operand) {
  out.push_back(opcode);
  number(out, operand);
}

void constant(Bytes& out, int64_t value) {
  out.push_back(kI32Const);
  signed_number(out, value);
}

void table(Bytes& out, uint64_t targets) {
  op(out, kBrTable, targets);
  for (uint64_t i = 0; i <= targets; ++i) number(out, i < targets ? i : 0);
}

// The functions and types that bodies may name.
enum Function : uint8_t { kStart, kNothing, kGivesMany, kTakesMany };
enum Type : uint8_t { kNone, kNone_Many, kMany_None };
constexpr int kMany = 1000;  // the most that the format allows

struct Body {
  uint64_t locals = 0;
  uint8_t local_type = kI32;
  Bytes code = {};
};

void section(Bytes& module, uint8_t id, const Bytes& content) {
  module.push_back(id);
  number(module, content.size());
  module.insert(module.end(), content.begin(), content.end());
}

void add_types(Bytes& module) {
  Bytes types;
  number(types, 3);
  put(types, {0x60, 0, 0});
  for (const bool gives : {true, false}) {
    types.push_back(0x60);
    for (const bool results : {false, true}) {
      const int count = results == gives ? kMany : 0;
      number(types, static_cast<uint64_t>(count));
      types.insert(types.end(), static_cast<size_t>(count), kI32);
    }
  }
  section(module, 1, types);
}

void add_function(Bytes& code, const Body& body) {
  Bytes function;
  if (body.locals > 0) {
    number(function, 1);
    number(function, body.locals);
    function.push_back(body.local_type);
  } else {
    number(function, 0);
  }
  function.insert(function.end(), body.code.begin(), body.code.end());
  function.push_back(kEnd);
  number(code, function.size());
  code.insert(code.end(), function.begin(), function.end());
}

Bytes module_with(const Body& body) {
  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  add_types(module);
  section(module, 3, {5, kNone, kNone, kNone_Many, kMany_None, kNone});
  section(module, 4, {1, 0x70, 0, 1});  // a table of one function
  section(module, 5, {1, 0, 1});        // a page of memory
  section(module, 13, {1, 0, kNone});   // an exception's tag
  Bytes exports = {1, 6};
  for (const char c : std::string_view("_start")) exports.push_back(static_cast<uint8_t>(c));
  put(exports, {0, kStart});
  section(module, 7, exports);
  Bytes code = {};
  number(code, 5);
  for (int i = 0; i < 2; ++i) add_function(code, {});
  add_function(code, {.code = {0x00}});  // unreachable
  add_function(code, {});
  add_function(code, body);
  section(module, 10, code);
  return module;
}

// --- the shapes: what is in a body of `size` parts

Body sums(uint64_t size) {
  Body body{.locals = 8};
  for (uint64_t i = 0; i < size; ++i) {
    op(body.code, kLocalGet, i % 8);
    op(body.code, kLocalGet, (i + 3) % 8);
    body.code.push_back(kI32Add);
    op(body.code, kLocalSet, (i + 5) % 8);
  }
  return body;
}

// All of them live at once.
Body stack(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) {
    constant(body.code, static_cast<int64_t>(i % 64));
    put(body.code, {kLoad, 2, 0});
  }
  for (uint64_t i = 1; i < size; ++i) body.code.push_back(kI32Add);
  body.code.push_back(kDrop);
  return body;
}

Body stores(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) {
    constant(body.code, 8);
    constant(body.code, 16);
    put(body.code, {kLoad, 2, 0, kStore, 2, 0});
  }
  return body;
}

Body divisions(uint64_t size) {
  Body body{.locals = 2};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kLocalGet, 0, kLocalGet, 1, kI32DivU, kConvert, kTruncate, kLocalSet, 0});
  }
  return body;
}

// i8x16.shuffle, each with a constant of its own.
Body shuffles(uint64_t size) {
  Body body{.locals = 2, .local_type = kV128};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kLocalGet, 0, kLocalGet, 1, 0xfd, 13});
    for (uint64_t lane = 0; lane < 16; ++lane) {
      body.code.push_back(static_cast<uint8_t>(((i >> lane) * 7 + lane) & 31));
    }
    put(body.code, {kLocalSet, 0});
  }
  return body;
}

Body calls(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) op(body.code, kCall, kNothing);
  return body;
}

Body indirect(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kI32Const, 0, kCallIndirect, kNone, 0});
  return body;
}

// Calls across which many values live.
Body spills(uint64_t size) {
  Body body{.locals = 100};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kLocalSet, static_cast<int>(i % 100)});
    op(body.code, kCall, kNothing);
    put(body.code, {kI32Const, 4, kLocalGet, static_cast<int>((i + 1) % 100), kStore, 2, 0});
  }
  return body;
}

Body many_results(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kBlock, kEmpty, kCall, kGivesMany, kBr, 0, kEnd});
  }
  return body;
}

Body many_parameters(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kCall, kGivesMany, kCall, kTakesMany});
  return body;
}

// Blocks of many results, to which many branches lead.
Body wide_blocks(uint64_t size) {
  Body body{.locals = 1};
  put(body.code, {kBlock, kEmpty, kBlock, kNone_Many, kCall, kGivesMany});
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kLocalGet, 0, kBrIf, 0});
  put(body.code, {kEnd, kBr, 0, kEnd});
  return body;
}

// So many blocks within each other, and a branch to each of them from each of them.
Body switches(uint64_t size) {
  Body body{.locals = 20};
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kBlock, kEmpty});
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kBlock, kEmpty});
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kLocalSet, static_cast<int>(i % 20)});
    op(body.code, kLocalGet, (i + 1) % 20);
    table(body.code, size);
    body.code.push_back(kEnd);
  }
  body.code.insert(body.code.end(), size, kEnd);
  return body;
}

// The same with many locals, all of them changed in each.
Body wide_switches(uint64_t size) {
  Body body{.locals = 200};
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kBlock, kEmpty});
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kI32Const, 4, kLoad, 2, 0});
    for (uint64_t local = 0; local < body.locals; ++local) op(body.code, kLocalTee, local);
    table(body.code, size - i - 1);
    body.code.push_back(kEnd);
  }
  return body;
}

// At the end of each of 40 blocks, to which each of 40 tables leads, the values of all locals meet.
Body meetings(uint64_t size) {
  constexpr uint64_t kBlocks = 40;
  Body body{.locals = size};
  for (uint64_t i = 0; i < kBlocks; ++i) put(body.code, {kBlock, kEmpty});
  for (uint64_t i = 0; i < kBlocks; ++i) {
    put(body.code, {kBlock, kEmpty});
    for (uint64_t local = i % 7; local < size; local += 7) {
      put(body.code, {kI32Const, 4, kLoad, 2, 0});
      op(body.code, kLocalSet, local);
    }
    put(body.code, {kI32Const, 4, kLoad, 2, 0});
    table(body.code, kBlocks);
    body.code.push_back(kEnd);
  }
  for (uint64_t i = 0; i < kBlocks; ++i) {
    body.code.push_back(kEnd);
    for (uint64_t local = 0; local < size; ++local) {
      put(body.code, {kI32Const, 8});
      op(body.code, kLocalGet, local);
      put(body.code, {kStore, 2, 0});
    }
  }
  return body;
}

// 20 loops in a row, in each of which all locals change.
Body changes(uint64_t size) {
  Body body{.locals = size};
  for (int i = 0; i < 20; ++i) {
    put(body.code, {kLoop, kEmpty});
    for (uint64_t local = 0; local < size; ++local) {
      op(body.code, kLocalGet, local);
      put(body.code, {kI32Const, 1, kI32Add});
      op(body.code, kLocalSet, local);
    }
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kBrIf, 0, kEnd});
  }
  return body;
}

// The same in 16 loops within each other, for 1,000 locals, so many times in each.
Body nested_changes(uint64_t size) {
  constexpr int kDepth = 16;
  constexpr uint64_t kLocals = 1000;
  Body body{.locals = kLocals};
  for (int i = 0; i < kDepth; ++i) put(body.code, {kLoop, kEmpty});
  for (int i = 0; i < kDepth; ++i) {
    for (uint64_t change = 0; change < size * kLocals; ++change) {
      op(body.code, kLocalGet, change % kLocals);
      put(body.code, {kI32Const, 1, kI32Add});
      op(body.code, kLocalSet, change % kLocals);
    }
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kBrIf, 0, kEnd});
  }
  return body;
}

// Loops in a row.
Body flat_loops(uint64_t size) {
  Body body{.locals = 20};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kLoop, kEmpty, kLocalGet, static_cast<int>(i % 20), kI32Const, 1, kI32Add});
    put(body.code, {kLocalTee, static_cast<int>(i % 20), kBrIf, 0, kEnd});
  }
  return body;
}

// One table of so many targets.
Body targets(uint64_t size) {
  Body body{.locals = 1};
  put(body.code, {kBlock, kEmpty, kLocalGet, 0});
  op(body.code, kBrTable, size);
  body.code.insert(body.code.end(), size + 1, 0);
  body.code.push_back(kEnd);
  return body;
}

// Many tables of few targets, in a row.
Body tables(uint64_t size) {
  Body body{.locals = 10};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kBlock, kEmpty, kBlock, kEmpty, kBlock, kEmpty});
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kLocalTee, static_cast<int>(i % 10)});
    put(body.code, {kBrTable, 2, 0, 1, 2, kEnd, kEnd, kEnd});
  }
  return body;
}

Body ifs(uint64_t size) {
  Body body{.locals = 10};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kLocalGet, static_cast<int>(i % 10), kIf, kEmpty});
    put(body.code, {kI32Const, 1, kLocalSet, static_cast<int>((i + 1) % 10), kElse});
    put(body.code, {kI32Const, 2, kLocalSet, static_cast<int>((i + 2) % 10), kEnd});
  }
  return body;
}

Body nested_ifs(uint64_t size) {
  Body body{.locals = 10};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kLocalGet, static_cast<int>(i % 10), kIf, kEmpty});
    put(body.code, {kI32Const, 1, kLocalSet, static_cast<int>((i + 1) % 10)});
  }
  body.code.insert(body.code.end(), size, kEnd);
  return body;
}

// Values that live across many blocks.
Body held(uint64_t size) {
  Body body;
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kI32Const, 4, kLoad, 2, 0});
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kI32Const, 8, kLoad, 2, 0, kIf, kEmpty, kCall, kNothing, kEnd});
  }
  for (uint64_t i = 1; i < size; ++i) body.code.push_back(kI32Add);
  body.code.push_back(kDrop);
  return body;
}

// Few locals with values of their own in each of many blocks.
Body wide_ifs(uint64_t size) {
  constexpr int kLocals = 500;
  Body body{.locals = kLocals};
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kIf, kEmpty, kI32Const, 4, kLoad, 2, 0});
    for (int local = 0; local < kLocals; local += 10) {
      op(body.code, kLocalTee, (static_cast<uint64_t>(local) + i) % kLocals);
    }
    put(body.code, {kDrop, kEnd});
  }
  return body;
}

// Nests of 16 loops, in a row, each of them with a way back.
Body loops(uint64_t size) {
  constexpr int kDepth = 16;
  Body body{.locals = 20};
  for (uint64_t i = 0; i < size; ++i) {
    for (int depth = 0; depth < kDepth; ++depth) put(body.code, {kLoop, kEmpty});
    for (int depth = 0; depth < kDepth; ++depth) {
      put(body.code, {kLocalGet, depth % 20, kI32Const, 1, kI32Add, kLocalTee, depth % 20});
      put(body.code, {kBrIf, 0, kEnd});
    }
  }
  return body;
}

// Nests of loops without a way back: each costs the compiler's search for loops a step more.
Body deep_loops(uint64_t size) {
  Body body{.locals = 100};
  for (uint64_t i = 0; i < size; ++i) put(body.code, {kLoop, kEmpty});
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kI32Const, 4, kLoad, 2, 0, kLocalTee, static_cast<int>(i % 100)});
    put(body.code, {kBrIf, 0, kEnd});
  }
  return body;
}

// Calls within a block that catches in many ways.
Body catches(uint64_t size) {
  constexpr uint64_t kCatches = 100;
  Body body;
  put(body.code, {kBlock, kEmpty, kTryTable, kEmpty});
  number(body.code, kCatches);
  for (uint64_t i = 0; i < kCatches; ++i) put(body.code, {0, 0, 0});
  for (uint64_t i = 0; i < size; ++i) op(body.code, kCall, kNothing);
  put(body.code, {kEnd, kEnd});
  return body;
}

// Blocks that catch within each other, and a call in each.
Body nested_catches(uint64_t size) {
  Body body;
  put(body.code, {kBlock, kEmpty});
  for (uint64_t i = 0; i < size; ++i) {
    put(body.code, {kTryTable, kEmpty, 1, 0, 0, 0, kCall, kNothing});
  }
  body.code.insert(body.code.end(), size + 1, kEnd);
  return body;
}

struct Shape {
  const char* name;
  Body (*make)(uint64_t size);
};

constexpr Shape kShapes[] = {
    {"sums", sums},
    {"stack", stack},
    {"stores", stores},
    {"divisions", divisions},
    {"shuffles", shuffles},
    {"calls", calls},
    {"indirect", indirect},
    {"spills", spills},
    {"many_results", many_results},
    {"many_parameters", many_parameters},
    {"wide_blocks", wide_blocks},
    {"switches", switches},
    {"wide_switches", wide_switches},
    {"meetings", meetings},
    {"changes", changes},
    {"nested_changes", nested_changes},
    {"flat_loops", flat_loops},
    {"targets", targets},
    {"tables", tables},
    {"ifs", ifs},
    {"nested_ifs", nested_ifs},
    {"held", held},
    {"wide_ifs", wide_ifs},
    {"loops", loops},
    {"deep_loops", deep_loops},
    {"catches", catches},
    {"nested_catches", nested_catches},
};

// --- measuring

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Meter {
  double last = thread_seconds(), longest = 0;
  uint64_t bytes = 0, most = 0, jump = 0;

  void look(uint64_t now_held) {
    const double now = thread_seconds();
    longest = std::max(longest, now - last);
    last = now;
    most = std::max(most, now_held);
    jump = std::max(jump, now_held - std::min(bytes, now_held));
    bytes = now_held;
  }
  static bool go_on(void* env, uint64_t bytes) {
    static_cast<Meter*>(env)->look(bytes);
    return true;
  }
};

bool accepted(const Bytes& module, CrateBytes& prepared) {
  CrateBytes info, message;
  return cloche_prepare(module.data(), module.size(), 65'535, prepared.out(), info.out(),
                        message.out()) == CLOCHE_PREPARE_GOOD;
}

// The largest size of which size.rs takes the function, but for one part in 64.
uint64_t largest(const Shape& shape) {
  const auto fits = [&shape](uint64_t size) {
    CrateBytes prepared;
    return accepted(module_with(shape.make(size)), prepared);
  };
  uint64_t good = 1, step = 1;
  while (fits(good + step)) {
    good += step;
    step *= 2;
  }
  while (step > good / 64 + 1) {
    step /= 2;
    if (fits(good + step)) good += step;
  }
  return good;
}

void measure(const Shape& shape, uint64_t size, const Runtime& runtime) {
  const Body body = shape.make(size);
  CrateBytes prepared, code, message;
  if (!accepted(module_with(body), prepared)) {
    printf("%-16s %9llu refused\n", shape.name, static_cast<unsigned long long>(size));
    return;
  }
  const double start = thread_seconds();
  Meter meter;
  const int32_t verdict = cloche_compile(runtime.engine(), prepared.data(), prepared.size(),
                                         {&Meter::go_on, &meter}, code.out(), message.out());
  meter.look(meter.bytes);
  printf("%-16s %9llu %9zu %9.2f %9.2f %9.1f %9.1f%s\n", shape.name,
         static_cast<unsigned long long>(size), body.code.size(), meter.last - start, meter.longest,
         static_cast<double>(meter.most) / 1048576, static_cast<double>(meter.jump) / 1048576,
         verdict == CLOCHE_PREPARE_GOOD ? "" : " failed");
  fflush(stdout);
}

int run(std::string_view name, uint64_t size) {
  auto functions = HostFunctions::create({});
  if (!functions.ok()) return 1;
  auto runtime = Runtime::create(**functions, Runtime::Collector::kCounting);
  if (!runtime.ok()) return 1;
  printf("%-16s %9s %9s %9s %9s %9s %9s\n", "", "size", "bytes", "all s", "longest s", "most MiB",
         "jump MiB");
  for (const Shape& shape : kShapes) {
    if (!name.empty() && name != shape.name) continue;
    measure(shape, size > 0 ? size : largest(shape), **runtime);
  }
  return 0;
}

}  // namespace
}  // namespace cloche::engine

int main(int argc, char** argv) {
  return cloche::engine::run(argc > 1 ? argv[1] : "",
                             argc > 2 ? strtoull(argv[2], nullptr, 10) : 0);
}
