#include "engine/self_check.h"

#include <string.h>
#include <sys/mman.h>

#include <thread>
#include <utility>

#include "engine/context.h"
#include "engine/slot.h"

namespace cloche::engine {
namespace {

constexpr uint8_t kGuest[] = {
#include "engine/self_check_guest.inc"
};

// What $act of the guest does.
enum Action : int32_t {
  kGoOn,
  kTrap,
  kOutside,
  kDivision,
  kInteger,
  kConversion,
  kOverflow,
  kNullCall,
  kSignature,
  kThrow,
  kSpin,
  kFull,
  kJump,
  kReturn = 99,
};

constexpr int32_t kAtBottom = 1;      // the stop below the guest's frames
constexpr int32_t kInitialByte = 42;  // of the guest's data

Error failed(const std::string& what) { return make_error(Code::kUnsupported, "%s", what.c_str()); }

}  // namespace

struct SelfCheck::Process {
  std::unique_ptr<Context> context;
  int32_t answer = 0;
  int32_t stopped = 0;  // the argument of the last t.stop

  ContextImpl& impl() { return static_cast<ContextImpl&>(*context); }

  static void on_stop(void*, Call& call, Value* values) noexcept {
    static_cast<Process*>(call.context().user())->stopped = values[0].i32;
    call.suspend();
  }
  static void on_answer(void*, Call& call, Value* values) noexcept {
    values[0].i32 = static_cast<Process*>(call.context().user())->answer;
  }
};

std::span<const uint8_t> self_check_guest() { return kGuest; }

Status test_host_memory(const PageScanner& scanner) {
  constexpr uint64_t kSize = 64 * kPageSize;
  auto memory = TRY(SlotMemory::create(scanner));
  auto file = TRY(LayerFile::create());
  auto layer = TRY(Layer::create(file, Layer::Kind::kBase));
  const uint8_t byte[] = {7};
  TRY(layer->write(5 * kPageSize, byte));
  layer->file_end = 6 * kPageSize;
  TRY(memory->reset(layer, kSize));
  Ref<AddressSpace> first = memory->add(layer);
  Ref<AddressSpace> second = memory->add(layer);
  Status result = [&]() -> Status {
    TRY(memory->make_resident(first.get()));
    uint8_t* base = memory->base();
    if (base[5 * kPageSize] != 7) return failed("a private mapping does not show its file");
    base[3 * kPageSize] = 1;
    base[4 * kPageSize] = 1;
    base[kSize - 1] = 1;
    std::vector<PageRun> runs;
    scanner.private_pages(base, kSize, &runs);
    if (runs.size() != 2 || runs[0].offset != 3 * kPageSize || runs[0].size != 2 * kPageSize ||
        runs[1].offset != kSize - kPageSize) {
      return failed("the page scan does not find the written pages");
    }
    TRY(memory->make_resident(second.get()));
    if (base[3 * kPageSize] != 0 || base[5 * kPageSize] != 7 || base[kSize - 1] != 0) {
      return failed("moving pages away (MREMAP_DONTUNMAP, Linux 5.13) does not work");
    }
    TRY(memory->grow(2 * kSize));
    base[2 * kSize - 1] = 3;
    TRY(memory->make_resident(first.get()));
    if (base[3 * kPageSize] != 1 || base[kSize - 1] != 1 || base[2 * kSize - 1] != 0) {
      return failed("moving pages back does not work");
    }
    return ok_status();
  }();
  memory->release(first.get());
  memory->release(second.get());
  return result;
}

Result<std::unique_ptr<SelfCheck>> SelfCheck::create(const std::string& cache_dir, Extent extent) {
  constexpr ValueType kI32 = ValueType::kI32;
  EngineOptions options;
  options.cache_dir = cache_dir;
  // Only the thorough tests need ticks, and a thread is not free.
  if (extent == Extent::kQuick) options.tick = std::chrono::microseconds(0);
  options.host_functions = {
      HostFunction{"t", "stop", {kI32}, {}, Process::on_stop, nullptr},
      HostFunction{"t", "answer", {}, {kI32}, Process::on_answer, nullptr},
  };
  std::unique_ptr<SelfCheck> test(
      new SelfCheck(TRY(EngineImpl::create_untested(std::move(options)))));
  test->module_ = TRY(test->engine_->load(kGuest, {}));
  return test;
}

SelfCheck::SelfCheck(std::unique_ptr<EngineImpl> engine) : engine_(std::move(engine)) {
  PoolOptions options;
  options.env = this;
  options.should_yield = [](void* env) noexcept { return static_cast<SelfCheck*>(env)->yield_; };
  pool_ = engine_->create_pool(options);
}

SelfCheck::~SelfCheck() = default;

Result<std::unique_ptr<SelfCheck::Process>> SelfCheck::start(int32_t depth) {
  auto process = std::make_unique<Process>();
  process->context = TRY(pool_->start(module_, process.get()));
  TRY(expect_stop(*process, depth, kAtBottom));
  return process;
}

Result<std::unique_ptr<SelfCheck::Process>> SelfCheck::fork(Process& process) {
  auto child = std::make_unique<Process>();
  child->context = TRY(process.context->fork());
  child->context->set_user(child.get());
  return child;
}

Status SelfCheck::expect_stop(Process& process, int32_t answer, int32_t code) {
  process.answer = answer;
  process.stopped = -1;
  Stop stop = process.context->run();
  if (stop.reason == Stop::Reason::kTrapped) return failed("a context trapped: " + stop.message);
  if (stop.reason != Stop::Reason::kSuspended || process.stopped != code) {
    return failed("a context stopped with " + std::to_string(process.stopped) + " in place of " +
                  std::to_string(code));
  }
  return ok_status();
}

Status SelfCheck::expect_trap(Process& process, int32_t action, TrapKind kind) {
  process.answer = action;
  Stop stop = process.context->run();
  if (stop.reason != Stop::Reason::kTrapped || stop.trap != kind) {
    return failed("trap " + std::to_string(action) + " was not seen as one");
  }
  return ok_status();
}

Status SelfCheck::expect_return(Process& process) {
  process.answer = kReturn;
  if (process.context->run().reason != Stop::Reason::kReturned) {
    return failed("a context did not return");
  }
  return ok_status();
}

Status SelfCheck::quick() {
  TRY(layouts_agree());
  return fork_in_recursion(20);
}

Status SelfCheck::layouts_agree() {
  auto first = TRY(start(0));
  auto second = TRY(start(3));
  const Slot& a = first->impl().slot();
  const Slot& b = second->impl().slot();
  if (a.layout().split_offset(a.stack()) != b.layout().split_offset(b.stack()) ||
      a.layout().exit_frame_offset(a.stack()) != b.layout().exit_frame_offset(b.stack())) {
    return failed("two slots have stacks of different layout");
  }
  return ok_status();
}

// Parent and child go different ways from the same frames; a second child is dropped there; the
// child then traps and the parent returns.
Status SelfCheck::fork_in_recursion(int32_t depth) {
  auto parent = TRY(start(depth));
  auto child = TRY(fork(*parent));
  auto dropped = TRY(fork(*parent));
  TRY(expect_stop(*parent, 3, 3003));
  TRY(expect_stop(*child, 5, 5005));
  dropped.reset();
  TRY(expect_stop(*parent, kGoOn, kInitialByte + 3));
  TRY(expect_trap(*child, kTrap, TrapKind::kUnreachable));
  TRY(expect_stop(*parent, kGoOn, kInitialByte + 3));
  return expect_return(*parent);
}

Status SelfCheck::nested_forks() {
  auto parent = TRY(start(5));
  auto child = TRY(fork(*parent));
  auto grandchild = TRY(fork(*child));
  TRY(expect_stop(*grandchild, 1, 1001));
  auto great = TRY(fork(*grandchild));
  parent.reset();
  TRY(expect_stop(*child, 2, 2002));
  TRY(expect_stop(*great, kGoOn, kInitialByte + 1));
  grandchild.reset();
  TRY(expect_stop(*great, kGoOn, kInitialByte + 1));
  return expect_stop(*child, kGoOn, kInitialByte + 2);
}

Status SelfCheck::clones() {
  auto parent = TRY(start(5));
  auto thread = std::make_unique<Process>();
  thread->context = TRY(parent->context->clone(8, 0));  // the guest's sum starts at 8 there
  thread->context->set_user(thread.get());
  TRY(expect_stop(*parent, 3, 3003));
  return expect_stop(*thread, 4, 7012);  // memory 3 + 4, sum 8 + 4
}

// Between two stops of one context, no word of the stack's head may change but the two that
// StackLayout knows.
Status SelfCheck::head_stays() {
  auto process = TRY(start(1));
  auto original = TRY(fork(*process));
  Slot& slot = process->impl().slot();
  auto* begin = reinterpret_cast<const uint64_t*>(slot.layout().split());
  auto* end = reinterpret_cast<const uint64_t*>(slot.stack().top() - 0x10);
  std::vector<uint64_t> head(begin, end);
  std::vector<std::unique_ptr<Process>> children;
  for (int turn = 0; turn < 50; ++turn) {
    children.push_back(TRY(fork(*original)));
    TRY(expect_stop(*children.back(), turn, turn * 1001));
    TRY(expect_stop(*process, turn == 0 ? 1 : kGoOn, turn == 0 ? 1001 : kInitialByte + 1));
    for (const uint64_t* word = begin; word < end; ++word) {
      const bool known =
          word == slot.layout().exit_frame_word() || word == slot.layout().exit_address_word();
      const uint64_t before = head[static_cast<size_t>(word - begin)];
      if (!known && *word != before) {
        return failed("a word of the stack's head differs between contexts");
      }
    }
  }
  return ok_status();
}

Status SelfCheck::traps() {
  const std::pair<Action, TrapKind> kinds[] = {
      {kTrap, TrapKind::kUnreachable},         {kOutside, TrapKind::kMemoryOutOfBounds},
      {kDivision, TrapKind::kDivisionByZero},  {kInteger, TrapKind::kIntegerOverflow},
      {kConversion, TrapKind::kBadConversion}, {kOverflow, TrapKind::kStackOverflow},
      {kNullCall, TrapKind::kBadIndirectCall}, {kSignature, TrapKind::kBadIndirectCall},
      {kThrow, TrapKind::kUncaughtException},
  };
  auto parent = TRY(start(7));
  for (auto [action, kind] : kinds) {
    auto child = TRY(fork(*parent));
    TRY(expect_stop(*child, 2, 2002));
    TRY(expect_trap(*child, action, kind));
    auto sibling = TRY(fork(*parent));
    TRY(expect_stop(*sibling, 4, 4004));
    TRY(expect_return(*sibling));
  }
  return expect_stop(*parent, 6, 6006);
}

Status SelfCheck::preemption() {
  auto parent = TRY(start(2));
  auto child = TRY(fork(*parent));
  TRY(expect_stop(*child, 0, 0));
  child->answer = kSpin;
  yield_ = true;
  for (int turn = 0; turn < 3; ++turn) {
    if (child->context->run().reason != Stop::Reason::kPreempted) {
      yield_ = false;
      return failed("a loop was not preempted");
    }
    if (turn == 0) TRY(expect_stop(*parent, 1, 1001));
  }
  yield_ = false;
  child->context->set_thread_pointer(1);  // ends the loop
  return expect_stop(*child, kSpin, kInitialByte);
}

Status SelfCheck::migration() {
  auto parent = TRY(start(9));
  auto child = TRY(fork(*parent));
  Status result = ok_status();
  std::thread([&] { result = expect_stop(*child, 1, 1001); }).join();
  TRY(result);
  TRY(expect_stop(*parent, 2, 2002));
  std::thread([&] { result = expect_trap(*child, kOutside, TrapKind::kMemoryOutOfBounds); }).join();
  TRY(result);
  return expect_stop(*parent, kGoOn, kInitialByte + 2);
}

Status SelfCheck::jumps() {
  auto parent = TRY(start(4));
  auto child = TRY(fork(*parent));
  TRY(expect_stop(*child, 1, 1001));
  TRY(expect_stop(*parent, 2, 2002));
  for (int turn = 0; turn < 20; ++turn) {
    TRY(expect_stop(*child, kJump, kInitialByte + 1));
    TRY(expect_stop(*parent, kJump, kInitialByte + 2));
  }
  return ok_status();
}

// To the last byte of the memory, and one further.
Status SelfCheck::fills() {
  auto process = TRY(start(0));
  TRY(expect_stop(*process, 0, 0));
  TRY(process->context->grow_memory(5 * kWasmPage));
  TRY(expect_trap(*process, kFull, TrapKind::kMemoryOutOfBounds));
  MemoryView memory = process->context->memory();
  if (memory.size != 5 * kWasmPage || memory.data[memory.size - 1] != 1) {
    return failed("the last byte of the memory cannot be filled");
  }
  return ok_status();
}

std::vector<Finding> SelfCheck::thorough() {
  const std::pair<const char*, Status (SelfCheck::*)()> tests[] = {
      {"stack layout", &SelfCheck::layouts_agree},
      {"stack head", &SelfCheck::head_stays},
      {"nested forks", &SelfCheck::nested_forks},
      {"threads", &SelfCheck::clones},
      {"traps", &SelfCheck::traps},
      {"preemption", &SelfCheck::preemption},
      {"migration", &SelfCheck::migration},
      {"exceptions", &SelfCheck::jumps},
      {"memory edge", &SelfCheck::fills},
  };
  std::vector<Finding> findings;
  auto add = [&findings](const std::string& name, const Status& status) {
    findings.push_back({name, status.ok(), status.ok() ? "" : status.error().message});
  };
  for (int32_t depth : {0, 20, 2'000}) {
    add("fork below " + std::to_string(depth) + " frames", fork_in_recursion(depth));
  }
  for (auto [name, test] : tests) add(name, (this->*test)());
  return findings;
}

}  // namespace cloche::engine
