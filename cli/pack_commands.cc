// programs and warm: what is in the guest pack.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/locations.h"
#include "cli/progress.h"

namespace cloche::cli {
namespace {

using Json = nlohmann::json;

struct Program {
  std::string name, version, licence, source, pack;
  std::vector<std::string> commands, modules;
  uint64_t size = 0;
};

// A string member; empty when it is absent or something else.
std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json array_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : Json::array();
}

Program read_program(const Json& object, const std::string& pack) {
  Program program;
  program.pack = object.contains("pack") ? text_of(object, "pack") : pack;
  program.name = text_of(object, "name");
  program.version = text_of(object, "version");
  program.licence = text_of(object, "licence");
  const Json sources = array_of(object, "sources");
  if (!sources.empty()) program.source = text_of(sources[0], "file");
  for (const Json& command : array_of(object, "commands")) {
    if (command.is_string()) program.commands.push_back(command.get<std::string>());
  }
  for (const Json& module : array_of(object, "modules")) {
    if (module.is_object()) program.modules.push_back(text_of(module, "path"));
  }
  const auto size = object.find("size");
  if (size != object.end() && size->is_number_unsigned()) program.size = size->get<uint64_t>();
  return program;
}

Expected<std::vector<Program>> read_programs(const std::string& manifest) {
  const Json root = Json::parse(manifest, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return Failure{Failure::Kind::kMalformed, "the pack's manifest is not a JSON object"};
  }
  std::vector<Program> programs;
  for (const Json& object : array_of(root, "programs")) {
    if (object.is_object()) programs.push_back(read_program(object, text_of(root, "pack")));
  }
  return programs;
}

std::string in_kib(uint64_t bytes) { return std::to_string((bytes + 1023) / 1024) + " KiB"; }

std::string program_table(const std::vector<Program>& programs) {
  size_t widths[5] = {7, 7, 7, 4, 4};
  for (const Program& program : programs) {
    widths[0] = std::max(widths[0], program.name.size());
    widths[1] = std::max(widths[1], program.version.size());
    widths[2] = std::max(widths[2], program.licence.size());
    widths[3] = std::max(widths[3], in_kib(program.size).size());
    widths[4] = std::max(widths[4], program.pack.size());
  }
  std::string table;
  const auto row = [&](const std::string& name, const std::string& version,
                       const std::string& licence, const std::string& size, const std::string& pack,
                       const std::string& source) {
    const auto padded = [](const std::string& text, size_t width) {
      return text + std::string(width > text.size() ? width - text.size() : 0, ' ') + "  ";
    };
    table += padded(name, widths[0]) + padded(version, widths[1]) + padded(licence, widths[2]) +
             std::string(widths[3] - std::min(widths[3], size.size()), ' ') + size + "  " +
             padded(pack, widths[4]) + source + "\n";
  };
  row("PROGRAM", "VERSION", "LICENCE", "SIZE", "PACK", "SOURCE");
  for (const Program& program : programs) {
    row(printable(program.name), printable(program.version), printable(program.licence),
        in_kib(program.size), printable(program.pack), printable(program.source));
  }
  return table;
}

// Does `name` mean this program: its name or one of its commands?
bool means(const Program& program, const std::string& name) {
  return program.name == name || std::find(program.commands.begin(), program.commands.end(),
                                           name) != program.commands.end();
}

Expected<std::vector<std::string>> modules_of(const std::vector<Program>& programs,
                                              const std::vector<std::string>& names) {
  std::vector<std::string> modules;
  const auto add = [&modules](const Program& program) {
    for (const std::string& module : program.modules) {
      if (std::find(modules.begin(), modules.end(), module) == modules.end()) {
        modules.push_back(module);
      }
    }
  };
  if (names.empty()) std::for_each(programs.begin(), programs.end(), add);
  for (const std::string& name : names) {
    const auto found = std::find_if(programs.begin(), programs.end(),
                                    [&name](const Program& p) { return means(p, name); });
    if (found == programs.end()) {
      return Failure{Failure::Kind::kNotFound,
                     "no pack has a program '" + printable(name) + "'; see cloche programs"};
    }
    add(*found);
  }
  return modules;
}

}  // namespace

int programs_command(const ProgramsArguments& arguments) {
  auto manifest = read_manifest(pack_path(arguments.pack));
  if (!manifest) return complain(manifest.error().message);
  auto programs = read_programs(*manifest);
  if (!programs) return complain(programs.error().message);
  std::string text = program_table(*programs);
  if (arguments.json) {
    text = *manifest;
    if (!text.ends_with('\n')) text += '\n';
  }
  return print(text) ? 0 : kExitOwnError;
}

int warm_command(const WarmArguments& arguments) {
  Progress progress(arguments.quiet ? Progress::Show::kNo : Progress::Show::kYes);
  HostOptions options{.pack = pack_path(arguments.pack), .cache_dir = default_cache_dir()};
  if (options.cache_dir.empty()) {
    return complain("there is no cache to warm: set HOME or CLOCHE_CACHE_DIR");
  }
  options.progress = [&progress](const std::string& what, int percent) {
    progress.report(what, percent);
  };
  auto host = Host::create(std::move(options));
  if (!host) return complain(host.error().message);
  auto programs = read_programs(host->manifest());
  if (!programs) return complain(programs.error().message);
  auto modules = modules_of(*programs, arguments.programs);
  if (!modules) return complain(modules.error().message);

  size_t compiled = 0, done = 0;
  for (const std::string& module : *modules) {
    auto outcome = host->compile(module);
    if (!outcome) return complain(printable(module) + ": " + outcome.error().message);
    compiled += *outcome == Host::Compiled::kNow ? 1 : 0;
    ++done;
    progress.report("compiling", static_cast<int>(done * 100 / modules->size()));
  }
  progress.finish();
  if (!arguments.quiet) {
    fprintf(stderr, "cloche: %zu of %zu modules compiled, the others were ready\n", compiled,
            modules->size());
  }
  return 0;
}

}  // namespace cloche::cli
