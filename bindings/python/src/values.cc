#include "values.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace cloche::python {
namespace {

nb::bytes bytes_of(const std::string& text) { return nb::bytes(text.data(), text.size()); }

nb::object text_or_none(const std::string& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.data(), text.size()));
}

std::chrono::nanoseconds time_of(nb::handle ns) {
  return std::chrono::nanoseconds(nb::cast<int64_t>(ns));
}

std::string text_at(nb::dict given, const char* key) { return text_of(given[key]); }

MountMode mode_of(const std::string& word) {
  if (word == "rw") return MountMode::kReadWrite;
  if (word == "cow") return MountMode::kCopyOnWrite;
  return MountMode::kReadOnly;
}

Tool read_tool(nb::dict given, const std::shared_ptr<HandlerTable>& handlers) {
  Tool tool;
  tool.name = text_at(given, "name");
  tool.description = text_at(given, "description");
  tool.parameters = text_at(given, "parameters");
  tool.result = text_at(given, "result");
  tool.timeout = time_of(given["timeout_ns"]);
  tool.result_bytes = nb::cast<uint64_t>(given["result_bytes"]);
  const nb::object handler = given["handler"];
  if (nb::isinstance<nb::str>(handler)) {
    tool.command = text_of(handler);
  } else {
    tool.handler = make_handler(handlers, handlers->add(handler));
  }
  return tool;
}

Limits read_limits(nb::dict given) {
  Limits limits;
  for (const auto [name, value] : given) {
    const auto failure = set_limit(limits, text_of(name), text_of(value));
    if (failure) throw nb::value_error(failure->message.c_str());
  }
  return limits;
}

Stream output_of(nb::handle descriptor) {
  if (descriptor.is_none()) return Stream::capture();
  return Stream::descriptor(nb::cast<int>(descriptor));
}

Stream input_of(nb::handle input) {
  if (input.is_none()) return Stream::null();
  if (nb::isinstance<nb::int_>(input)) return Stream::descriptor(nb::cast<int>(input));
  return Stream::bytes(text_of(input));
}

nb::list calls_list(const std::vector<ToolCall>& calls) {
  nb::list list;
  for (const ToolCall& call : calls) {
    list.append(nb::make_tuple(call.tool, to_string(call.decision), text_or_none(call.reason),
                               call.parameters_sha256, call.ms));
  }
  return list;
}

nb::dict hits_dict(const std::vector<LimitHits>& hits) {
  nb::dict dict;
  for (const LimitHits& hit : hits) dict[hit.name.c_str()] = hit.count;
  return dict;
}

nb::list displays_list(const std::vector<Display>& displays) {
  nb::list list;
  for (const Display& display : displays) {
    nb::list forms;
    for (const auto& [type, data] : display.forms) {
      forms.append(nb::make_tuple(type, bytes_of(data), is_json_form(type)));
    }
    list.append(forms);
  }
  return list;
}

nb::dict memory_dict(const MemoryStats& memory) {
  nb::dict dict;
  dict["processes"] = memory.processes;
  dict["shared"] = memory.shared;
  dict["buffers"] = memory.buffers;
  dict["files"] = memory.files;
  dict["objects"] = memory.objects;
  dict["total"] = memory.total;
  dict["peak"] = memory.peak;
  return dict;
}

nb::dict process_dict(const ProcessStats& process) {
  nb::dict dict;
  dict["sandbox"] = process.sandbox;
  dict["pid"] = process.pid;
  dict["parent"] = process.parent;
  dict["name"] = process.name;
  dict["command"] = process.command;
  dict["state"] = std::string(1, process.state);
  dict["nice"] = process.nice;
  dict["cpu_ns"] = process.cpu_ns;
  dict["memory_bytes"] = process.memory_bytes;
  dict["threads"] = process.threads;
  dict["open_files"] = process.open_files;
  return dict;
}

}  // namespace

std::string text_of(nb::handle value) {
  if (nb::isinstance<nb::bytes>(value)) {
    const auto bytes = nb::borrow<nb::bytes>(value);
    return std::string(bytes.c_str(), bytes.size());
  }
  return nb::cast<std::string>(value);
}

SandboxOptions read_sandbox_options(nb::dict given, const std::shared_ptr<HandlerTable>& handlers) {
  SandboxOptions options;
  for (const nb::handle mount : given["mounts"]) {
    options.mounts.push_back(
        {text_of(mount[0]), text_of(mount[1]), mode_of(nb::cast<std::string>(mount[2]))});
  }
  for (const nb::handle variable : given["env"]) {
    options.env.emplace_back(text_of(variable[0]), text_of(variable[1]));
  }
  options.workdir = text_at(given, "workdir");
  options.user = text_at(given, "user");
  options.hostname = text_at(given, "hostname");
  options.limits = read_limits(nb::cast<nb::dict>(given["limits"]));
  for (const nb::handle tool : given["tools"]) {
    options.tools.push_back(read_tool(nb::cast<nb::dict>(tool), handlers));
  }
  options.policy = text_at(given, "policy");
  options.policy_name = text_at(given, "policy_name");
  options.policy_folder = text_at(given, "policy_folder");
  options.allow_tools = nb::cast<std::vector<std::string>>(given["allow_tools"]);
  if (!given["sandboxes"].is_none()) options.sandboxes = nb::cast<uint64_t>(given["sandboxes"]);
  if (!given["clock_resolution_ns"].is_none()) {
    options.clock_resolution = time_of(given["clock_resolution_ns"]);
  }
  options.random_seed = text_at(given, "random_seed");
  options.audit_file = text_at(given, "audit");
  return options;
}

