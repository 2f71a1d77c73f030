"""Tools of the host: what may be called, by whom, and what the log says about it."""

import hashlib
import json
import os
import shutil
import signal
import stat
import time
import unittest

from support import CLOCHE, OWN_ERROR, TIMEOUT, TestCase, command, result, run

DENIED = 77
ECHO = ("--tool", "echo=cat", "--allow-tool", "echo")


def audit_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Calls(TestCase):
    def test_a_call_reaches_the_command_and_comes_back(self):
        done = run(*ECHO, "--", "tool", "call", "echo", "--a", "1", "--b", "two")
        self.assertEqual((done.code, json.loads(done.out)), (0, {"a": 1, "b": "two"}))

    def test_parameters_by_json_and_by_standard_input(self):
        done = run(*ECHO, "--", "tool", "call", "echo", "--json", '{"x": [1, {"y": null}]}')
        self.assertEqual(json.loads(done.out), {"x": [1, {"y": None}]})
        done = run(*ECHO, "-c", "echo '{\"x\":12345678901234567890.5}' | tool call echo --json - | cat")
        self.assertEqual(done.out, '{"x":12345678901234567890.5}\n')

    def test_a_shell_needs_no_program_to_call(self):
        script = r"""exec 5<>/dev/tool
                     printf 'call echo 7\n{"a":1}' >&5
                     read -r status length <&5
                     read -r -N "$length" body <&5
                     echo "$status $length $body" """
        self.assertEqual(run(*ECHO, "-c", script).out, 'ok 7 {"a":1}\n')

    def test_calls_run_in_parallel(self):
        start = time.monotonic()
        done = run("--tool", "slow=sleep 1; echo 1", "--allow-tool", "slow",
                   "-c", "seq 8 | xargs -P 8 -I{} tool call slow | wc -l")
        self.assertEqual(done.out, "8\n")
        self.assertLess(time.monotonic() - start, 6)  # one after the other it would be 8

    def test_large_parameters_and_results(self):
        done = run(*ECHO, "-c", """
            { printf '{"x":"'; head -c 3000000 /dev/zero | tr '\\0' a; printf '"}'; } > in.json
            tool call echo --json - < in.json > out.json
            tail -c 4 out.json; cmp in.json <(head -c -1 out.json) && wc -c < out.json""")
        self.assertEqual((done.out, done.err), ('aa"}\n'[1:] + "3000009\n", ""))

    def test_the_result_object_tells_of_the_calls(self):
        value = result(*ECHO, "-c", "tool call echo --a 1 >/dev/null; tool call other; true")
        first, second = value["tool_calls"]
        self.assertEqual((first["tool"], first["decision"], first["reason"]), ("echo", "allowed", None))
        self.assertEqual(first["params_sha256"], hashlib.sha256(b'{"a":1}').hexdigest())
        self.assertGreater(first["ms"], 0)
        self.assertEqual((second["tool"], second["decision"]), ("other", "denied"))
        self.assertEqual(value["usage"]["tool_calls"], 2)


class Denials(TestCase):
    def test_a_tool_without_a_grant_cannot_be_called(self):
        mark = self.folder / "called"
        done = run("--tool", f"t=touch {mark}; echo 1", "--", "tool", "call", "t")
        self.assertEqual((done.code, done.out), (DENIED, ""))
        self.assertTrue(done.err.startswith("tool: denied: "), done.err)
        self.assertFalse(mark.exists())

    def test_a_grant_is_for_the_names_that_it_names(self):
        options = ("--tool", "a/b=echo 1", "--tool", "a/b/c=echo 2", "--tool", "ab=echo 3")
        script = "for t in a/b a/b/c ab A/b a/b/ a//b a/../ab '*'; do tool call $t 2>/dev/null; echo $?; done"
        self.assertEqual(run(*options, "--allow-tool", "a/*", "-c", script).out.split(),
                         ["1", "0", "77", "77", "77", "77", "77", "77", "77"])
        self.assertEqual(run(*options, "--allow-tool", "a/**", "-c", script).out.split(),
                         ["1", "0", "2", "0", "77", "77", "77", "77", "77", "77"])

    def test_a_sandbox_without_tools_has_no_door(self):
        done = run("-c", "ls /dev/tool; tool list")
        self.assertNotEqual(done.code, 0)
        self.assertIn("this sandbox has no tools", done.err)

    def test_hostile_parameters_are_denied(self):
        bad = ["", "1", "[]", '{"a":1,"a":2}', '{"a":"\\ud800"}', "{}{}", "{'a':1}", "[" * 10000]
        for text in bad:
            with self.subTest(text=text[:20]):
                done = run(*ECHO, "--", "tool", "call", "echo", f"--json={text}")
                self.assertEqual((done.code, done.out), (DENIED, ""), done.err)


