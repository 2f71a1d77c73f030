// What exceptions in guest programs need beside LLVM's libraries. One file, since whoever throws or
// catches refers to the tag, and must get the rest with it.
#include <stdint.h>
#include <unwind.h>

#include <exception>

// The tag that every C++ exception is thrown with: one pointer, the exception object. compiler-rt
// has it in source, but Debian's build of it leaves it out.
asm(".tagtype __cpp_exception i32\n"
    ".globl __cpp_exception\n"
    "__cpp_exception:\n");

namespace {

// What _Unwind_GetIP, _Unwind_GetLanguageSpecificData and _Unwind_SetGR of LLVM's libunwind take a
// context for (Unwind-wasm.c).
struct LandingPad {
  uintptr_t index;
  uintptr_t table;
  uintptr_t selector;
};

}  // namespace

extern "C" {

_Unwind_Reason_Code __gxx_personality_wasm0(int version, _Unwind_Action actions,
                                            _Unwind_Exception_Class exception_class,
                                            _Unwind_Exception* exception, _Unwind_Context* context);

// Which type of landing pad `index` of a function's table the exception fits: its number, or 0.
// Called by code at catch clauses (guest/sdk/plugin/landing_pads.h). libunwind's own
// _Unwind_CallPersonality does the same through one variable that all threads would share.
int __cloche_select_catch(_Unwind_Exception* exception, uintptr_t index,
                          const void* table) noexcept {
  LandingPad pad{index, reinterpret_cast<uintptr_t>(table), 0};
  __gxx_personality_wasm0(1, _UA_SEARCH_PHASE, exception->exception_class, exception,
                          reinterpret_cast<_Unwind_Context*>(&pad));
  return static_cast<int>(pad.selector);
}

// Runs main and the functions of threads (crt1.c, clone.c). The machine would end a process whose
// exception nobody catches, but the program has a word in that: its terminate handler.
int __cloche_guard(int (*run)(void*), void* argument) {
  try {
    return run(argument);
  } catch (...) {
    std::terminate();
  }
}

}  // extern "C"
