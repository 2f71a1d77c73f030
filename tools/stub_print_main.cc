// stub_print python|typescript: reads what `tool list --json` prints, prints the stubs. For tests.
#include <cstdio>
#include <string>
#include <vector>

#include "base/json.h"
#include "tools/stubs.h"

namespace {

using namespace cloche;
using namespace cloche::tools;

std::string read_all(FILE* file) {
  std::string text;
  char buffer[65536];
  while (const size_t got = fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  return text;
}

StubTool stub_of(const Json& entry) {
  StubTool tool{.name = entry.find("tool")->text,
                .description = entry.find("description")->text,
                .parameters = read_stub_type(*entry.find("parameters")),
                .result = read_stub_type(*entry.find("result")),
                .conditions = {}};
  for (const Json& condition : entry.find("conditions")->items) {
    tool.conditions.push_back(condition.text);
  }
  return tool;
}

}  // namespace

int main(int argc, char** argv) {
  const auto listing = read_json(read_all(stdin));
  if (argc != 2 || !listing.ok()) return 2;
  std::vector<StubTool> tools;
  for (const Json& entry : listing->items) tools.push_back(stub_of(entry));
  const bool python = std::string(argv[1]) == "python";
  const std::string text = python ? python_stubs(tools) : typescript_stubs(tools);
  return fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
