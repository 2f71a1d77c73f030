#include "tools/broker.h"

#include <gtest/gtest.h>

#include <thread>

#include "cap/caveats/where.h"
#include "policy/policy.h"
#include "tools/test_support.h"

namespace cloche::tools {
namespace {

using testing::Bench;

cap::Restriction with_calls(uint64_t calls) {
  cap::Restriction restriction;
  restriction.budget.calls = calls;
  return restriction;
}

cap::Restriction with_where(const std::string& where) {
  const auto json = read_json(where);
  EXPECT_TRUE(json.ok());
  auto caveat = cap::compile_where(*json, cap::Others::kRefuse);
  EXPECT_TRUE(caveat.ok());
  cap::Restriction restriction;
  restriction.caveats.push_back(*caveat);
  return restriction;
}

TEST(BrokerTest, MakesACallThatIsAllowedAndPutsItOnRecordFirst) {
  Bench bench;
  size_t calls_on_record = 0;
  bench.add("mail/send", [&](const Invocation& call) {
    calls_on_record = bench.events("tool.call").size();
    EXPECT_EQ(call.tool, "mail/send");
    return Outcome::of(" {\"sent\" : " + call.parameters + "}\n");
  });
  const auto authority = bench.authority({bench.mint("mail/*")});
  EXPECT_EQ(bench.call(*authority, "mail/send", R"({"to":"a"})"), R"(ok {"sent":{"to":"a"}})");
  EXPECT_EQ(calls_on_record, 1u);
  const Json before = bench.events("tool.call").at(0), after = bench.events("tool.end").at(0);
  EXPECT_EQ(write_json(*before.find("parameters")), R"({"to":"a"})");
  EXPECT_EQ(write_json(*before.find("pids")), "[7,3,1]");
  EXPECT_EQ(before.find("program")->text, "/usr/bin/agent");
  EXPECT_EQ(before.find("sandbox")->text, "box");
  EXPECT_EQ(before.find("capability")->items.size(), 2u);
  EXPECT_EQ(before.find("call")->text, after.find("call")->text);
  EXPECT_EQ(after.find("outcome")->text, "ok");
  const auto reports = bench.broker().take_reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].decision, CallReport::Decision::kAllowed);
  EXPECT_EQ(bench.broker().take_count(), 1u);
}

