// Places inside loops where signal handlers may run.
//
// Handlers run at the end of system calls (guest/libc/src/wasm32/suspend.c). A loop that makes none
// would keep a signal waiting for ever, so loops look at the signal word once a turn: those that
// hold another loop, call a function, look at volatile memory or have no exit. What is left are
// short loops over data, which end by themselves.
#pragma once

#include "llvm/IR/PassManager.h"

namespace cloche {

struct InsertSafepoints : llvm::PassInfoMixin<InsertSafepoints> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
  static bool isRequired() { return true; }
};

}  // namespace cloche
