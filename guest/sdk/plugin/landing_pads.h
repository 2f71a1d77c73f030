// How a C++ catch clause learns which of its types fits.
//
// WebAssembly catches every C++ exception alike, so code at the catch asks the personality routine.
// clang passes question and answer in a thread-local variable, which it makes so late that
// LowerThreadLocal does not see it: without shared memory it becomes one variable for all threads.
// Here they are the arguments and the result of a call instead (guest/libcxx/select_catch.c), which
// neither threads nor signal handlers can disturb. What is left for clang's own pass are the
// clauses that catch everything and ask nobody.
#pragma once

#include "llvm/IR/PassManager.h"

namespace cloche {

struct LowerLandingPads : llvm::PassInfoMixin<LowerLandingPads> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
  static bool isRequired() { return true; }  // also at -O0
};

}  // namespace cloche