class Failures(TestCase):
    def call(self, command, *more):
        return run("--tool", f"t={command}", "--allow-tool", "t", *more, "--", "tool", "call", "t")

    def test_a_failing_command_tells_the_guest_nothing_of_its_own(self):
        log = self.folder / "audit.jsonl"
        done = self.call("echo out; echo password >&2; exit 3", "--audit", log)
        self.assertEqual((done.code, done.out, done.err), (1, "", "tool: the tool failed\n"))
        end = [line for line in audit_lines(log) if line["event"] == "tool.end"]
        self.assertIn("password", end[0]["detail"])
        self.assertIn("exit status 3", end[0]["detail"])

    def test_garbage_is_no_result(self):
        for command in ("echo not json", "true", "echo 1 2", "head -c 20000000 /dev/zero"):
            with self.subTest(command=command):
                done = self.call(command)
                self.assertEqual((done.code, done.out), (1, ""), done.err)

    def assert_ended(self, pid_file):
        """Nothing of the process group is left, which takes no longer than the kernel does."""
        group = int(pid_file.read_text())
        for _ in range(100):
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
        self.fail("the command runs on")

    def test_a_hanging_command_ends_with_the_sandbox(self):
        pid_file = self.folder / "pid"
        start = time.monotonic()
        done = self.call(f"echo $$ > {pid_file}; sleep 77777", "--timeout", "500ms")
        self.assertEqual(done.code, TIMEOUT)
        self.assertLess(time.monotonic() - start, 20)
        self.assert_ended(pid_file)

    def test_a_command_that_the_guest_gives_up_ends_with_the_sandbox(self):
        pid_file = self.folder / "pid"
        tool = f"echo $$ > {pid_file}; trap '' TERM HUP; sleep 77777"
        done = run("--tool", f"t={tool}", "--allow-tool", "t", "-v", f"{self.folder}:/mnt",
                   "-c", "exec 5<>/dev/tool; printf 'call t 2\\n{}' >&5; until [ -s /mnt/pid ]; do :; done; exec 5>&-")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assert_ended(pid_file)

    def test_the_command_does_not_get_the_sandboxs_descriptors(self):
        done = self.call("ls /proc/self/fd | wc -l")
        self.assertEqual(done.out, "4\n")  # 0, 1, 2 and the folder that ls reads


