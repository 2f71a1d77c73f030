// Linked into every program that is built with AddressSanitizer: what it must leave alone.
//
// wasmtime handles traps by signals of its own, so those are its. Frames stay on the stack they are
// on: the engine copies stacks, and moves from one to another.
extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:use_sigaltstack=0:"
         "detect_stack_use_after_return=0";
}
