// An HTTP service that runs snippets which nobody has reviewed, for many users: README.md.
#include <httplib.h>
#include <signal.h>

#include <cstdio>
#include <cstring>
#include <thread>

#include "tenants.h"

namespace {

constexpr size_t kMaxSnippet = 64 << 10;
constexpr int kPatienceSeconds = 3;

// 1 to 32 letters, digits, '-' and '_'.
bool good_name(const std::string& name) {
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of(kAllowed) == std::string::npos;
}

void answer(httplib::Response& response, const Answer& what) {
  response.status = what.status;
  response.set_content(what.body, "application/json");
}

// Who asks is what the proxy in front of this service has found out: it sets X-User.
void post_run(Tenants& tenants, const httplib::Request& request, httplib::Response& response) {
  const std::string user = request.get_header_value("X-User");
  if (!good_name(user)) return answer(response, {401, "{\"error\": \"who are you? X-User\"}\n"});
  answer(response, tenants.run({.user = user,
                                .language = request.get_param_value("language"),
                                .code = request.body,
                                .keep = request.get_param_value("keep") == "yes"}));
}

void add_routes(httplib::Server& server, Tenants& tenants) {
  server.Post("/run", [&](const httplib::Request& request, httplib::Response& response) {
    post_run(tenants, request, response);
  });
  server.Delete("/sandbox", [&](const httplib::Request& request, httplib::Response& response) {
    const bool there = tenants.forget(request.get_header_value("X-User"));
    answer(response, {there ? 200 : 404, "{}\n"});
  });
  server.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(tenants.metrics(), "text/plain; version=0.0.4");
  });
}

// A client that is slow, sends much or stays long takes a thread from others: none of them does.
void set_limits(httplib::Server& server) {
  server.set_payload_max_length(kMaxSnippet);
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  server.set_keep_alive_max_count(1);
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
}

// So that no user's time goes into it; what the packs do not have is left out.
void compile_ahead(const cloche::Host& host) {
  for (const char* program : {"bash", "coreutils", "grep", "sed", "js", "python3"}) {
    (void)host.compile(std::string("/usr/bin/") + program).operator bool();
  }
}

int serve(int port, const std::string& pack) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // all threads: one of them waits for these

  auto host =
      cloche::Host::create({.pack = pack, .cache_dir = cloche::default_cache_dir()}).value();
  compile_ahead(host);
  Tenants tenants(std::move(host), {});
  httplib::Server server;
  set_limits(server);
  add_routes(server, tenants);
  if (port == 0)
    port = server.bind_to_any_port("127.0.0.1");
  else if (!server.bind_to_port("127.0.0.1", port))
    port = -1;
  if (port < 0) {
    std::fprintf(stderr, "http-server: cannot listen on the port\n");
    return 1;
  }
  std::printf("listening on http://127.0.0.1:%d\n", port);
  std::fflush(stdout);

  std::thread ending([&] {
    int signo = 0;
    sigwait(&ends, &signo);
    tenants.close(std::chrono::seconds(kPatienceSeconds));  // new ones are told 503 meanwhile
    server.stop();
  });
  const bool served = server.listen_after_bind();
  if (!served) kill(getpid(), SIGTERM);
  ending.join();
  std::printf("ended\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  int port = 8080;
  std::string pack = cloche::default_pack();
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--port") == 0)
      port = std::stoi(argv[i + 1]);
    else if (std::strcmp(argv[i], "--pack") == 0)
      pack = argv[i + 1];
  }
  return serve(port, pack);
} catch (const std::exception& error) {
  std::fprintf(stderr, "http-server: %s\n", error.what());
  return 1;
}