class Delegation(TestCase):
    OPTIONS = ("--tool", "a=echo 1", "--tool", "b=echo 2", "--allow-tool", "*")

    def test_only_leaves_nothing_else(self):
        script = "tool list; tool call a; tool call b; bash -c 'tool call b'; tool only b -- tool list"
        done = run(*self.OPTIONS, "--", "tool", "only", "a", "--", "bash", "-c", script)
        self.assertEqual(done.out, "a\n1\n")
        self.assertEqual(done.err.count("denied"), 2)
        self.assertIn("nothing is held for 'b'", done.err)

    def test_a_budget_is_shared_by_all_who_got_it(self):
        script = "for i in 1 2 3; do tool only a -- tool call a & done; wait"
        done = run(*self.OPTIONS, "--", "tool", "only", '{"tool": "a", "calls": 2}', "--", "bash", "-c", script)
        self.assertEqual(done.out, "1\n1\n")

    def test_an_open_device_lends_what_it_holds(self):
        script = """exec 5<>/dev/tool
                    tool only a -- bash -c 'tool call b; printf "call b 2\\n{}" >&5; cat <&5'"""
        done = run(*self.OPTIONS, "-c", script)
        self.assertEqual(done.out, "ok 1\n2")
        self.assertIn("denied", done.err)

    def test_what_was_handed_on_can_be_taken_back(self):
        script = """exec 5<>/dev/tool
                    printf 'narrow 31\\n[{"tool":"a","others":"allow"}]' >&5; cat <&5
                    ask() { printf 'call a 2\\n{}' >&5; cat <&5; echo; }
                    (ask); printf 'revoke\\n' >&5; cat <&5; echo; (ask); tool call a"""
        lines = run(*self.OPTIONS, "-c", script).out.splitlines()
        self.assertEqual(lines[:5], ["ok 0", "ok 1", "1", "ok 1", "1"])
        self.assertTrue(lines[5].startswith("denied "), lines)
        self.assertEqual(lines[-1], "1")  # what this process holds itself is untouched

    def test_completion(self):
        script = """c() { COMP_LINE="tool $1" tool complete tool "$2" "$3"; }
                    c '' '' tool; echo; c 'call ' '' call; echo; c 'show b' b show"""
        self.assertEqual(run(*self.OPTIONS, "-c", script).out, "list\nshow\ncall\nonly\n\na\nb\n\nb\n")


class Listing(TestCase):
    def test_lists_what_may_be_called_only(self):
        options = ("--tool", "a=cat", "--tool", "b=cat", "--allow-tool", "a")
        self.assertEqual(run(*options, "--", "tool", "list").out, "a\n")
        self.assertEqual([t["tool"] for t in json.loads(run(*options, "--", "tool", "list", "--json").out)], ["a"])
        done = run(*options, "-c", "cat /run/tools/tools.json; cat /run/tools/tools.txt")
        self.assertEqual(json.loads(done.out.splitlines()[0])[0]["tool"], "a")
        self.assertNotIn("\nb\n", done.out)
        self.assertEqual(run(*options, "--", "tool", "show", "b").code, DENIED)

    def test_wrong_usage(self):
        for words in ([], ["no"], ["call"], ["show"], ["call", "a b"], ["call", "echo", "x"],
                      ["call", "echo", "--json"], ["call", "echo", "--json", "{}", "--a", "1"]):
            with self.subTest(words=words):
                self.assertEqual(run(*ECHO, "--", "tool", *words).code, 2)


class Options(TestCase):
    def test_bad_options(self):
        for options, message in (
                (("--tool", "t"), "is not NAME=COMMAND"),
                (("--tool", "t="), "is not NAME=COMMAND"),
                (("--tool", "a b=cat"), "a b"),
                (("--tool", "t=cat", "--tool", "t=cat"), "two tools 't'"),
                (("--tool", "t=cat", "--tool", "T=cat"), "capital letters"),
                (("--tool", "t=cat", "--allow-tool", "u"), "there is no tool of that name; there are t"),
                (("--tool", "t=cat", "--allow-tool", "t*"), "t*"),
                (("--audit", "/no/such/folder/a"), "/no/such/folder/a"),
                (("--audit", "/dev/null"), "not a regular file")):
            with self.subTest(options=options):
                done = run(*options, "--", "true")
                self.assertEqual(done.code, OWN_ERROR)
                self.assertIn(message, done.err)