// Whatever is not granted, or not named as it is granted, does not reach the handler.
TEST(BrokerTest, DeniesWhatIsNotGranted) {
  Bench bench;
  int handled = 0;
  for (const char* name : {"payments/transfer", "payments", "other"}) {
    bench.add(name, [&handled](const Invocation&) {
      ++handled;
      return Outcome::of("1");
    });
  }
  const auto nothing = bench.authority({});
  EXPECT_TRUE(bench.call(*nothing, "payments").starts_with("denied "));
  const auto authority = bench.authority({bench.mint("payments/*")});
  for (const std::string& name :
       {std::string("payments"), std::string("other"), std::string("payments/"),
        std::string("/payments/transfer"), std::string("payments//transfer"),
        std::string("payments/./transfer"), std::string("payments/../other"), std::string("*"),
        std::string("payments/*"), std::string("payments/transfer\0", 18), std::string(),
        std::string("payments/transfe\xd1\x80"), std::string("Payments/transfer"),
        std::string(" payments/transfer"), std::string(100'000, 'a'),
        std::string("payments/none")}) {
    EXPECT_TRUE(bench.call(*authority, name).starts_with("denied ")) << name.substr(0, 50);
  }
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(bench.call(*authority, "payments/transfer"), "ok 1");
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(bench.events("tool.denied").size(), 17u);
  EXPECT_EQ(bench.events("tool.call").size(), 1u);
}

TEST(BrokerTest, WhoHoldsNothingLearnsNothing) {
  Bench bench;
  bench.add_echo("secret");
  const auto authority = bench.authority({bench.mint("other")});
  std::string there = bench.call(*authority, "secret"), missing = bench.call(*authority, "public");
  EXPECT_EQ(there.replace(there.find("secret"), 6, "public"), missing);
  EXPECT_EQ(bench.broker().list(*authority), "[]");
  EXPECT_EQ(bench.broker().describe(*authority, kernel::ToolText::kWords),
            "No tool may be called.\n");
}

TEST(BrokerTest, DeniesParametersThatAreNotAnObjectOrReadInTwoWays) {
  Bench bench;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t")});
  std::string deep(10'000, '[');
  for (const std::string& parameters :
       {std::string(), std::string("1"), std::string("[]"), std::string("null"),
        std::string(R"({"a":1,"a":2})"), std::string(R"({"a":"\ud800"})"),
        std::string("{\"a\":\xff}"), std::string("{} {}"), std::string("{'a':1}"),
        std::string("{\"a\":NaN}"), "{\"a\":" + deep, std::string("{\"a\":1}\0", 8)}) {
    EXPECT_TRUE(bench.call(*authority, "t", parameters).starts_with("denied "))
        << parameters.substr(0, 50);
  }
  EXPECT_TRUE(bench.events("tool.call").empty());
}

TEST(BrokerTest, CaveatsAndSchemaBothHold) {
  Bench bench;
  bench.add(
      "pay", [](const Invocation&) { return Outcome::of("true"); },
      R"({"type":"object","properties":{"amount":{"type":"integer"}},"required":["amount"]})");
  const auto authority =
      bench.authority({bench.mint("pay", with_where(R"({"amount":{"le":100}})"))});
  EXPECT_EQ(bench.call(*authority, "pay", R"({"amount":100})"), "ok true");
  EXPECT_TRUE(bench.call(*authority, "pay", R"({"amount":101})").starts_with("denied "));
  EXPECT_TRUE(bench.call(*authority, "pay", R"({"amount":1.5})").starts_with("denied "));
  EXPECT_TRUE(bench.call(*authority, "pay", "{}").starts_with("denied "));
  EXPECT_TRUE(bench.call(*authority, "pay", R"({"amount":1,"note":""})").starts_with("denied "));
}

// A call that a schema or a caveat refuses does not use up the budget; one that was made does, even
// if it failed.
TEST(BrokerTest, BudgetsAreForCallsThatAreMade) {
  Bench bench;
  bench.add(
      "pay", [](const Invocation&) { return Outcome::error("no money"); },
      R"({"required":["amount"]})");
  const auto authority = bench.authority({bench.mint("pay", with_calls(2))});
  EXPECT_TRUE(bench.call(*authority, "pay", "{}").starts_with("denied "));
  EXPECT_EQ(bench.call(*authority, "pay", R"({"amount":1})"), "failed no money");
  EXPECT_EQ(bench.call(*authority, "pay", R"({"amount":1})"), "failed no money");
  EXPECT_TRUE(bench.call(*authority, "pay", R"({"amount":1})").starts_with("denied "));
}

TEST(BrokerTest, ResultsAreChargedToBudgetsOfBytes) {
  Bench bench;
  bench.add("long", [](const Invocation&) { return Outcome::of(std::string(100, '1')); });
  cap::Restriction restriction;
  restriction.budget.bytes = 150;
  const auto authority = bench.authority({bench.mint("long", std::move(restriction))});
  EXPECT_EQ(bench.call(*authority, "long"), "ok " + std::string(100, '1'));
  EXPECT_TRUE(bench.call(*authority, "long").starts_with("denied the result was not let through"));
  EXPECT_EQ(bench.events("tool.end").back().find("outcome")->text, "bytes");
  EXPECT_TRUE(bench.call(*authority, "long", R"({"a":")" + std::string(100, 'x') + R"("})")
                  .starts_with("denied "));
  EXPECT_EQ(bench.events("tool.call").size(), 2u);
}

TEST(BrokerTest, TheGuestSeesTheMessageAndTheLogTheDetail) {
  Bench bench;
  bench.add("t", [](const Invocation&) {
    return Outcome::error("not now\x1b[2J", "password=hunter2 at db.cc:17\n");
  });
  bench.add("silent", [](const Invocation&) { return Outcome::error("", "secret"); });
  const auto authority = bench.authority({bench.mint("**")});
  EXPECT_EQ(bench.call(*authority, "t"), "failed not now\\x1b[2J");
  EXPECT_EQ(bench.call(*authority, "silent"), "failed the tool failed");
  EXPECT_EQ(bench.events("tool.end").at(0).find("detail")->text, "password=hunter2 at db.cc:17\n");
  EXPECT_EQ(bench.broker().take_reports().at(0).decision, CallReport::Decision::kFailed);
}

TEST(BrokerTest, ResultsThatAreGarbageDoNotReachTheGuest) {
  Bench bench;
  bench.add("garbage", [](const Invocation&) { return Outcome::of("<html>"); });
  bench.add("none", [](const Invocation&) { return Outcome::of(""); });
  bench.add("two", [](const Invocation&) { return Outcome::of("1 2"); });
  bench.add("long", [](const Invocation&) { return Outcome::of(std::string(17 << 20, '1')); });
  bench.add(
      "wrong", [](const Invocation&) { return Outcome::of("\"text\""); }, {},
      R"({"type":"number"})");
  const auto authority = bench.authority({bench.mint("**")});
  for (const char* name : {"garbage", "none", "two", "long", "wrong"}) {
    const std::string answer = bench.call(*authority, name);
    EXPECT_TRUE(answer.starts_with("failed the tool's result ")) << answer.substr(0, 80);
    EXPECT_EQ(answer.find("html"), std::string::npos);
  }
}

TEST(BrokerTest, ALateHandlerIsNotWaitedFor) {
  Bench bench;
  bool was_cancelled = false;
  bench.add("slow", [&](const Invocation& call) {
    was_cancelled = call.cancelled;
    return Outcome::of("1");
  });
  const auto authority = bench.authority({bench.mint("slow")});
  const auto pending = bench.begin(*authority, "slow");
  EXPECT_EQ(bench.broker().next_deadline(), bench.clock.now + 60'000'000'000);
  bench.clock.now = bench.broker().next_deadline();
  bench.broker().deliver();
  EXPECT_EQ(Bench::text_of(*pending), "failed the tool took too long");
  EXPECT_EQ(bench.broker().next_deadline(), INT64_MAX);
  bench.manual.run_all();  // too late: dropped, whatever it says
  bench.broker().deliver();
  EXPECT_FALSE(was_cancelled);  // it was not even begun
  EXPECT_EQ(bench.events("tool.end").size(), 1u);
}

TEST(BrokerTest, ACallEndsWithItsCapabilitysExpiry) {
  Bench bench;
  bench.add_echo("t");
  cap::Restriction soon;
  soon.expires_ns = bench.clock.realtime_ns() + 5'000'000'000;
  const auto authority = bench.authority({bench.mint("t", std::move(soon))});
  const auto pending = bench.begin(*authority, "t");
  EXPECT_EQ(bench.broker().next_deadline(), bench.clock.now + 5'000'000'000);
  bench.clock.now += 5'000'000'000;
  bench.broker().deliver();
  EXPECT_TRUE(pending->answered());
  EXPECT_TRUE(bench.call(*authority, "t").starts_with("denied "));
  bench.clock.now -= 10'000'000'000;  // a clock that is set back brings nothing back
  EXPECT_TRUE(bench.call(*authority, "t").starts_with("denied "));
}

TEST(BrokerTest, AnExpiryIsPutOnRecordOnceBeforeWhatItEnds) {
  Bench bench;
  bench.add_echo("t");
  bench.add_echo("u");
  cap::Restriction soon, sooner;
  soon.expires_ns = bench.clock.realtime_ns() + 5'000'000'000;
  sooner.expires_ns = bench.clock.realtime_ns() + 1'000'000'000;
  const cap::Capability granted = bench.mint("**", std::move(soon));
  const cap::Capability derived = granted.derive(std::move(sooner)).value();
  const auto all = bench.authority({granted}), less = bench.authority({derived});
  const auto second = bench.begin(*less, "u"), third = bench.begin(*less, "u");
  const auto first = bench.begin(*all, "t");
  bench.clock.now += 1'000'000'000;
  bench.broker().deliver();
  EXPECT_EQ(Bench::text_of(*second), "denied the capability expired during the call");
  EXPECT_EQ(Bench::text_of(*third), "denied the capability expired during the call");
  EXPECT_FALSE(first->answered());
  auto expired = bench.events("capability.expired");
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].find("call")->text, "1");
  EXPECT_EQ(write_json(*expired[0].find("capability")), audit::number_list(derived.chain()));
  const Json ended = bench.events("tool.end").at(0);
  EXPECT_EQ(ended.find("outcome")->text, "expired");
  EXPECT_EQ(std::stoi(ended.find("seq")->text), std::stoi(expired[0].find("seq")->text) + 1);
  bench.clock.now += 4'000'000'000;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(bench.call(*all, "t"), "denied the capability has expired");
    EXPECT_EQ(bench.call(*less, "t"), "denied the capability has expired");
  }
  EXPECT_EQ(Bench::text_of(*first),
            "denied the result was not let through: the capability has expired");
  expired = bench.events("capability.expired");
  ASSERT_EQ(expired.size(), 2u);  // all denials of one expiry are one line
  EXPECT_EQ(write_json(*expired[1].find("capability")), audit::number_list(granted.chain()));
  EXPECT_EQ(write_json(*expired[1].find("pids")), "[7,3,1]");
  EXPECT_EQ(expired[1].find("program")->text, "/usr/bin/agent");
}

TEST(BrokerTest, AHandlerThatGivesUpAtItsDeadlineIsLate) {
  Bench bench;
  bench.add("t", [](const Invocation&) { return Outcome::error("gave up"); });
  cap::Restriction soon;
  soon.expires_ns = bench.clock.realtime_ns() + 5'000'000'000;
  const auto expiring = bench.authority({bench.mint("t", std::move(soon))});
  const auto lasting = bench.authority({bench.mint("t")});
  const auto first = bench.begin(*expiring, "t"), second = bench.begin(*lasting, "t");
  bench.manual.run_all();
  bench.clock.now += 60'000'000'000;
  bench.broker().deliver();
  EXPECT_EQ(Bench::text_of(*first), "denied the capability expired during the call");
  EXPECT_EQ(Bench::text_of(*second), "failed the tool took too long");
  EXPECT_EQ(bench.events("capability.expired").size(), 1u);
  EXPECT_EQ(bench.events("tool.end").size(), 2u);
}

TEST(BrokerTest, AResultThatComesTooLateIsTheFirstToTellOfAnExpiry) {
  Bench bench;
  bench.add_echo("t");
  cap::Restriction soon;
  soon.expires_ns = bench.clock.realtime_ns() + 5'000'000'000;
  const auto authority = bench.authority({bench.mint("t", std::move(soon))});
  const auto pending = bench.begin(*authority, "t");
  bench.manual.run_all();
  bench.clock.now += 5'000'000'000;
  bench.broker().deliver();
  EXPECT_TRUE(Bench::text_of(*pending).starts_with("denied the result was not let through"));
  EXPECT_EQ(bench.events("capability.expired").size(), 1u);
}

// What `cloche check --call` says is what happens, to the nanosecond of an expiry. "2023-11-14
// T22:13:25Z" is five seconds after the bench's clock begins.
TEST(BrokerTest, AnswersAsThePolicySays) {
  const std::string good = R"("where":{"a":{"le":5}})",
                    ends = R"("expires":"2023-11-14T22:13:25Z")",
                    later = R"("expires":"2023-11-14T22:13:26Z")";
  const std::vector<std::string> grants = {
      "{\"tool\":\"t\"}",
      "{\"tool\":\"t\"," + good + "}",
      "{\"tool\":\"t\"," + ends + "}",
      "{\"tool\":\"*\"," + good + "," + ends + "}",
      "{\"tool\":\"**\"," + good + "," + later + "}",
      "{\"tool\":\"t\",\"others\":\"allow\",\"calls\":0," + later + "}",
      "{\"tool\":\"u\",\"others\":\"allow\"}",
  };
  std::vector<std::string> lists = grants;
  for (const std::string& a : grants) {
    for (const std::string& b : grants) lists.push_back(a + "," + b);
  }
  size_t allowed = 0, expired = 0;
  for (const std::string& list : lists) {
    const auto policy = policy::read_policy("{\"version\":1,\"tools\":[" + list +
                                            R"(],"clock":{"resolution":"1s"},"random":{"seed":")" +
                                            std::string(64, '0') + "\"}}");
    ASSERT_TRUE(policy.ok()) << list;
    for (const int64_t offset : {int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{1'000'000'000}}) {
      for (const std::string parameters : {"{}", R"({"a":5})", R"({"a":6})", R"({"a":5,"b":1})"}) {
        Bench bench;
        bench.clock.now = 5'000'000'000 + offset;
        bench.add_echo("t");
        cap::Space space;
        const auto root = bench.tree.mint(cap::Scope::tools("**").value()).value();
        ASSERT_TRUE(policy::install(policy->tools, root, space).ok());
        std::vector<cap::Capability> held;
        for (const cap::Handle handle : space.handles()) held.push_back(space.get(handle).value());
        const auto denial = policy::check_call(
            *policy, "t", read_json(parameters).value(), parameters.size(),
            {.realtime_ns = bench.clock.realtime_ns(), .monotonic_ns = bench.clock.now});
        const auto authority = bench.authority(std::move(held));
        EXPECT_EQ(bench.call(*authority, "t", parameters),
                  denial ? "denied " + denial->text : "ok " + parameters)
            << list << " " << offset;
        allowed += denial ? 0 : 1;
        expired += denial && denial->reason == cap::Reason::kExpired ? 1 : 0;
      }
    }
  }
  EXPECT_GT(allowed, 100u);
  EXPECT_GT(expired, 50u);
}

TEST(BrokerTest, RevocationEndsCallsInFlightOnceAndForGood) {
  Bench bench;
  bench.add_echo("t");
  const cap::Capability capability = bench.mint("t");
  const auto authority = bench.authority({capability});
  const auto first = bench.begin(*authority, "t"), second = bench.begin(*authority, "t");
  bench.manual.jobs[0]();  // its result is in the mailbox when the revocation comes
  EXPECT_EQ(capability.revoke(), 1u);
  bench.broker().deliver();
  EXPECT_EQ(Bench::text_of(*first), "denied the capability was revoked during the call");
  EXPECT_EQ(Bench::text_of(*second), "denied the capability was revoked during the call");
  bench.manual.run_all();
  bench.broker().deliver();
  EXPECT_EQ(bench.events("tool.end").size(), 2u);
  EXPECT_TRUE(bench.call(*authority, "t").starts_with("denied "));
}

TEST(BrokerTest, GivingUpEndsACall) {
  Bench bench;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t")});
  bench.begin(*authority, "t");
  EXPECT_EQ(bench.events("tool.end").at(0).find("outcome")->text, "cancelled");
  bench.manual.run_all();
  bench.broker().deliver();
  EXPECT_EQ(bench.events("tool.end").size(), 1u);
}

TEST(BrokerTest, CallsAtOnceHaveALimit) {
  Bench bench;
  bench.calls_at_once = 2;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t", with_calls(3))});
  const auto a = bench.begin(*authority, "t"), b = bench.begin(*authority, "t");
  EXPECT_TRUE(bench.call(*authority, "t").starts_with("denied more than 2 calls"));
  EXPECT_EQ(bench.reached, std::vector<std::string>{"tool_calls.max /usr/bin/agent"});
  bench.broker().deliver();
  EXPECT_TRUE(a->answered() && b->answered());
  EXPECT_EQ(bench.call(*authority, "t"), "ok {}");  // the refused one was not charged
  bench.manual.room = 0;
  const auto busy = bench.authority({bench.mint("t")});
  EXPECT_EQ(bench.call(*busy, "t"), "failed too many calls are being made");
}

TEST(BrokerTest, WhatCannotBePutOnRecordIsNotDone) {
  Bench bench;
  int handled = 0;
  bench.add("t", [&handled](const Invocation&) {
    ++handled;
    return Outcome::of("1");
  });
  const auto authority = bench.authority({bench.mint("t")});
  char path[] = "/tmp/cloche-broker-XXXXXX";
  const int file = mkstemp(path);
  ASSERT_GE(file, 0);
  {
    // The log's file is bounded, and its folder takes no second one: rotation fails.
    auto log = audit::Log::create({.path = path, .file_bytes = 300}, bench.audit_clock);
    ASSERT_TRUE(log.ok()) << log.error().message;
    BrokerOptions options;
    options.registry = &bench.registry;
    options.audit = log->get();
    options.executor = &bench.manual;
    options.clock = &bench.clock;
    options.ring = [] {};
    Broker broker(std::move(options));
    unlink(path);
    const auto call = broker.call(*authority, {{1}, "/bin/a"}, "t", "{}");
    EXPECT_EQ(Bench::text_of(*call), "denied the audit log cannot be written");
    bench.manual.run_all();
  }
  close(file);
  EXPECT_EQ(handled, 0);
}

TEST(BrokerTest, GuestBytesCannotForgeTheRecord) {
  Bench bench;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t")});
  const std::string forged = "t\"}\n{\"event\":\"tool.call\",\"tool\":\"bank\"";
  EXPECT_TRUE(bench.call(*authority, forged).starts_with("denied "));
  EXPECT_EQ(bench.call(*authority, "t", R"({"x":"\"}\n{\"event\":\"tool.call\""})").substr(0, 3),
            "ok ");
  EXPECT_EQ(bench.events("tool.call").size(), 1u);
  EXPECT_EQ(bench.events("tool.denied").size(), 1u);
}

TEST(BrokerTest, TheLogKeepsParametersAsTheGrantSays) {
  Bench bench;
  bench.add_echo("whole");
  bench.add_echo("hashed");
  bench.add_echo("redacted");
  const cap::Capability hashed = bench.mint("hashed"), redacted = bench.mint("redacted");
  bench.broker().set_audit(hashed, cap::AuditParameters::kHashed);
  const auto authority = bench.authority({bench.mint("whole"), hashed, redacted});
  const std::string secret = R"({"card":"4111"})";
  EXPECT_TRUE(bench.call(*authority, "hashed", "[" + secret).starts_with("denied "));
  EXPECT_EQ(bench.events("tool.denied").back().find("parameters"), nullptr);
  EXPECT_NE(bench.events("tool.denied").back().find("parameters_sha256"), nullptr);
  bench.broker().set_audit(redacted, cap::AuditParameters::kRedacted);
  for (const char* name : {"whole", "hashed", "redacted"}) {
    EXPECT_EQ(bench.call(*authority, name, secret), "ok " + secret);
  }
  EXPECT_TRUE(bench.call(*authority, "none", secret).starts_with("denied "));
  bench.add_echo("picky");
  const auto picky = bench.authority({bench.mint("picky", with_where(R"({"card":{"eq":"5"}})"))});
  EXPECT_NE(bench.call(*picky, "picky", secret).find("4111"), std::string::npos);
  const auto calls = bench.events("tool.call");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(write_json(*calls[0].find("parameters")), secret);
  EXPECT_EQ(calls[1].find("parameters_sha256")->text,
            bench.broker().take_reports().at(2).parameters_sha256);
  EXPECT_EQ(calls[2].find("parameters_sha256"), nullptr);
  EXPECT_EQ(bench.events("tool.denied").back().find("parameters_sha256"), nullptr);
  for (const std::string& line : bench.log->lines()) {
    if (line.find("\"whole\"") == std::string::npos) {
      EXPECT_EQ(line.find("4111"), std::string::npos) << line;
    }
  }
}

TEST(BrokerTest, ListsWhatMayBeCalledWithItsConditions) {
  Bench bench;
  bench.add(
      "pay", [](const Invocation&) { return Outcome::of("1"); }, R"( { "type" : "object" } )");
  bench.add_echo("hidden");
  const auto authority = bench.authority({bench.mint("pay", with_where(R"({"amount":{"le":5}})"))});
  const auto list = read_json(bench.broker().list(*authority));
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->items.size(), 1u);
  EXPECT_EQ(list->items[0].find("tool")->text, "pay");
  EXPECT_NE(list->items[0].find("conditions")->items.at(0).text.find("amount"), std::string::npos);
  const std::string text = bench.broker().describe(*authority, kernel::ToolText::kWords);
  EXPECT_NE(text.find("\npay\n"), std::string::npos);
  EXPECT_NE(text.find(R"(parameters: {"type":"object"})"), std::string::npos);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST(BrokerTest, SixtyFourHandlersRunAtOnce) {
  Bench bench;
  ThreadPool pool({});
  bench.executor = &pool;
  std::atomic<int> running = 0, most = 0;
  bench.add("slow", [&](const Invocation&) {
    const int now_running = ++running;
    for (int seen = most; seen < now_running && !most.compare_exchange_weak(seen, now_running);) {
    }
    while (most < 64) std::this_thread::yield();
    return Outcome::of("1");
  });
  const auto authority = bench.authority({bench.mint("slow", with_calls(64))});
  std::vector<Ref<kernel::ToolCall>> calls;
  for (int i = 0; i < 65; ++i) calls.push_back(bench.begin(*authority, "slow"));
  EXPECT_TRUE(calls.back()->answered());  // the budget is for 64
  calls.pop_back();
  std::unique_lock guard(bench.lock);
  bench.rung.wait(guard, [&bench] { return bench.rings >= 64; });
  guard.unlock();
  bench.broker().deliver();
  for (const auto& call : calls) EXPECT_EQ(Bench::text_of(*call), "ok 1");
  EXPECT_EQ(most, 64);
}

// The broker may end while a handler still runs: what the handler says then is dropped.
TEST(BrokerTest, AHandlerMayOutliveTheBroker) {
  std::mutex lock;
  std::condition_variable changed;
  bool begun = false, go = false, done = false;
  ThreadPool pool({});
  {
    Bench bench;
    bench.executor = &pool;
    bench.add("slow", [&](const Invocation&) {
      std::unique_lock guard(lock);
      begun = true;
      changed.notify_all();
      changed.wait(guard, [&go] { return go; });
      done = true;
      changed.notify_all();
      return Outcome::of("1");
    });
    const auto authority = bench.authority({bench.mint("slow")});
    const auto call = bench.begin(*authority, "slow");
    std::unique_lock guard(lock);
    changed.wait(guard, [&begun] { return begun; });
  }
  std::unique_lock guard(lock);
  go = true;
  changed.notify_all();
  changed.wait(guard, [&done] { return done; });
}

TEST(BrokerTest, ReportsAreTakenByJob) {
  Bench bench;
  bench.add_echo("a");
  const auto authority = bench.authority({bench.mint("a")});
  const auto begin = [&](uint32_t job, const std::string& tool) {
    const kernel::ToolCaller caller{.pids = {9}, .program = "/bin/a", .job = job};
    return bench.broker().call(*authority, caller, tool, "{}");
  };
  const auto denied = begin(1, "b"), first = begin(2, "a"), second = begin(1, "a");
  const auto taken = bench.broker().take_reports(1);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].decision, CallReport::Decision::kDenied);
  EXPECT_EQ(taken[1].decision, CallReport::Decision::kAllowed);
  // Those that were under way end without a report, or in their own.
  bench.manual.run_all();
  bench.broker().deliver();
  EXPECT_EQ(Bench::text_of(*first), "ok {}");
  EXPECT_EQ(Bench::text_of(*second), "ok {}");
  EXPECT_EQ(bench.broker().take_reports(1).size(), 0u);
  const auto rest = bench.broker().take_reports();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].job, 2u);
  EXPECT_EQ(bench.broker().take_count(1), 2u);
  EXPECT_EQ(bench.broker().take_count(1), 0u);
  EXPECT_EQ(bench.broker().take_count(), 1u);
  EXPECT_EQ(bench.broker().totals().calls, 3u);
}

