// A sandbox, in C++: `sandbox [PACK]` counts words inside.
#include <cloche/cloche.hpp>
#include <cstdio>

int main(int argc, char** argv) try {
  const std::string pack = argc == 2 ? argv[1] : cloche::default_pack();
  auto host =
      cloche::Host::create({.pack = pack, .cache_dir = cloche::default_cache_dir()}).value();
  auto sandbox = cloche::Sandbox::create(host, {}).value();
  auto result = sandbox.run({"bash", "-c", "printf 'b\\na\\nb\\n' | sort | uniq -c"}).value();
  std::fputs(result.stdout_bytes.c_str(), stdout);
  return result.exit_code;
} catch (const cloche::Exception& error) {
  std::fprintf(stderr, "sandbox: %s\n", error.what());
  return 1;
}