class Audit(TestCase):
    def setUp(self):
        super().setUp()
        self.log = self.folder / "audit.jsonl"

    def test_says_what_happened_in_order(self):
        run(*ECHO, "-v", f"{self.folder}:/data:rw", "-e", "A=1", "--audit", self.log,
            "-c", "tool call echo --a 1; tool call no")
        lines = audit_lines(self.log)
        self.assertEqual([line["event"] for line in lines],
                         ["audit.begin", "sandbox.start", "run.start", "program.start", "program.start", "tool.call", "tool.end",
                          "program.start", "tool.denied", "run.end", "audit.end"])
        self.assertEqual([line["seq"] for line in lines], list(range(1, 12)))
        self.assertEqual((lines[1]["mounts"], lines[1]["env"]), ([f"{self.folder}:/data:rw"], ["A"]))
        self.assertEqual(lines[2]["argv"][:2], ["bash", "-c"])
        self.assertEqual(lines[4]["argv"], ["tool", "call", "echo", "--a", "1"])
        call = lines[5]
        self.assertEqual((call["tool"], call["parameters"]), ("echo", {"a": 1}))
        self.assertEqual((call["program"], call["pids"]), ("/usr/bin/tool", lines[4]["pids"]))
        self.assertEqual(len(call["pids"]), 2)
        self.assertEqual(stat.S_IMODE(os.stat(self.log).st_mode), 0o600)

    def test_the_chain_is_as_documented(self):
        run(*ECHO, "--audit", self.log, "--", "tool", "call", "echo")
        run(*ECHO, "--audit", self.log, "--", "tool", "call", "echo")  # continues it
        previous = "0" * 64
        with open(self.log, "rb") as file:
            for line in file:
                body, key, rest = line.rpartition(b',"hash":')
                self.assertTrue(key)
                value = json.loads(line)
                self.assertEqual(value["prev"], previous)
                previous = hashlib.sha256(body).hexdigest()
                self.assertEqual(rest, b'"' + previous.encode() + b'"}\n')

    def test_a_guest_cannot_forge_a_line(self):
        forged = 'x"}\n{"seq":3,"event":"tool.call","tool":"bank"}\n'
        run(*ECHO, "--audit", self.log, "--", "tool", "call", "echo", "--note", forged)
        run(*ECHO, "--audit", self.log, "-c", 'exec 5<>/dev/tool; printf "call a\\"}b 2\\n{}" >&5; cat <&5')
        self.assertEqual([line["event"] for line in audit_lines(self.log)].count("tool.call"), 1)

    def verify(self, *options):
        return command("audit", "verify", *options, self.log)

    def test_verify_finds_cuts_and_changes(self):
        run(*ECHO, "--audit", self.log, "-c", "for i in 1 2 3; do tool call echo --i $i; done")
        done = self.verify()
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertTrue(done.out.startswith("whole: lines 1 to 15, the last with hash "), done.out)
        head = done.out.split()[-1]
        self.assertEqual(self.verify("--head", head).code, 0)
        self.assertEqual(self.verify("--head", "0" * 64).code, 1)
        lines = self.log.read_bytes().splitlines(keepends=True)
        for name, bad in (("changed", lines[:5] + [lines[5].replace(b'"i":1', b'"i":9')] + lines[6:]),
                          ("cut", lines[:4] + lines[5:]), ("moved", lines[:4] + [lines[5], lines[4]] + lines[6:]),
                          ("front", lines[1:]), ("end", lines[:-1]), ("torn", lines[:-1] + [lines[-1][:-9]]),
                          ("empty", [])):
            with self.subTest(name=name):
                self.log.write_bytes(b"".join(bad))
                done = self.verify()
                self.assertEqual((done.code, done.out), (1, ""))
                self.assertIn("is not whole", done.err)
                self.assertEqual(self.verify("--open").code, 0 if name == "end" else 1)
        self.assertEqual(command("audit", "verify", self.folder / "none").code, OWN_ERROR)
        self.assertEqual(command("audit").code, OWN_ERROR)

    def events(self, name):
        return [line for line in audit_lines(self.log) if line["event"] == name]

    def mounts(self):
        """Options: the same kind of folder in each mode, below /m."""
        options = []
        for name, mode in (("rw", "rw"), ("rw2", "rw"), ("cow", "cow"), ("ro", "ro")):
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name / "old").write_text("old\n")
            options += ["-v", f"{self.folder / name}:/m/{name}:{mode}"]
        return options

    def test_the_first_change_of_a_mount_is_on_record_before_it_happens(self):
        for change in ("echo x > /m/rw/new", "echo x >> /m/rw/old", ": > /m/rw/old", "mkdir /m/rw/d", "rm /m/rw/old", "ln -s x /m/rw/l",
                       "mv /m/rw/old /m/rw/b", "ln /m/rw/old /m/rw/hard", "chmod 600 /m/rw/old", "touch -d @1 /m/rw/old",
                       "truncate -s 1 /m/rw/old", "cat 3<>/m/rw/old <&3"):
            with self.subTest(change=change):
                shutil.rmtree(self.folder / "rw", ignore_errors=True)
                self.log.unlink(missing_ok=True)
                done = run(*self.mounts(), "--audit", self.log, "-c", f"{change}; {change}; cat /m/rw/old; true")
                self.assertEqual(done.code, 0, done)
                (write,) = self.events("mount.write")
                self.assertEqual((write["mount"], write["host"]), ("/m/rw", str(self.folder / "rw")))
                starts = [line["program"] for line in self.events("program.start") if line["pids"] == write["pids"]]
                self.assertIn(write["program"], ["/usr/bin/bash", "/usr/bin/coreutils"])
                self.assertIn(write["program"], starts + ["/usr/bin/bash"])

    def test_only_changes_of_the_host_are_writes(self):
        done = run(*self.mounts(), "--audit", self.log, "-c", """
            cat /m/rw/old /m/cow/old; ls -l /m/rw; [ -w /m/rw/old ]; echo x > /tmp/f; rm /tmp/f; echo x > /m/cow/new; rm /m/cow/old
            chmod 600 /m/cow/new; (echo x > /m/ro/new) 2> /dev/null; rmdir /m/rw/none 2> /dev/null; mv /m/rw/none /m/rw/x 2> /dev/null; true""")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.events("mount.write"), [])
        run(*self.mounts(), "--audit", self.log, "-c", "echo x > /m/rw2/new; echo x > /m/rw/new; echo x > /m/rw2/b")
        self.assertEqual([line["mount"] for line in self.events("mount.write")], ["/m/rw2", "/m/rw"])

    def test_a_write_that_cannot_be_put_on_record_is_refused(self):
        # The host's command bounds the files that the sandbox's process may still write.
        script = """exec 5<>/dev/tool; printf 'call break 2\\n{}' >&5; read -r answer <&5
                    echo x > /m/rw/new; echo x >> /m/rw/old; : > /m/cow/new && read -r text < /m/rw/old && echo "$text" """
        bound = "import resource, sys; resource.prlimit(int(sys.argv[1]), resource.RLIMIT_FSIZE, (1, 1))"
        done = run(*self.mounts(), "--audit", self.log, "--tool", f"break=python3 -c '{bound}' $PPID && echo 1",
                   "--allow-tool", "break", "-c", script,
                   preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        self.assertEqual((done.out, done.err.count(": I/O error")), ("old\n", 2), done)
        self.assertEqual([(path.name, path.read_text()) for path in (self.folder / "rw").iterdir()], [("old", "old\n")])
        self.assertEqual(self.events("mount.write"), [])

    def hits(self, *options):
        """What limits were hit in a run of its own: names, and by which programs."""
        self.log.unlink(missing_ok=True)
        run("--audit", self.log, *options, timeout=120)
        end = self.events("run.end")[0]["seq"]
        for hit in self.events("limit.hit"):
            self.assertLess(hit["seq"], end)
        return [(hit["limit"], hit.get("program")) for hit in self.events("limit.hit")]

    def test_limits_are_on_record_when_they_are_hit(self):
        bash, busy = "/usr/bin/bash", "while :; do :; done"
        self.assertEqual(self.hits("-c", "echo x > /tmp/f"), [])
        self.assertEqual(self.hits("--timeout", "200ms", "-c", busy), [("wall.time", None)])
        self.assertEqual(self.hits("--cpu-time", "200ms", "-c", busy), [("cpu.time", None)])
        self.assertEqual(self.hits("--output", "10", "-c", "echo 12345678901234567890"), [("output.max", None)])
        fill = "for i in 1 2; do head -c 2M /dev/zero > /tmp/f; done"
        self.assertEqual(self.hits("--disk", "1M", "-c", fill), [("disk.max", "/usr/bin/coreutils")])
        self.assertEqual(self.hits("--inodes", "20", "-c", "for i in {1..40}; do : > /tmp/$i; done"), [("inodes.max", bash)])
        self.assertEqual(self.hits("--pids", "2", "--timeout", "2s", "-c", "sleep 1 | sleep 1 | sleep 1"),
                         [("pids.max", bash), ("wall.time", None)])
        # Each of them fits, all together do not.
        grow = "for i in 1 2 3 4 5 6; do (x=$(head -c 8M /dev/zero | tr '\\0' a); sleep 2) & done; wait"
        hits = self.hits("--memory", "64M", "--timeout", "60s", "-c", grow)
        self.assertIn("memory.max", [limit for limit, program in hits if program], hits)

    def test_calls_at_a_time_are_a_limit(self):
        calls = """for i in {1..258}; do exec {fd}<>/dev/tool; printf 'call slow 2\\n{}' >&$fd; done; kill $$"""
        self.assertEqual(self.hits("--tool", "slow=sleep 9", "--allow-tool", "slow", "-c", calls),
                         [("tool_calls.max", "/usr/bin/bash")])
        self.assertEqual(len(self.events("tool.denied")), 2)

    def test_an_expiry_is_on_record_when_it_ends_something(self):
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps({"version": 1, "tools": [
            {"tool": "t", "expires": "2020-01-01T00:00:00Z"}, {"tool": "u"},
            {"tool": "slow", "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))}]}))
        options = ("--policy", policy, "--audit", self.log)
        for name in ("t", "u", "slow"):
            options += ("--tool", f"{name}=sleep {'60' if name == 'slow' else '0'}; echo 1")
        done = run(*options, "-c", "tool call t; tool call t; tool call u; tool call slow")
        self.assertEqual((done.code, done.out), (DENIED, "1\n"))
        self.assertIn("expired during the call", done.err)
        first, second = self.events("capability.expired")
        denied, ended = self.events("tool.denied")[0], self.events("tool.end")[-1]
        self.assertEqual((first["seq"], first["pids"]), (denied["seq"] - 1, denied["pids"]))
        self.assertEqual((second["seq"], second["call"]), (ended["seq"] - 1, ended["call"]))
        self.assertEqual(ended["outcome"], "expired")
        self.assertEqual(second["capability"], self.events("tool.call")[-1]["capability"])

    def test_names_of_programs_and_mounts_cannot_forge_a_line(self):
        (self.folder / "rw").mkdir()
        host = self.folder / 'rw\n{"event":"x"}'
        host.mkdir()
        name = '/tmp/a"}\n{"seq":9,"event":"mount.write"}\x1b[2J\\'
        script = """cp /usr/bin/bash "$1"; "$1" -c 'echo x > "$0/f"' "$2"; "$1" -c 'head -c 2M /dev/zero | while read -rn 65536; do :; done'
                    "$1" -c 'printf "%2000000s" x > /tmp/full'"""
        run("--audit", self.log, "--disk", "3M", "-v", f'{host}:/m\n{{"x"}}:rw', "-c", script, "x", name, '/m\n{"x"}')
        events = [line["event"] for line in audit_lines(self.log)]
        self.assertEqual((events.count("mount.write"), events.count("x"), events.count("limit.hit")), (1, 0, 1))
        (write,), (hit,) = self.events("mount.write"), self.events("limit.hit")
        self.assertEqual((write["program"], write["mount"], write["host"]), (name, '/m\n{"x"}', str(host)))
        self.assertEqual(hit["limit"], "disk.max")
        self.assertEqual(self.verify().code, 0)

    def test_one_writer_at_a_time(self):
        done = run("--tool", f"again={CLOCHE} run --audit {self.log} -- true >&2",
                   "--allow-tool", "again", "--audit", self.log, "--", "tool", "call", "again")
        self.assertEqual(done.code, 1)
        end = [line for line in audit_lines(self.log) if line["event"] == "tool.end"]
        self.assertIn("another process writes the audit log", end[0]["detail"])


if __name__ == "__main__":
    unittest.main()
