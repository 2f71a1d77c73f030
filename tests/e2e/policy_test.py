"""Policies: what --policy grants and how options narrow it, and what `cloche check` says of it."""

import json
import shutil
import time
import unittest

from support import LIMIT, OWN_ERROR, TestCase, command, run

DENIED, WRONG = 77, 2
TOOLS = ("--tool", "payments/transfer=cat", "--tool", "catalog/price=echo 1", "--tool", "catalog/stock=echo 2",
         "--tool", "admin/drop=echo 3")
TRANSFER = {"tool": "payments/transfer", "calls": 3,
            "where": {"amount": {"gt": 0, "le": 100}, "to/iban": {"starts_with": "DE"},
                      "note": {"max_length": 10, "optional": True}}}


class PolicyCase(TestCase):
    def policy(self, **parts):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"version": 1, **parts}, indent=1))
        return path

    def call(self, policy, tool, parameters, *options):
        """The exit code of `tool call` in a fresh sandbox."""
        return run("--policy", policy, *TOOLS, *options, "--", "tool", "call", tool, "--json",
                   parameters if isinstance(parameters, str) else json.dumps(parameters)).code


class Grants(PolicyCase):
    def test_check_answers_what_the_sandbox_does(self):
        policy = self.policy(tools=[TRANSFER, {"tool": "catalog/*", "others": "allow"}])
        iban = {"iban": "DE02"}
        for tool, parameters in (
                ("payments/transfer", {"amount": 100, "to": iban}),
                ("payments/transfer", {"amount": 100, "to": iban, "note": "0123456789"}),
                ("payments/transfer", {"amount": 100, "to": iban, "note": "01234567890"}),
                ("payments/transfer", {"amount": 0, "to": iban}),
                ("payments/transfer", '{"amount": 1e-400, "to": {"iban": "DE"}}'),
                ("payments/transfer", '{"amount": 100.00000000000000000001, "to": {"iban": "DE"}}'),
                ("payments/transfer", {"amount": "100", "to": iban}),
                ("payments/transfer", {"amount": None, "to": iban}),
                ("payments/transfer", {"to": iban}),
                ("payments/transfer", {"amount": 1, "to": "DE02"}),
                ("payments/transfer", {"amount": 1, "to": {"iban": "FR02"}}),
                ("payments/transfer", {"amount": 1, "to": dict(iban, bic="X")}),
                ("payments/transfer", {"amount": 1, "to": iban, "extra": 1}),
                ("payments/transfer", '{"amount": 1, "amount": 1000, "to": {"iban": "DE"}}'),
                ("payments/transfer", "[]"),
                ("payments/Transfer", {"amount": 1, "to": iban}),
                ("catalog/price", {"anything": [1, 2]}),
                ("catalog/price/x", {}),
                ("admin/drop", {})):
            with self.subTest(tool=tool, parameters=parameters):
                text = parameters if isinstance(parameters, str) else json.dumps(parameters)
                checked = command("check", policy, "--call", tool, text)
                self.assertIn(checked.code, (0, DENIED), checked)
                self.assertEqual(self.call(policy, tool, parameters), checked.code, checked)

    def test_budgets_hold_for_all_processes_together(self):
        policy = self.policy(tools=[TRANSFER])
        script = """seq 8 | xargs -P 8 -I{} tool call payments/transfer --amount {} --to/iban DE1 2>/dev/null | wc -l"""
        self.assertEqual(run("--policy", policy, *TOOLS, "-c", script).out, "3\n")

    def test_no_policy_part_grants_nothing(self):
        for parts in ({}, {"tools": []}, {"tools": [{"tool": "payments/*"}]}):
            with self.subTest(parts=parts):
                self.assertEqual(self.call(self.policy(**parts), "payments/transfer", {"amount": 1}), DENIED)

    def test_allow_tool_narrows(self):
        policy = self.policy(tools=[{"tool": "catalog/*", "others": "allow", "calls": 1}])
        self.assertEqual(self.call(policy, "catalog/price", {}, "--allow-tool", "catalog/price"), 0)
        self.assertEqual(self.call(policy, "catalog/stock", {}, "--allow-tool", "catalog/price"), DENIED)
        self.assertEqual(self.call(policy, "admin/drop", {}, "--allow-tool", "admin/drop"), DENIED)
        done = run("--policy", policy, *TOOLS, "--allow-tool", "catalog/price", "--allow-tool", "catalog/**",
                   "-c", "tool call catalog/price; tool call catalog/price; tool call catalog/stock")
        self.assertEqual((done.code, done.out), (DENIED, "1\n"))  # one budget, however it is reached

    def test_an_expired_grant(self):
        policy = self.policy(tools=[{"tool": "catalog/*", "expires": "2020-01-01T00:00:00Z"}])
        self.assertEqual(self.call(policy, "catalog/price", {}), DENIED)

    def test_the_audit_keeps_parameters_as_the_grant_says(self):
        log = self.folder / "audit.jsonl"
        policy = self.policy(tools=[{"tool": "catalog/*", "others": "allow", "audit": "redacted"}])
        run("--policy", policy, *TOOLS, "--audit", log, "--", "tool", "call", "catalog/price", "--json", '{"a":"4711"}')
        calls = [line for line in log.read_text().splitlines() if '"event":"tool.' in line]
        self.assertEqual(len(calls), 2)
        self.assertNotIn("4711", "".join(calls))


