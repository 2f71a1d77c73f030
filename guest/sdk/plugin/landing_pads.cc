#include "landing_pads.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsWebAssembly.h"
#include "llvm/IR/Module.h"

namespace cloche {
namespace {

using namespace llvm;

constexpr unsigned kCppExceptionTag = 0;

bool catches_all(const CatchPadInst& pad) {
  return pad.arg_size() == 1 && cast<Constant>(pad.getArgOperand(0))->isNullValue();
}

// The call of an intrinsic that belongs to a pad; null if there is none.
IntrinsicInst* find_call(CatchPadInst& pad, Intrinsic::ID id) {
  for (User* user : pad.users()) {
    auto* call = dyn_cast<IntrinsicInst>(user);
    if (call && call->getIntrinsicID() == id) return call;
  }
  return nullptr;
}

// int __cloche_select_catch(void* exception, unsigned pad, const void* table): which type of the
// pad fits, as __builtin_eh_typeid_for counts them; 0: none.
FunctionCallee select_catch(Module& module) {
  LLVMContext& context = module.getContext();
  Type* word = Type::getInt32Ty(context);
  Type* pointer = PointerType::getUnqual(context);
  AttributeList attributes = AttributeList().addFnAttribute(context, Attribute::NoUnwind);
  return module.getOrInsertFunction("__cloche_select_catch", attributes, word, pointer, word,
                                    pointer);
}

// Tells the code generator the row of a pad in the function's table. The call has neither result
// nor effect: that it might not return keeps later passes from removing it.
void number_pad(IRBuilder<>& builder, Module& module, CatchPadInst& pad, Value* index) {
  Function* number = Intrinsic::getOrInsertDeclaration(&module, Intrinsic::wasm_landingpad_index);
  number->removeFnAttr(Attribute::WillReturn);
  builder.CreateCall(number, {&pad, index});
}

void lower(Module& module, CatchPadInst& pad, unsigned number) {
  IntrinsicInst* exception = find_call(pad, Intrinsic::wasm_get_exception);
  IntrinsicInst* selector = find_call(pad, Intrinsic::wasm_get_ehselector);
  if (!exception || !selector) return;
  BasicBlock* block = pad.getParent();
  IRBuilder<> builder(block, block->getFirstInsertionPt());
  Value* caught =
      builder.CreateIntrinsic(Intrinsic::wasm_catch, {builder.getInt32(kCppExceptionTag)});
  Value* index = builder.getInt32(number);
  number_pad(builder, module, pad, index);
  Value* table = builder.CreateIntrinsic(Intrinsic::wasm_lsda, {});
  CallInst* selected = builder.CreateCall(select_catch(module), {caught, index, table},
                                          OperandBundleDef("funclet", &pad));
  exception->replaceAllUsesWith(caught);
  exception->eraseFromParent();
  selector->replaceAllUsesWith(selected);
  selector->eraseFromParent();
}

}  // namespace

llvm::PreservedAnalyses LowerLandingPads::run(llvm::Function& function,
                                              llvm::FunctionAnalysisManager&) {
  Module& module = *function.getParent();
  if (!module.getTargetTriple().isWasm()) return PreservedAnalyses::all();
  unsigned count = 0;
  for (BasicBlock& block : function) {
    if (!block.isEHPad()) continue;
    auto* pad = dyn_cast<CatchPadInst>(block.getFirstNonPHIIt());
    if (pad && !catches_all(*pad)) lower(module, *pad, count++);
  }
  return count ? PreservedAnalyses::none() : PreservedAnalyses::all();
}

}  // namespace cloche
