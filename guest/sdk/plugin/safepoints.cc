#include "safepoints.h"

#include "llvm/Analysis/DomTreeUpdater.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace cloche {
namespace {

using namespace llvm;

void insert(Loop& loop, Module& module, LoopInfo& loops, DominatorTree& dominators) {
  LLVMContext& context = module.getContext();
  IntegerType* word = Type::getInt32Ty(context);
  Constant* sigword = module.getOrInsertGlobal("__cloche_sigword", word);
  FunctionCallee safepoint =
      module.getOrInsertFunction("__cloche_safepoint", Type::getVoidTy(context));
  Instruction* place = &*loop.getHeader()->getFirstInsertionPt();
  IRBuilder<> builder(place);
  Value* waiting = builder.CreateIsNotNull(builder.CreateLoad(word, sigword, /*isVolatile=*/true));
  DomTreeUpdater updater(dominators, DomTreeUpdater::UpdateStrategy::Eager);
  Instruction* then =
      SplitBlockAndInsertIfThen(waiting, place, /*Unreachable=*/false,
                                MDBuilder(context).createUnlikelyBranchWeights(), &updater, &loops);
  IRBuilder<>(then).CreateCall(safepoint);
}

bool leaves_the_function(const Instruction& instruction) {
  const auto* call = dyn_cast<CallBase>(&instruction);
  return call && !isa<IntrinsicInst>(call);
}

// Does memory change under the loop's feet?
bool watches_memory(const Instruction& instruction) {
  return instruction.isVolatile() || instruction.isAtomic();
}

bool needs_safepoint(const Loop& loop) {
  if (!loop.isInnermost() || loop.hasNoExitBlocks()) return true;
  for (const BasicBlock* block : loop.blocks()) {
    for (const Instruction& instruction : *block) {
      if (leaves_the_function(instruction) || watches_memory(instruction)) return true;
    }
  }
  return false;
}

}  // namespace

llvm::PreservedAnalyses InsertSafepoints::run(llvm::Function& function,
                                              llvm::FunctionAnalysisManager& analyses) {
  Module& module = *function.getParent();
  if (!module.getTargetTriple().isWasm()) return PreservedAnalyses::all();
  auto& loops = analyses.getResult<LoopAnalysis>(function);
  if (loops.empty()) return PreservedAnalyses::all();
  SmallVector<Loop*, 16> chosen;
  for (Loop* loop : loops.getLoopsInPreorder()) {
    if (needs_safepoint(*loop)) chosen.push_back(loop);
  }
  auto& dominators = analyses.getResult<DominatorTreeAnalysis>(function);
  for (Loop* loop : chosen) insert(*loop, module, loops, dominators);
  return chosen.empty() ? PreservedAnalyses::all() : PreservedAnalyses::none();
}

}  // namespace cloche
