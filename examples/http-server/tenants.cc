#include "tenants.h"

#include <utility>

using namespace std::chrono_literals;

cloche::SandboxOptions options_of_a_user() {
  cloche::SandboxOptions options;
  options.limits.timeout = 5s;
  options.limits.cpu_time = 2s;
  options.limits.memory = uint64_t{256} << 20;
  options.limits.processes = 32;
  options.limits.disk = uint64_t{32} << 20;
  options.limits.output = uint64_t{1} << 20;
  return options;
}

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : cloche::printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Answer refusal(int status, const std::string& why) {
  return {status, "{\"error\": " + quoted(why) + "}\n"};
}

int status_of(const cloche::Failure& failure) {
  using Kind = cloche::Failure::Kind;
  if (failure.kind == Kind::kInvalidArgument) return 400;
  if (failure.kind == Kind::kBusy) return 409;
  if (failure.kind == Kind::kResourceExhausted) return 503;
  return 500;
}

// The program that runs code of a language; empty: there is no such language.
std::vector<std::string> command_of(const Snippet& snippet) {
  if (snippet.language == "bash") return {"bash", "-c", snippet.code};
  if (snippet.language == "js") return {"js", "-e", snippet.code};
  if (snippet.language == "python") return {"python3", "-c", snippet.code};
  return {};
}

}  // namespace

// Counts a snippet as running as long as it is there.
struct Tenants::Place {
  Place(Tenants& owner, std::string who) : tenants(owner), user(std::move(who)) {}
  ~Place() {
    Shared sandbox;  // ended outside of the lock
    std::lock_guard lock(tenants.mutex_);
    if (const auto found = tenants.live_.find(name); found != tenants.live_.end()) {
      sandbox = std::move(found->second);
      tenants.live_.erase(found);
    }
    if (--tenants.running_of_[user] == 0) tenants.running_of_.erase(user);
    --tenants.running_;
    tenants.changed_.notify_all();
  }
  Tenants& tenants;
  const std::string user;
  std::string name = {};
};

std::unique_ptr<Tenants::Place> Tenants::enter(const std::string& user, Answer& answer) {
  std::lock_guard lock(mutex_);
  const auto mine = running_of_.find(user);
  if (closed_) {
    answer = refusal(503, "the service ends");
  } else if (mine != running_of_.end() && mine->second >= quotas_.runs_of_a_user) {
    answer = refusal(429, "too much of yours runs already");
  } else if (running_ >= quotas_.runs) {
    answer = refusal(429, "too much runs already");
  } else {
    ++running_of_[user];
    ++running_;
    auto place = std::make_unique<Place>(*this, user);
    place->name = user + "-" + std::to_string(++next_);
    return place;
  }
  ++refused_;
  return nullptr;
}

cloche::Expected<Tenants::Shared> Tenants::sandbox_for(const Snippet& snippet) {
  if (snippet.keep) {
    std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(snippet.user); found != kept_.end()) {
      found->second.first = ++next_;
      return found->second.second;
    }
  }
  auto made = cloche::Sandbox::create(host_, options_of_a_user());
  if (!made) return made.error();
  auto sandbox = std::make_shared<cloche::Sandbox>(std::move(*made));
  if (!snippet.keep) return sandbox;

  Shared oldest;  // dropped outside of the lock: what runs in it goes on
  std::lock_guard lock(mutex_);
  const auto [place, added] = kept_.try_emplace(snippet.user, ++next_, sandbox);
  if (added && kept_.size() > quotas_.kept_sandboxes) {
    auto first = kept_.begin();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
      if (it->second.first < first->second.first) first = it;
    }
    oldest = std::move(first->second.second);
    kept_.erase(first);
    return sandbox;
  }
  return place->second.second;
}

Answer Tenants::answer_of(const Snippet& snippet, cloche::Sandbox& sandbox) {
  const auto finish = [this](const auto& result) {
    if (!result) return Answer{status_of(result.error()), cloche::to_json(result.error()) + "\n"};
    std::lock_guard lock(mutex_);
    ++outcomes_[cloche::to_string(result->outcome)];
    return Answer{200, cloche::to_json(*result) + "\n"};
  };
  if (snippet.keep && snippet.language != "bash") {  // variables live from call to call
    return finish(sandbox.run_code(
        {.code = snippet.code, .language = *cloche::language_of(snippet.language)}));
  }
  return finish(sandbox.run(command_of(snippet)));
}

Answer Tenants::run(const Snippet& snippet) {
  if (command_of(snippet).empty()) return refusal(400, "the languages are bash, js and python");
  Answer answer;
  const std::unique_ptr<Place> place = enter(snippet.user, answer);
  if (place == nullptr) return answer;
  auto sandbox = sandbox_for(snippet);
  if (!sandbox) return {status_of(sandbox.error()), cloche::to_json(sandbox.error()) + "\n"};
  {
    std::lock_guard lock(mutex_);
    live_[place->name] = *sandbox;
  }
  return answer_of(snippet, **sandbox);
}

bool Tenants::forget(const std::string& user) {
  std::lock_guard lock(mutex_);
  const auto found = kept_.find(user);
  if (found == kept_.end()) return false;
  found->second.second->kill();
  kept_.erase(found);
  return true;
}

std::string Tenants::metrics() {
  std::map<std::string, Shared> there;
  std::string text;
  {
    std::lock_guard lock(mutex_);
    there = live_;
    for (const auto& [user, kept] : kept_) there.emplace(user, kept.second);
    text = "# TYPE snippets_running gauge\nsnippets_running " + std::to_string(running_) +
           "\n# TYPE snippets_refused_total counter\nsnippets_refused_total " +
           std::to_string(refused_) + "\n# TYPE snippets_total counter\n";
    for (const auto& [outcome, count] : outcomes_) {
      text += "snippets_total{outcome=\"" + outcome + "\"} " + std::to_string(count) + "\n";
    }
  }
  std::vector<cloche::SandboxReport> reports;
  for (const auto& [name, sandbox] : there) {
    reports.push_back({.name = name, .stats = sandbox->stats(), .limits = sandbox->limits()});
  }
  return cloche::to_prometheus(reports) + text;
}

void Tenants::close(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  const auto idle = [this] { return running_ == 0; };
  if (changed_.wait_for(lock, patience, idle)) return;
  do {  // again, for those that were just about to begin
    for (const auto& [name, sandbox] : live_) sandbox->kill();
  } while (!changed_.wait_for(lock, 100ms, idle));
}
