#include "lower_thread_local.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace cloche {
namespace {

using namespace llvm;

// The address of a thread's copy does not change while a function runs, so equal calls may be
// merged, though the first one of a thread allocates.
FunctionCallee get_address(Module& module) {
  LLVMContext& context = module.getContext();
  Type* pointer = PointerType::getUnqual(context);
  AttributeList attributes =
      AttributeList()
          .addFnAttribute(context, Attribute::NoUnwind)
          .addFnAttribute(context, Attribute::WillReturn)
          .addFnAttribute(context, Attribute::getWithMemoryEffects(context, MemoryEffects::none()))
          .addRetAttribute(context, Attribute::NonNull);
  return module.getOrInsertFunction("__emutls_get_address", attributes, pointer, pointer);
}

// Linkage and visibility of `from`, in a comdat of its own name.
void copy_linkage(Module& module, const GlobalVariable& from, GlobalVariable& to) {
  to.setLinkage(from.hasCommonLinkage() ? GlobalValue::WeakAnyLinkage : from.getLinkage());
  to.setVisibility(from.getVisibility());
  to.setDSOLocal(from.isDSOLocal());
  if (const Comdat* comdat = from.getComdat()) {
    Comdat* own = module.getOrInsertComdat(to.getName());
    own->setSelectionKind(comdat->getSelectionKind());
    to.setComdat(own);
  }
}

GlobalVariable* initial_value(Module& module, const GlobalVariable& variable) {
  const Constant* value = variable.getInitializer();
  if (value->isNullValue() || isa<UndefValue>(value)) return nullptr;
  auto* copy = new GlobalVariable(module, variable.getValueType(), /*isConstant=*/true,
                                  GlobalValue::InternalLinkage, const_cast<Constant*>(value),
                                  "__emutls_t." + variable.getName());
  copy->setAlignment(variable.getAlign());
  copy_linkage(module, variable, *copy);
  return copy;
}

GlobalVariable* control_block(Module& module, const GlobalVariable& variable) {
  LLVMContext& context = module.getContext();
  const DataLayout& layout = module.getDataLayout();
  IntegerType* word = layout.getIntPtrType(context);
  PointerType* pointer = PointerType::getUnqual(context);
  StructType* type = StructType::get(word, word, word, pointer);
  auto* control =
      new GlobalVariable(module, type, /*isConstant=*/false, GlobalValue::ExternalLinkage, nullptr,
                         "__emutls_v." + variable.getName());
  copy_linkage(module, variable, *control);
  control->setAlignment(layout.getABITypeAlign(word));
  if (variable.isDeclaration()) return control;
  GlobalVariable* initial = initial_value(module, variable);
  Type* value_type = variable.getValueType();
  Align align = variable.getAlign().value_or(layout.getABITypeAlign(value_type));
  control->setInitializer(ConstantStruct::get(
      type, ConstantInt::get(word, layout.getTypeAllocSize(value_type).getFixedValue()),
      ConstantInt::get(word, align.value()), ConstantInt::get(word, 0),
      initial ? static_cast<Constant*>(initial) : ConstantPointerNull::get(pointer)));
  return control;
}

// Where code must stand whose result `use` takes.
Instruction* place_before(const Use& use) {
  auto* user = cast<Instruction>(use.getUser());
  auto* phi = dyn_cast<PHINode>(user);
  return phi ? phi->getIncomingBlock(use)->getTerminator() : user;
}

void lower(Module& module, GlobalVariable& variable, FunctionCallee get) {
  // The lists of what must be kept hold the variable, not its address in some thread.
  removeFromUsedLists(module, [&](Constant* c) { return c->stripPointerCasts() == &variable; });
  convertUsersOfConstantsToInstructions({&variable});
  GlobalVariable* control = control_block(module, variable);
  SmallVector<Use*, 16> uses;
  for (Use& use : variable.uses()) uses.push_back(&use);
  for (Use* use : uses) {
    auto* user = dyn_cast<Instruction>(use->getUser());
    if (!user) {
      report_fatal_error("the address of thread-local " + variable.getName() + " is no constant");
    }
    IRBuilder<> builder(place_before(*use));
    Value* address = builder.CreateCall(get, {control}, variable.getName());
    if (auto* intrinsic = dyn_cast<IntrinsicInst>(user);
        intrinsic && intrinsic->getIntrinsicID() == Intrinsic::threadlocal_address) {
      intrinsic->replaceAllUsesWith(address);
      intrinsic->eraseFromParent();
    } else {
      use->set(address);
    }
  }
  variable.eraseFromParent();
}

}  // namespace

llvm::PreservedAnalyses LowerThreadLocal::run(llvm::Module& module, llvm::ModuleAnalysisManager&) {
  SmallVector<GlobalVariable*, 16> variables;
  for (GlobalVariable& variable : module.globals()) {
    if (variable.isThreadLocal()) variables.push_back(&variable);
  }
  if (variables.empty() || !module.getTargetTriple().isWasm()) return PreservedAnalyses::all();
  FunctionCallee get = get_address(module);
  for (GlobalVariable* variable : variables) lower(module, *variable, get);
  return PreservedAnalyses::none();
}

}  // namespace cloche