RunOptions read_run_options(nb::handle argv, nb::handle input, nb::handle output, nb::handle error,
                            nb::handle timeout_ns) {
  RunOptions options;
  for (const nb::handle argument : argv) options.argv.push_back(text_of(argument));
  options.standard_input = input_of(input);
  options.standard_output = output_of(output);
  options.standard_error = output_of(error);
  if (!timeout_ns.is_none()) options.timeout = time_of(timeout_ns);
  return options;
}

RunOptions read_spawn_options(nb::dict given) {
  const auto is_pipe = [](nb::handle stream) {
    return nb::isinstance<nb::str>(stream) && nb::cast<std::string>(stream) == "pipe";
  };
  const nb::object input = given["input"], output = given["stdout"], error = given["stderr"];
  const nb::object none = nb::none();
  RunOptions options = read_run_options(given["argv"], is_pipe(input) ? none : input,
                                        is_pipe(output) ? none : output,
                                        is_pipe(error) ? none : error, given["timeout_ns"]);
  if (is_pipe(input)) options.standard_input = Stream::pipe();
  if (is_pipe(output)) options.standard_output = Stream::pipe();
  if (is_pipe(error)) options.standard_error = Stream::pipe();
  options.terminal = nb::cast<bool>(given["terminal"]);
  options.window = {nb::cast<uint16_t>(given["rows"]), nb::cast<uint16_t>(given["columns"])};
  return options;
}

CodeOptions read_code_options(nb::dict given) {
  CodeOptions options;
  options.code = text_at(given, "code");
  const auto language = language_of(text_at(given, "language"));
  if (!language) throw nb::value_error("the language is python or js");
  options.language = *language;
  options.session = text_at(given, "session");
  options.standard_input = text_at(given, "input");
  if (!given["timeout_ns"].is_none()) options.timeout = time_of(given["timeout_ns"]);
  options.grace = time_of(given["grace_ns"]);
  options.value_bytes = nb::cast<uint64_t>(given["value_bytes"]);
  return options;
}

nb::tuple result_tuple(const RunResult& result) {
  const Usage& usage = result.usage;
  const bool exited = result.outcome == Outcome::kExited;
  const bool signaled = result.outcome == Outcome::kSignaled;
  return nb::make_tuple(
      to_string(result.outcome), text_or_none(result.limit),
      exited ? nb::object(nb::int_(result.exit_code)) : nb::none(),
      signaled ? nb::cast(signal_name(result.signal)) : nb::none(), bytes_of(result.stdout_bytes),
      bytes_of(result.stderr_bytes), result.stdout_truncated, result.stderr_truncated,
      nb::make_tuple(usage.wall_ms, usage.cpu_ms, usage.memory_peak_bytes, usage.processes,
                     usage.forks, usage.file_bytes, usage.tool_calls),
      calls_list(result.tool_calls), hits_dict(result.limits_hit), text_or_none(result.error_type),
      text_or_none(result.error_message));
}

nb::tuple code_tuple(const CodeResult& result) {
  return nb::make_tuple(result_tuple(result), to_string(result.value.kind),
                        bytes_of(result.value.data), result.repr, displays_list(result.displays),
                        text_or_none(result.traceback), result.cell, result.session_restarted,
                        result.session_ended);
}

nb::dict stats_dict(const SandboxStats& stats) {
  nb::dict dict;
  dict["state"] = to_string(stats.state);
  dict["wall_ns"] = stats.wall_ns;
  dict["cpu_ns"] = stats.cpu_ns;
  dict["run_cpu_ns"] = stats.run_cpu_ns;
  dict["compile_ns"] = stats.compile_ns;
  dict["throttled_ns"] = stats.throttled_ns;
  dict["waited_ns"] = stats.waited_ns;
  dict["throttles"] = stats.throttles;
  dict["switches"] = stats.switches;
  dict["migrations"] = stats.migrations;
  dict["memory"] = memory_dict(stats.memory);
  dict["tasks"] = stats.tasks;
  dict["processes_started"] = stats.processes_started;
  dict["forks"] = stats.forks;
  dict["execs"] = stats.execs;
  dict["syscalls"] = stats.syscalls;
  dict["memory_kills"] = stats.memory_kills;
  dict["file_bytes"] = stats.file_bytes;
  dict["inodes"] = stats.inodes;
  dict["output_bytes"] = stats.output_bytes;
  dict["tool_calls"] = stats.tool_calls;
  dict["tools_denied"] = stats.tools_denied;
  dict["tool_bytes"] = stats.tool_bytes;
  dict["tools_under_way"] = stats.tools_under_way;
  dict["sandboxes_inside"] = stats.sandboxes_inside;
  dict["limits_hit"] = hits_dict(stats.limits_hit);
  nb::list processes;
  for (const ProcessStats& process : stats.processes) processes.append(process_dict(process));
  dict["processes"] = processes;
  return dict;
}

}  // namespace cloche::python
