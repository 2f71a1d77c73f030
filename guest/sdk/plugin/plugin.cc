// The passes that clang needs for guest programs, as an LLVM plugin:
// -fpass-plugin=.../cloche-llvm.so (etc/compile.cfg).
#include "landing_pads.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"
#include "lower_thread_local.h"
#include "safepoints.h"

static void register_passes(llvm::PassBuilder& builder) {
  builder.registerPipelineStartEPCallback(
      [](llvm::ModulePassManager& passes, llvm::OptimizationLevel) {
        passes.addPass(cloche::LowerThreadLocal());
      });
  builder.registerOptimizerLastEPCallback(
      [](llvm::ModulePassManager& passes, llvm::OptimizationLevel, llvm::ThinOrFullLTOPhase phase) {
        passes.addPass(llvm::createModuleToFunctionPassAdaptor(cloche::InsertSafepoints()));
        // The numbers of landing pads do not survive inlining, which the link does again.
        if (phase == llvm::ThinOrFullLTOPhase::None) {
          passes.addPass(llvm::createModuleToFunctionPassAdaptor(cloche::LowerLandingPads()));
        }
      });
}

extern "C" __attribute__((visibility("default"))) llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "cloche", "1", register_passes};
}