TEST(BrokerTest, LimitsAreThoseOfEachJob) {
  Bench bench;
  bench.add_echo("a");
  const auto authority = bench.authority({bench.mint("a")});
  bench.broker().set_limits({.calls = 2, .bytes = 8});
  const auto begin = [&](uint32_t job) {
    const kernel::ToolCaller caller{.pids = {9}, .program = "/bin/a", .job = job};
    const auto call = bench.broker().call(*authority, caller, "a", "{}");
    bench.manual.run_all();
    bench.broker().deliver();
    return Bench::text_of(*call);
  };
  for (const uint32_t job : {1u, 2u}) {
    EXPECT_EQ(begin(job), "ok {}");
    EXPECT_EQ(begin(job), "ok {}");
    EXPECT_NE(begin(job), "ok {}");
  }
  EXPECT_EQ(bench.broker().take_count(1), 3u);
  EXPECT_EQ(begin(1), "ok {}");  // begins again
}

TEST(BrokerTest, OneJobDoesNotTakeThePlaceOfOthersReports) {
  Bench bench;
  bench.add_echo("a");
  const auto authority = bench.authority({bench.mint("a")});
  const auto begin = [&](uint32_t job) {
    const kernel::ToolCaller caller{.pids = {9}, .program = "/bin/a", .job = job};
    (void)bench.broker().call(*authority, caller, "b", "{}");  // denied
  };
  for (int i = 0; i < 10'050; ++i) begin(1);
  for (int i = 0; i < 150; ++i) begin(2);
  EXPECT_EQ(bench.broker().take_reports(1).size(), 10'000u);
  EXPECT_EQ(bench.broker().take_reports(2).size(), Broker::kKeptOfEach);
}

TEST(NarrowTest, GivesLessAndNeverMore) {
  Bench bench;
  for (const char* name : {"mail/send", "mail/read", "bank"}) bench.add_echo(name);
  const auto all = bench.authority({bench.mint("mail/*", with_calls(3))});
  const kernel::ToolCaller caller{{9}, "/bin/a"};
  const auto narrow = [&](kernel::Authority& from, const std::string& grants) {
    auto less = bench.broker().narrow(from, caller, grants);
    EXPECT_TRUE(less.ok()) << (less.ok() ? "" : less.error());
    return *less;
  };
  const auto less = narrow(*all, R"([{"tool":"mail/read","others":"allow","calls":1}])");
  EXPECT_TRUE(bench.call(*less, "mail/send").starts_with("denied "));
  EXPECT_EQ(bench.call(*less, "mail/read"), "ok {}");
  EXPECT_TRUE(bench.call(*less, "mail/read").starts_with("denied "));
  // What is asked for beyond what is held is not there, whatever the words.
  const auto wide = narrow(*all, R"([{"tool":"**","others":"allow"}])");
  EXPECT_TRUE(bench.call(*wide, "bank").starts_with("denied "));
  EXPECT_EQ(bench.call(*wide, "mail/send"), "ok {}");
  EXPECT_EQ(bench.call(*all, "mail/send"), "ok {}");
  // All of them were charged to the one budget above.
  EXPECT_TRUE(bench.call(*all, "mail/send").starts_with("denied "));
  EXPECT_TRUE(bench.call(*wide, "mail/read").starts_with("denied "));
}

TEST(NarrowTest, RefusesWhatItCannotMean) {
  Bench bench;
  bench.add_echo("a/b");
  const auto two = bench.authority({bench.mint("a/*"), bench.mint("a/b")});
  for (const char* grants : {"", "{}", "[", R"([{"tool":"a/b","where":{"x":{"gte":1}}}])",
                             R"([{"tool":"a/b","call":1}])", R"([{"where":{}}])",
                             R"([{"tool":"c"}])", R"([{"tool":"a/b","calls":1}])", "[1]"}) {
    const auto less = bench.broker().narrow(*two, {{1}, "/bin/a"}, grants);
    ASSERT_FALSE(less.ok()) << grants;
    EXPECT_FALSE(less.error().empty());
  }
  const auto none = bench.broker().narrow(*two, {{1}, "/bin/a"}, "[]");
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(bench.call(**none, "a/b").starts_with("denied "));
}

TEST(NarrowTest, RevokingEndsWhatWasDerivedAndNothingElse) {
  Bench bench;
  bench.add_echo("t");
  const auto all = bench.authority({bench.mint("t")});
  const kernel::ToolCaller caller{{9}, "/bin/a"};
  const auto child = bench.broker().narrow(*all, caller, R"([{"tool":"t","others":"allow"}])");
  ASSERT_TRUE(child.ok());
  const auto grandchild =
      bench.broker().narrow(**child, caller, R"([{"tool":"t","others":"allow"}])");
  ASSERT_TRUE(grandchild.ok());
  const auto flying = bench.begin(**grandchild, "t");
  EXPECT_EQ(bench.broker().revoke(**child, caller), 2u);
  bench.broker().deliver();
  EXPECT_TRUE(Bench::text_of(*flying).starts_with("denied "));
  EXPECT_TRUE(bench.call(**grandchild, "t").starts_with("denied "));
  EXPECT_EQ(bench.call(*all, "t"), "ok {}");
  EXPECT_EQ(bench.broker().revoke(**child, caller), 0u);
  EXPECT_EQ(bench.events("capability.derived").size(), 2u);
  EXPECT_EQ(bench.events("capability.revoked").size(), 2u);
}

TEST(RegistryTest, RefusesWhatIsNoTool) {
  Registry registry;
  const auto handler = std::make_shared<testing::FunctionHandler>(
      [](const Invocation&) { return Outcome::of("1"); });
  const auto add = [&](Tool tool) {
    const Status added = registry.add(std::move(tool));
    return added.ok() ? std::string("ok") : code_name(added.error().code);
  };
  EXPECT_EQ(add({.name = "a/b", .handler = handler}), "ok");
  EXPECT_EQ(add({.name = "a/b", .handler = handler}), code_name(Code::kExists));
  EXPECT_EQ(add({.name = "A/b", .handler = handler}), code_name(Code::kExists));
  EXPECT_EQ(add({.name = "a b", .handler = handler}), code_name(Code::kInvalidArgument));
  EXPECT_EQ(add({.name = "", .handler = handler}), code_name(Code::kInvalidArgument));
  EXPECT_EQ(add({.name = "c"}), code_name(Code::kInvalidArgument));
  EXPECT_EQ(add({.name = "d", .parameters = "{", .handler = handler}), code_name(Code::kMalformed));
  EXPECT_EQ(add({.name = "d", .parameters = R"({"type":"nonsense"})", .handler = handler}),
            code_name(Code::kMalformed));
  EXPECT_EQ(add({.name = "d", .result = "7", .handler = handler}), code_name(Code::kMalformed));
  EXPECT_EQ(registry.find("d"), nullptr);
}

TEST(BrokerTest, LimitsOfARunCountAllCallsTogether) {
  Bench bench;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t")});
  bench.broker().set_limits({.calls = 2});
  EXPECT_EQ(bench.call(*authority, "t").substr(0, 2), "ok");
  EXPECT_EQ(bench.call(*authority, "none").substr(0, 6), "denied");  // an attempt counts, too
  EXPECT_EQ(bench.call(*authority, "t"), "denied tools.calls: 2 calls were made in this run");
  EXPECT_EQ(bench.reached, std::vector<std::string>{"tools.calls /usr/bin/agent"});
  EXPECT_EQ(bench.broker().take_count(), 3u);
  EXPECT_EQ(bench.call(*authority, "t").substr(0, 2), "ok");  // the next run
}

TEST(BrokerTest, BytesOfParametersAndResultsAreLimited) {
  Bench bench;
  bench.add_echo("t");
  const auto authority = bench.authority({bench.mint("t")});
  bench.broker().set_limits({.bytes = 10});
  EXPECT_EQ(bench.call(*authority, "t", "{}").substr(0, 2), "ok");
  EXPECT_EQ(bench.call(*authority, "t", R"({"a": "0123456789"})").substr(0, 19),
            "denied tools.bytes:");
}

}  // namespace
}  // namespace cloche::tools
