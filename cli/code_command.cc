#include <unistd.h>

#include <cerrno>

#include "cli/code_requests.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupts.h"
#include "cli/open_sandbox.h"
#include "cli/publish.h"
#include "cli/read_file.h"

namespace cloche::cli {
namespace {

int refuse(const CodeArguments& arguments, const Failure& failure) {
  if (arguments.run.json) print(to_json(failure) + "\n");
  return complain(failure.message);
}

Expected<std::string> text_of(const CodeArguments::Cell& cell) {
  if (cell.file.empty()) return cell.code;
  const std::string path = cell.file == "-" ? "/dev/stdin" : cell.file;
  auto bytes = read_file(path, CodeOptions::kMaxCode);
  if (!bytes) return bytes.error();
  return std::string(bytes->begin(), bytes->end());
}

bool write_all(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(fd, text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    done += static_cast<size_t>(size);
  }
  return true;
}

// Of a cell, as an interpreter that reads line by line shows it.
bool show(const CodeArguments& arguments, const CodeResult& result) {
  if (arguments.run.json) return print(to_json(result) + "\n");
  if (!write_all(STDERR_FILENO, result.stderr_bytes)) return false;
  std::string text = result.stdout_bytes;
  if (result.value.kind != CodeValue::Kind::kNone) text += result.repr + "\n";
  return print(text);
}

// The exit code of the last cell: of the first one that fails.
int run_cells(Sandbox& sandbox, const CodeArguments& arguments, Progress& progress) {
  const Interrupts interrupts(sandbox, -1);
  int code = 0;
  for (const CodeArguments::Cell& cell : arguments.cells) {
    auto text = text_of(cell);
    if (!text) return refuse(arguments, text.error());
    auto result = sandbox.run_code(
        {.code = std::move(*text), .language = cell.language, .timeout = arguments.cell_timeout});
    progress.finish();
    if (!result) return refuse(arguments, result.error());
    if (!show(arguments, *result)) return kExitOwnError;
    const std::string why = explanation(*result, to_string(cell.language));
    if (!why.empty() && arguments.run.verbosity != Verbosity::kQuiet) complain(why);
    code = exit_code_of(*result, interrupts.last_signal());
    if (code != 0) break;
  }
  return code;
}

}  // namespace

int code_command(const CodeArguments& arguments) {
  be_nice(arguments.run);
  Progress progress(arguments.run.verbosity == Verbosity::kQuiet ? Progress::Show::kNo
                                                                 : Progress::Show::kYes);
  auto host = open_host(arguments.run, progress);
  if (!host) return refuse(arguments, host.error());
  auto sandbox = open_sandbox(*host, arguments.run);
  if (!sandbox) return refuse(arguments, sandbox.error());
  auto published = publish(*sandbox, arguments.run);
  if (!published) return refuse(arguments, published.error());
  const int code = arguments.cells.empty() ? serve_code_requests(*sandbox, STDIN_FILENO)
                                           : run_cells(*sandbox, arguments, progress);
  if (*published != nullptr) (*published)->withdraw();
  if (!arguments.run.sandbox.audit_file.empty()) {
    published->reset();
    const Sandbox ended = std::move(*sandbox);  // closes the log, which has an end then
  }
  leave(code);
}

}  // namespace cloche::cli
