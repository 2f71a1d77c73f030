// Thread-local variables for threads that share an ordinary memory.
//
// The compiler's own emulation of them is not implemented for wasm (the backend makes them plain
// globals), so it is done here, on LLVM's representation, in the form that the compiler runtime's
// `emutls` has: a control block __emutls_v.NAME {size, alignment, index, initial value} for each
// variable, and a call of __emutls_get_address (guest/libc/src/wasm32/emutls.c) for each access.
#pragma once

#include "llvm/IR/PassManager.h"

namespace cloche {

struct LowerThreadLocal : llvm::PassInfoMixin<LowerThreadLocal> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }  // also at -O0
};

}  // namespace cloche