class Others(PolicyCase):
    def test_mounts(self):
        data = self.folder / "data"
        data.mkdir()
        (data / "a").write_text("here\n")
        policy = self.policy(mounts=[{"host": "./data", "guest": "/data", "mode": "rw"}])
        self.assertEqual(run("--policy", policy, "-c", "cat /data/a; echo b > /data/b").out, "here\n")
        self.assertEqual((data / "b").read_text(), "b\n")
        done = run("--policy", policy, "-v", f"{data}:/data:ro", "-c", "cat /data/a; echo c > /data/c")
        self.assertEqual((done.out, done.code), ("here\n", 1))
        read_only = self.policy(mounts=[{"host": str(data), "guest": "/data", "mode": "ro"}])
        for mount in (f"{data}:/data:rw", f"{data}:/data:cow", f"{data}:/other", f"{self.folder}:/data", "/etc:/etc2"):
            with self.subTest(mount=mount):
                self.assert_refused(run("--policy", read_only, "-v", mount, "--", "true"), OWN_ERROR, "does not grant")

    def test_environment(self):
        policy = self.policy(env={"A": "1", "B": "2"})
        self.assertEqual(run("--policy", policy, "-e", "A=1", "-c", "echo $A$B").out, "12\n")
        for variable in ("A=2", "C=1"):
            self.assert_refused(run("--policy", policy, "-e", variable, "--", "true"), OWN_ERROR, "does not grant")

    def test_of_two_limits_the_smaller_holds(self):
        policy = self.policy(limits={"cpu.time": "200ms", "output.max": "1K"})
        busy = "while :; do :; done"
        self.assertEqual(run("--policy", policy, "-c", busy).code, LIMIT)
        self.assertEqual(run("--policy", policy, "--cpu-time", "0", "-c", busy).code, LIMIT)
        self.assertEqual(run("--policy", policy, "--timeout", "300ms", "-c", "sleep 5").code, 124)
        self.assertEqual(run("--policy", policy, "--output", "1M", "-c", "head -c 5000 /dev/zero").code, LIMIT)
        self.assertEqual(run("--policy", policy, "--output", "100", "-c", "head -c 500 /dev/zero").code, LIMIT)
        self.assertEqual(run("--policy", policy, "-c", "head -c 500 /dev/zero").code, 0)

    def test_shares_of_the_cpu(self):
        policy = self.policy(limits={"cpu.max": "0.5", "cpuset": "0", "cpu.weight": 10})
        busy = "while :; do :; done"
        start = time.monotonic()
        self.assertEqual(run("--policy", policy, "--cpu-time", "300ms", "-c", busy).code, LIMIT)
        self.assertGreater(time.monotonic() - start, 0.5)
        start = time.monotonic()  # of two the smaller holds
        self.assertEqual(run("--policy", policy, "--cpus", "0.25", "--cpu-time", "200ms", "-c", busy).code, LIMIT)
        self.assertGreater(time.monotonic() - start, 0.6)
        self.assert_refused(run("--policy", policy, "--cpu-affinity", "1", "--", "true"), OWN_ERROR, "in common")


SEED, OTHER_SEED = "ab" * 32, "cd" * 32
DRAW = "od -An -N16 -tx1 /dev/urandom"


class ClockAndRandom(PolicyCase):
    # Two processes at a time, which draw in whatever order they run; AT_RANDOM and getrandom, too.
    SCRIPT = f"""{DRAW}; {DRAW} | cat; cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id
                 mktemp -u; ({DRAW}; {DRAW}) > a & ({DRAW}; {DRAW}) > b & wait; cat a b; shuf -i 1-4000000000 -n 5"""

    def draw(self, *options):
        done = run(*options, "-c", self.SCRIPT)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.out

    def test_the_same_seed_gives_the_same_numbers(self):
        first = self.draw("--random-seed", SEED)
        self.assertEqual(len(set(first.splitlines())), len(first.splitlines()))
        for _ in range(3):
            self.assertEqual(self.draw("--random-seed", SEED), first)
        self.assertEqual(self.draw("--policy", self.policy(random={"seed": SEED.upper()})), first)
        others = [self.draw("--random-seed", OTHER_SEED), self.draw(), self.draw()]
        lines = [line for text in others for line in text.splitlines()] + first.splitlines()
        self.assertEqual(len(set(lines)), len(lines))

    def test_a_policys_seed_stands(self):
        policy = self.policy(random={"seed": SEED})
        self.assertEqual(run("--policy", policy, "--random-seed", SEED, "-c", DRAW).out, run("--policy", policy, "-c", DRAW).out)
        self.assert_refused(run("--policy", policy, "--random-seed", OTHER_SEED, "--", "true"), OWN_ERROR, "not the policy's")
        without = run("--policy", self.policy(), "--random-seed", SEED, "-c", DRAW)
        self.assertEqual(without.out, run("--random-seed", SEED, "-c", DRAW).out)
        for seed in ("", "ab", SEED + "0", SEED[1:] + "g", "0x" + SEED[2:]):
            self.assert_refused(run("--random-seed", seed, "--", "true"), OWN_ERROR, "seed")

    def nanoseconds(self, *options):
        """What the clocks say: of the day, of files in memory and of the host, of CPU time."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)  # older files keep their times
        (self.folder / "data").mkdir()
        script = """for i in 1 2 3; do date +%N; done
                    : > /tmp/f; : > /data/f; stat -c '%.9X %.9Y %.9Z' /tmp/f /data/f | tr ' ' '\n' | cut -d . -f 2
                    for i in 1 2 3; do read -r up _ < /proc/uptime; echo "${up#*.}0000000"; done
                    times | tr -s ' ms' '\n' | grep '\.' | sed 's/.*\.//; s/$/000000/'"""
        done = run("-v", f"{self.folder}/data:/data:rw", *options, "-c", script)
        self.assertEqual((done.code, done.err), (0, ""))
        return [int(word[-9:]) for word in done.out.split()]

    def test_clocks_are_rounded(self):
        for options, step in (((), 100_000), (("--clock-resolution", "1ms"), 1_000_000), (("--clock-resolution", "1s"), 10**9),
                              (("--clock-resolution", "7us"), 1000)):
            with self.subTest(options=options):
                read = self.nanoseconds(*options)
                self.assertGreater(len(read), 10)
                self.assertEqual([ns for ns in read if ns % step], [])
        exact = self.nanoseconds("--clock-resolution", "1ns")
        self.assertTrue([ns for ns in exact if ns % 100_000], exact)

    def test_waiting_is_exact(self):
        start = time.monotonic()
        self.assertEqual(run("--clock-resolution", "1s", "-c", "for i in 1 2 3 4; do sleep 0.01; done; read -t 0.1 < <(sleep 9)").code, 142)
        self.assertLess(time.monotonic() - start, 3)
        self.assertEqual(run("--clock-resolution", "1s", "--timeout", "300ms", "-c", "while :; do :; done").code, 124)
        done = run("-c", "a=${EPOCHREALTIME/./}; sleep 0.02; b=${EPOCHREALTIME/./}; echo $((b - a >= 20000 && b - a < 2000000))")
        self.assertEqual(done.out, "1\n")

    def test_only_a_coarser_clock_may_be_asked_for(self):
        coarse = self.policy(clock={"resolution": "1ms"})
        ticks = "date +%N | cut -c 4-"
        self.assertEqual(run("--policy", coarse, "-c", ticks).out, "000000\n")
        self.assertEqual(run("--policy", coarse, "--clock-resolution", "1s", "-c", "date +%N").out, "000000000\n")
        self.assertEqual(run("--policy", coarse, "--clock-resolution", "1ms", "--", "true").code, 0)
        self.assert_refused(run("--policy", coarse, "--clock-resolution", "999us", "--", "true"), OWN_ERROR, "999us", "1ms")
        self.assert_refused(run("--policy", self.policy(), "--clock-resolution", "99us", "--", "true"), OWN_ERROR, "100us")
        self.assertEqual(run("--clock-resolution", "99us", "--", "true").code, 0)  # without a policy
        fine = self.policy(clock={"resolution": "1us"})
        self.assertEqual(run("--policy", fine, "--clock-resolution", "2us", "--", "true").code, 0)

    def test_check_tells_of_both(self):
        done = command("check", self.policy(clock={"resolution": "1ms"}, random={"seed": SEED}))
        self.assertIn("rounded down to 1ms", done.out)
        self.assertIn(SEED, done.out)
        path = self.folder / "policy.json"
        path.write_text('{"version": 1,\n "clock": {"resolution": "2s"},\n "random": {"sed": 1}}\n')
        done = command("check", path)
        self.assertEqual(done.code, WRONG)
        self.assertIn(":2:26: ", done.err)
        self.assertIn('did you mean "seed"?', done.err)
        self.assertEqual(run("--policy", path, "--", "true").code, OWN_ERROR)


class Check(PolicyCase):
    def test_says_in_words_what_is_granted(self):
        done = command("check", self.policy(tools=[TRANSFER]))
        self.assertEqual((done.code, done.err), (0, ""))
        for words in ("payments/transfer", "at most 3 times", "amount above 0 up to 100"):
            self.assertIn(words, done.out)
        value = json.loads(command("check", self.policy(tools=[TRANSFER]), "--json").out)
        self.assertIs(value["ok"], True)

    def test_finds_every_mistake_with_its_place(self):
        path = self.folder / "policy.json"
        path.write_text('{"version": 1,\n "tols": [],\n "tools": [{"tool": "a",\n  "where": {"x": {"gte": 1}},\n'
                        '  "cals": 3, "expires": "soon"}],\n "limits": {"memory.max": "1X", "pid.max": 1}}\n')
        done = command("check", path)
        self.assertEqual((done.code, done.out), (WRONG, ""))
        for place, word in (("2:2", "tools"), ("4:", "ge"), ("5:3", "calls"), ("5:25", "2027-01-01"), ("6:27", "256M"),
                            ("6:", "pids.max")):
            line = [line for line in done.err.splitlines() if f"{path}:{place}" in line and word in line]
            self.assertTrue(line, (place, word, done.err))
        self.assertEqual(len(json.loads(command("check", path, "--json").out)["mistakes"]), 6)
        refused = run("--policy", path, "--", "true")
        self.assertEqual((refused.code, refused.out), (OWN_ERROR, ""))
        self.assertIn("did you mean", refused.err)

    def test_a_typo_in_any_key_is_refused(self):
        good = {"version": 1, "tools": [dict(TRANSFER, others="refuse", bytes=10, audit="whole",
                                             rate={"calls": 1, "per": "1m"}, expires="2100-01-01T00:00:00Z")],
                "mounts": [{"host": "/tmp", "guest": "/m", "mode": "ro"}], "env": {"A": "1"},
                "limits": {"cpu.time": "1s", "memory.max": "64M"}, "clock": {"resolution": "1ms"},
                "random": {"seed": "00" * 32}}
        path = self.folder / "policy.json"
        path.write_text(json.dumps(good))
        self.assertEqual(command("check", path).code, 0)
        checked = 0

        def spoil(value, free):
            nonlocal checked
            if isinstance(value, list):
                for item in value:
                    spoil(item, False)
            if not isinstance(value, dict):
                return
            for key in list(value):
                inner = value.pop(key)
                if not free:
                    value[key + "x"] = inner
                    path.write_text(json.dumps(good))
                    self.assertEqual(command("check", path).code, WRONG, key)
                    checked += 1
                    del value[key + "x"]
                value[key] = inner
                spoil(inner, key in ("env", "where"))

        spoil(good, False)
        self.assertGreaterEqual(checked, 22)

    def test_files_that_are_no_policy(self):
        for text in ("", "{", "[]", "{}", '{"version": 2}', '{"version": 1, "version": 1}', "null", '{"version": "1"}'):
            with self.subTest(text=text):
                path = self.folder / "policy.json"
                path.write_text(text)
                self.assertEqual(command("check", path).code, WRONG)
                self.assertEqual(run("--policy", path, "--", "true").code, OWN_ERROR)
        self.assertEqual(command("check", self.folder / "none").code, OWN_ERROR)


if __name__ == "__main__":
    unittest.main()
