"""Sandboxes inside a sandbox: what they hold, what they cost the one around them, how they end."""

import json
import time
import unittest

from support import LIMIT, NOT_FOUND, NOT_RUNNABLE, OWN_ERROR, TIMEOUT, TestCase, command, run

DENIED = 77
RIGHT = ("--sandboxes", "100")


def inside(script, *options, **rest):
    """Runs a script in a sandbox that may start others."""
    return run(*RIGHT, *options, "-c", script, **rest)


def audit_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Right(TestCase):
    def test_without_the_right_none_starts(self):
        for options in ((), ("--tool", "t=echo 1", "--allow-tool", "t"), ("--sandboxes", "0")):
            done = run(*options, "--", "cloche", "run", "--", "true")
            self.assertEqual(done.code, DENIED, options)
            self.assertEqual(done.err, "cloche: denied: no sandbox may be started from here\n")

    def test_the_number_holds_for_the_whole_tree(self):
        done = run("--sandboxes", "3", "-c", """
            cloche run --sandboxes 9 -c 'cloche run -- echo 2; cloche run -- echo 3; cloche run -- echo 4'
            cloche run -- echo 5""")
        self.assertEqual(done.out, "2\n3\n")
        self.assertEqual(done.err.count("denied: no more sandboxes"), 2)

    def test_a_sandbox_inside_has_no_right_of_its_own(self):
        done = inside("cloche run -- cloche run -- echo no")
        self.assertEqual((done.code, done.out), (DENIED, ""))

    def test_a_process_that_gave_its_right_away_has_none(self):
        done = inside("tool only t -- cloche run -- echo no; tool only -- cloche run -- echo no",
                      "--tool", "t=echo 1", "--allow-tool", "t")
        self.assertEqual((done.code, done.out), (DENIED, ""))

    def test_attempts_that_fail_for_their_options_are_not_counted(self):
        done = run("--sandboxes", "1", "-c",
                   "cloche run -v /none:/x -- true; cloche run --user root -- true; cloche run -- echo yes")
        self.assertEqual(done.out, "yes\n")

    def test_the_depth_is_bounded(self):
        script = "echo $1; cloche run --sandboxes 50 -v /tmp/s:/tmp/s -- bash /tmp/s $(($1 + 1))"
        done = run(*RIGHT, "-c", f"echo '{script}' > /tmp/s; bash /tmp/s 1")
        self.assertEqual(done.out.split(), [str(i) for i in range(1, 9)])
        self.assertIn("nested as deep as they can be", done.err)

    def test_the_policy_grants_it(self):
        policy = self.folder / "p.json"
        policy.write_text('{"version": 1, "sandboxes": {"runs": 1}}')
        done = run("--policy", policy, "-c", "cloche run -- echo 1; cloche run -- echo 2")
        self.assertEqual((done.code, done.out), (DENIED, "1\n"))
        done = run("--policy", policy, "--sandboxes", "5", "-c", "cloche run -- echo 1; cloche run -- echo 2")
        self.assertEqual((done.code, done.out), (DENIED, "1\n"))
        policy.write_text('{"version": 1}')
        done = run("--policy", policy, "--sandboxes", "5", "--", "true")
        self.assertEqual(done.code, OWN_ERROR)
        self.assertIn("the policy does not grant them", done.err)
        policy.write_text('{"version": 1, "sandboxes": {"expires": "2020-01-01T00:00:00Z"}}')
        done = run("--policy", policy, "--", "cloche", "run", "--", "true")
        self.assertEqual(done.code, DENIED)
        self.assertIn("expired", done.err)

    def test_words_of_a_policy(self):
        policy = self.folder / "p.json"
        policy.write_text('{"version": 1, "sandboxes": {"runs": 2, "expires": "2030-01-01T00:00:00Z"}}')
        self.assertIn("may start at most 2 sandboxes inside, until 2030-01-01T00:00:00Z",
                      command("check", policy).out)
        for bad in ('{"runs": -1}', '{"runs": 1.5}', '{"run": 1}', '[]', 'true', '{"expires": "soon"}'):
            policy.write_text('{"version": 1, "sandboxes": %s}' % bad)
            done = command("check", policy)
            self.assertEqual(done.code, 2, bad)
            self.assertIn("p.json:1:", done.err + done.out)

    def test_the_right_ends_in_flight(self):
        policy = self.folder / "p.json"
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        policy.write_text('{"version": 1, "sandboxes": {"expires": "%s"}}' % soon)
        log = self.folder / "log"
        done = run("--policy", policy, "--timeout", "30s", "--audit", log, "-c", "cloche run -- sleep 60; cloche run -- true")
        self.assertEqual(done.code, DENIED)
        self.assertIn("has expired", done.err)
        lines = [(line["event"], line["sandbox"].partition(".")[2]) for line in audit_lines(log)[3:-1]]
        self.assertEqual([line for line in lines if line[0] in ("capability.expired", "run.end", "sandbox.denied")],
                         [("capability.expired", "1"), ("run.end", "1"), ("sandbox.denied", ""), ("run.end", "")])


class World(TestCase):
    def test_it_is_a_world_of_its_own(self):
        done = inside("""
            echo secret > ~/a; export SECRET=1; sleep 100 & exec 7< /home/user/a
            cloche run -c 'ls -A ~ /tmp; cat <&7; echo "[$SECRET]"; echo $$; ls -d /proc/[0-9]*; kill -9 '$!
            kill %1""")
        self.assertEqual(done.out, "/home/user:\n\n/tmp:\n[]\n2\n/proc/2\n")

    def test_names_and_variables(self):
        done = inside("cloche run -u agent --hostname box -w /tmp -e A=1 -e B= -c 'id -un; hostname; pwd; echo $A-$B-$HOME'")
        self.assertEqual(done.out, "agent\nbox\n/tmp\n1--/home/agent\n")

    def test_streams_are_the_callers(self):
        self.assertEqual(inside("echo in | cloche run -- tr a-z A-Z | cat").out, "IN\n")
        done = inside("cloche run -c 'echo out; echo err >&2' > o 2> e; cat e o")
        self.assertEqual(done.out, "err\nout\n")
        self.assertEqual(inside("cloche run -c 'read -r l; echo \"$l\"' < /etc/passwd").out,
                         "root:x:0:0:root:/root:/bin/bash\n")
        self.assertEqual(inside("cloche run -c 'echo a | tee /dev/stderr > /dev/stdout' 2>&1").out, "a\na\n")
        self.assertEqual(inside("cloche run -- cat <&- ; echo $?").out, "0\n")
        self.assertEqual(inside("cloche run -- true > /dev/tool").code, OWN_ERROR)

    def test_a_closed_pipe_is_told(self):
        done = inside("cloche run -- yes | head -n 2; echo ${PIPESTATUS[0]}")
        self.assertEqual(done.out, f"y\ny\n{128 + 13}\n")

    def test_large_data_goes_through(self):
        done = inside("head -c 20000000 /dev/zero | cloche run -- cat | wc -c")
        self.assertEqual(done.out, "20000000\n")

    def test_exit_codes(self):
        script = "; echo $?; ".join((
            "cloche run -c 'exit 5'", "cloche run -c 'kill -9 $$'", "cloche run -- none", "cloche run -- /etc",
            "cloche run --timeout 100ms -- sleep 9", "cloche run --output 10 -- seq 100 >/dev/null",
            "cloche run --cpu-time 50ms -c 'while :; do :; done'", "cloche run", "cloche run --no-such -- true",
            "cloche shell", "cloche run -t -- true")) + "; echo $?"
        done = inside(script)
        self.assertEqual([int(line) for line in done.out.split()],
                         [5, 137, NOT_FOUND, NOT_RUNNABLE, TIMEOUT, LIMIT, LIMIT] + 4 * [OWN_ERROR])

    def test_the_result_object(self):
        done = inside("cloche run --json -c 'echo out; echo err >&2; kill -TERM $$'")
        value = json.loads(done.out)
        self.assertEqual((value["outcome"], value["signal"], value["stdout"], value["stderr"]),
                         ("signaled", "SIGTERM", "out\n", "err\n"))
        value = json.loads(inside("cloche run --json -c 'printf \"a\\000\\377\"'").out)
        self.assertEqual((value["stdout"], value["stdout_encoding"]), ("YQD/", "base64"))
        value = json.loads(inside("cloche run --json --output 5 -- seq 1000").out)
        self.assertEqual((value["outcome"], value["limit"], value["truncated"]["stdout"]),
                         ("limit", "output.max", True))


class Mounts(TestCase):
    def test_modes(self):
        done = inside("""mkdir d; echo 1 > d/f
            cloche run -v d:/d -c 'cat /d/f; echo 2 > /d/f'
            cloche run -v d:/d:cow -c 'echo 3 > /d/f; cat /d/f'; cat d/f
            cloche run -v "$PWD/d":/d:rw -c 'echo 4 > /d/f; echo new > /d/g'; cat d/f d/g
            cloche run -v d/f:/the/file -c 'cat /the/file'""")
        self.assertEqual(done.out, "1\n3\n1\n4\nnew\n4\n")
        self.assertIn("Read-only file system", done.err)

    def test_no_more_than_is_there(self):
        (self.folder / "ro").mkdir()
        (self.folder / "ro" / "f").write_text("host\n")
        mount = ("-v", f"{self.folder}/ro:/ro")
        done = inside("cloche run -v /ro:/x:rw -- true; echo $?; cloche run -v /ro:/x -- cat /x/f; "
                      "cloche run -v /ro:/x:cow -c 'echo own > /x/f; cat /x/f'; cat /ro/f; "
                      "cloche run -v /usr/bin:/x:rw -- true; echo $?", *mount)
        self.assertEqual(done.out, "125\nhost\nown\nhost\n125\n")
        self.assertIn("read-only here", done.err)
        for path in ("/proc", "/proc/self/fd/0", "/run/tools", "/dev/null", "/none", ""):
            done = inside(f"cloche run -v '{path}':/x -- true", "--tool", "t=echo 1", "--allow-tool", "t")
            self.assertEqual(done.code, OWN_ERROR, path)

    def test_a_folder_without_permission_is_not_shown(self):
        done = inside("mkdir -p d/e; chmod 0 d; cloche run -v d/e:/x -- true; echo $?; chmod 700 d")
        self.assertEqual(done.out, "125\n")

    def test_nothing_leads_out(self):
        done = inside("""mkdir -p d/e; echo secret > secret; ln -s ../secret d/up; ln -s /home/user/secret d/abs
            cloche run -v d:/home/user/d:rw -c '
              cd d; cat up abs ../secret /home/user/secret; ln ../../x h; ls -A ~; mkfifo p; cat /dev/tool; mv e ..'
            """)
        self.assertEqual(done.out, "d\n")

    def test_what_a_mount_covers_stays_covered(self):
        # The folder outside is writable, but not what is mounted below it: neither is it for those inside.
        for folder in ("proj/.git", "empty"):
            (self.folder / folder).mkdir(parents=True)
        config = self.folder / "proj/.git/config"
        config.write_text("host\n")
        attack = "cat .git/config; echo bad > .git/config; mv .git g; rm -rf .git; ls .git; ln .git/config c; cat g/config"
        for above, mode in ((".git", "ro"), (".git", "cow"), ("../empty", "ro")):
            done = inside(f"cloche run -v /work:/work:rw -w /work -c '{attack}'; "
                          f"cloche run -v /work:/work -w /work -c '{attack}'; "
                          f"cloche run --sandboxes 1 -v /work:/a:rw -- cloche run -v /a:/work:rw -w /work -c '{attack}'; "
                          "cloche run -v /work:/work:cow -w /work -c 'cat .git/config; mv .git g; cat g/config'; "
                          "cloche run -v /:/work/r -w /work/r -c 'cat work/.git/config'; ls -A /work",
                          "-v", f"{self.folder}/proj:/work:rw", "-v", f"{self.folder}/proj/{above}:/work/.git:{mode}")
            self.assertEqual(done.out, ".git\n", (above, mode))
            self.assertEqual(config.read_text(), "host\n")
        # Who mounts what is there gets what is there.
        done = inside("cloche run -v /work:/work:rw -v /work/.git:/work/.git -c 'cat /work/.git/config; echo > /work/.git/config'",
                      "-v", f"{self.folder}/proj:/work:rw", "-v", f"{self.folder}/proj/.git:/work/.git")
        self.assertEqual(done.out, "host\n")
        self.assertIn("Read-only file system", done.err)

    def test_a_folder_moved_away_gives_no_way_up(self):
        # The process outside moves the folder in which the one inside stands.
        done = inside("""mkdir -p d/e; echo secret > secret; mkfifo go
            (while [ ! -e d/ready ]; do sleep 0.01; done; mv d/e .; touch d/moved) &
            cloche run -v d:/d:rw -c 'cd /d/e; touch ../ready; while [ ! -e /d/moved ]; do sleep 0.01; done
              cat ../secret; ls ..; cd ..; cat secret'; wait""")
        self.assertEqual(done.out, "")
        self.assertNotIn("secret\n", done.out)


class Tools(TestCase):
    TOOLS = ("--tool", "a/x=echo 1", "--tool", "a/y=echo 2", "--tool", "b=echo 3", "--allow-tool", "a/*")

    def test_only_what_is_named_and_held(self):
        done = inside("""cloche run -- tool call a/x; echo $?
            cloche run --allow-tool a/x -c 'tool list; tool call a/x; tool call a/y; echo $?; tool call b; echo $?'
            cloche run --allow-tool b -- true; echo $?
            cloche run --allow-tool '**' -c 'tool list'""", *self.TOOLS)
        self.assertEqual(done.out.split(), ["77", "a/x", "1", "77", "77", "125", "a/x", "a/y"])

    def test_a_policy_inside_narrows(self):
        done = inside("""cat > p.json <<'END'
            {"version": 1, "tools": [{"tool": "a/x", "where": {"n": {"le": 5}}, "calls": 2}],
             "mounts": [{"host": "d", "guest": "/d"}], "env": {"A": "1"}, "limits": {"pids.max": 5}}
END
            mkdir d; echo f > d/f
            cloche run --policy p.json -c 'for n in 1 9 2 3; do tool call a/x --n $n; done; cat /d/f; echo $A'
            cloche run --policy p.json --allow-tool a/y -- tool call a/y; echo $?
            cloche run --policy p.json -e B=1 -- true; echo $?
            cloche run --policy p.json -v d:/d:rw -- true; echo $?
            cloche run --policy p.json -v ./d:/d -c 'cat /d/f'""", *self.TOOLS)
        self.assertEqual(done.out.split(), ["1", "1", "f", "1", "125", "125", "125", "f"])

    def test_calls_are_charged_to_the_one_outside(self):
        policy = self.folder / "p.json"
        policy.write_text('{"version": 1, "tools": [{"tool": "t", "calls": 3}], "sandboxes": {}}')
        done = run("--policy", policy, "--tool", "t=echo 1", "-c",
                   "cloche run --allow-tool t -c 'tool call t; tool call t'; tool call t; tool call t; echo $?")
        self.assertEqual(done.out.split(), ["1", "1", "1", "77"])

    def test_calls_in_the_result(self):
        done = inside("tool call a/x > /dev/null; cloche run --json --allow-tool a/x -c 'tool call a/x; tool call b'",
                      *self.TOOLS)
        calls = json.loads(done.out)["tool_calls"]
        self.assertEqual([(call["tool"], call["decision"]) for call in calls], [("a/x", "allowed"), ("b", "denied")])


class Limits(TestCase):
    def test_they_are_within_those_outside(self):
        done = inside("cloche run --pids 1000 --open-files 5000 -c 'ulimit -u; ulimit -n'",
                      "--pids", "20", "--open-files", "50")
        self.assertEqual(done.out, "20\n50\n")

    def test_a_fork_bomb_inside_ends_inside(self):
        done = inside("""cloche run --pids 10 --timeout 2s -c 'f() { f | f & f; }; f' 2> /dev/null; echo $?
                         seq 3 | cat | wc -l""", "--pids", "40")
        code, lines = done.out.split()
        self.assertEqual(lines, "3")

    def test_processes_inside_count_outside(self):
        done = inside("cloche run -c 'for i in $(seq 50); do sleep 5 & done; jobs | wc -l; wait' 2>&1 | "
                      "grep -m 1 -o 'Resource temporarily unavailable'", "--pids", "12", "--timeout", "20s")
        self.assertEqual(done.out, "Resource temporarily unavailable\n")

    def test_memory_inside_counts_outside(self):
        # More than the outer limit, in one inside and then in two beside each other.
        fill = "x=$(head -c 30000000 /dev/zero | tr \"\\\\0\" a); echo ${#x}; sleep 1"
        done = inside(f"cloche run --memory 1G -c '{fill}{fill}{fill}'; echo $?", "--memory", "64M")
        self.assertIn(done.out.split()[-1], ("137", "2", "1"))
        done = inside(f"cloche run -c '{fill}' & cloche run -c '{fill}' & wait %1; a=$?; wait %2; echo $a $?",
                      "--memory", "80M")
        self.assertNotEqual(done.out.split()[-2:], ["0", "0"])

    def test_files_inside_count_outside(self):
        done = inside("cloche run --disk 100M -c 'head -c 30000000 /dev/zero > f; stat -c %s f'; "
                      "head -c 10000000 /dev/zero > f; stat -c %s f", "--disk", "20M")
        first, second = (int(size) for size in done.out.split())
        self.assertLessEqual(first, 20 << 20)
        self.assertEqual(second, 10_000_000)  # what was inside is gone with it

    def test_processor_time_inside_counts_outside(self):
        done = inside("cloche run --cpu-time 0 -c 'while :; do :; done'; echo not reached", "--cpu-time", "500ms")
        self.assertEqual((done.code, done.out), (LIMIT, ""))

    def test_a_busy_one_inside_does_not_stop_those_outside(self):
        done = inside("""cloche run -c 'while :; do :; done' & 
            for i in 1 2 3 4 5; do sleep 0.01; echo $i; done; kill $!; wait; echo end""", "--timeout", "20s")
        self.assertEqual(done.out.split(), ["1", "2", "3", "4", "5", "end"])

    def test_compiling_inside_does_not_stop_those_outside(self):
        done = inside("""
            cloche run -- jq -n 1 > /tmp/out & n=0
            while kill -0 $! 2> /tmp/err; do n=$((n + 1)); done
            cat /tmp/out; [ $n -gt 1000 ] && echo went on || echo $n""",
                      env={"CLOCHE_CACHE_DIR": self.folder / "cache"}, timeout=120)
        self.assertEqual(done.out, "1\nwent on\n", done)

    def test_the_time_to_compile_is_that_of_those_outside_too(self):
        cache = self.folder / "cache"
        self.assert_ok(inside("cloche run -- echo 1", env={"CLOCHE_CACHE_DIR": cache}, timeout=120), "1\n")
        policy = "echo '{\"version\": 1, \"limits\": {\"compile.time\": \"%s\"}}' > p; "
        for outside, within in (("100ms", "60s"), ("60s", "100ms")):
            done = inside(policy % within + "cloche run --policy p --json -- sqlite3 --version",
                          "--limit", f"compile.time={outside}", env={"CLOCHE_CACHE_DIR": cache}, timeout=120)
            value = json.loads(done.out)
            self.assertEqual((value["outcome"], value["limit"]), ("limit", "compile.time"), value)

    def test_a_share_of_the_processor_inside(self):
        policy = "echo '{\"version\": 1, \"limits\": {\"%s\": %s}}' > p; cloche run --policy p --json --timeout 1s -c '%s'"
        usage = json.loads(inside(policy % ("cpu.max", "0.2", "while :; do :; done")).out)["usage"]
        self.assertLess(usage["cpu_ms"], 400)
        self.assertGreater(usage["cpu_ms"], 100)
        usage = json.loads(inside("cloche run --json --cpus 0.2 --timeout 1s -c 'while :; do :; done'").out)["usage"]
        self.assertLess(usage["cpu_ms"], 400)
        for limit in (("cpu.weight", "50"), ("cpuset", '"0"'), ("cpu.max", "0.001")):
            done = inside(policy % (*limit, ":"))
            self.assertEqual((done.code, done.out), (OWN_ERROR, ""), limit)
            self.assertIn("cpu", done.err)

    def test_output_inside_may_be_cut(self):
        done = inside("cloche run --output 4:truncate -c 'seq 1 100; exit 6'; echo $?")
        self.assertEqual(done.out, "1\n2\n6\n", done)

    def test_output_inside_counts_outside(self):
        done = inside("cloche run --output 1G -- yes", "--output", "10000", "--timeout", "30s")
        self.assertEqual(done.code, LIMIT)
        self.assertLessEqual(len(done.out), 10000)


class End(TestCase):
    def test_it_ends_with_the_process_that_started_it(self):
        done = inside("""cloche run -v /tmp:/t:rw -c 'while :; do date +%N > /t/beat; sleep 0.01; done' & 
            while [ ! -s /tmp/beat ]; do sleep 0.01; done
            kill -9 $!; wait; sleep 0.05; a=$(cat /tmp/beat); sleep 0.2; b=$(cat /tmp/beat); [ "$a" = "$b" ] && echo over""",
                      "--timeout", "20s")
        self.assertEqual(done.out, "over\n")

    def test_it_ends_with_the_run(self):
        start = time.monotonic()
        done = inside("cloche run -- sleep 60 & sleep 0.2; exit 4")
        self.assertEqual(done.code, 4)
        self.assertLess(time.monotonic() - start, 30)

    def test_it_ends_with_the_last_descriptor(self):
        # The conversation by hand: the answer never comes, the descriptor is closed.
        done = inside("""exec 5<>/dev/tool; r='{"argv":["sleep","60"]}'; printf 'run %d\\n%s' ${#r} "$r" >&5
            exec 5>&-; exec 6<>/dev/tool; r='{"argv":["bash","-c","exit 3"]}'; printf 'run %d\\n%s' ${#r} "$r" >&6
            read -r status length <&6; read -r -N "$length" body <&6; echo "$status"; jq -c .exit_code <<< "$body" """)
        self.assertEqual(done.out, "ok\n3\n")

    def test_many_one_after_the_other(self):
        done = run("--sandboxes", "1000", "-c", "for i in $(seq 200); do cloche run -c 'exit 1' || : ; done; echo end",
                   "--memory", "64M")
        self.assertEqual((done.out, done.err), ("end\n", ""))

    def test_no_more_at_a_time_than_can_be(self):
        done = inside("""for i in $(seq 70); do cloche run -- sleep 60 2>> err & done
            until grep -q 'as many sandboxes run here as there can be' err; do sleep 0.05; done
            kill $(jobs -p); wait; echo end""", "--timeout", "50s")
        self.assertEqual(done.out, "end\n")


class Requests(TestCase):
    def ask(self, request):
        done = inside("""exec 5<>/dev/tool; printf 'run %d\\n%s' ${#R} "$R" >&5
            read -r status length <&5; read -r -N "$length" body <&5; echo "$status $body" """, "-e", "R=" + request)
        return done.out

    def test_wrong_requests_are_refused_with_the_reason(self):
        for request, reason in (
                ("{", "not JSON"), ("[]", "must be an object"), ("{}", "names no program"),
                ('{"argv":[]}', "names no program"), ('{"argv":"ls"}', "list of strings"),
                ('{"argv":[1]}', "list of strings"), ('{"argv":["a"],"argv":["b"]}', "not JSON"),
                ('{"argv":["a"],"streems":[]}', "no key \"streems\""), ('{"argv":["a"],"streams":[0]}', "list of three"),
                ('{"argv":["a"],"streams":[-1,1,2]}', "list of three"), ('{"argv":["a"],"streams":[0,2,77]}', "descriptor 77"),
                ('{"argv":["a"],"streams":[5,2,2]}', "descriptor 5"),
                # While the shell writes the request its standard output is the device.
                ('{"argv":["a"],"streams":[0,1,2]}', "descriptor 1"), ('{"argv":["a"],"sandboxes":-1}', "whole number"),
                ('{"argv":["a"],"mounts":[{"host":"/tmp","guest":"x"}]}', "absolute"),
                ('{"argv":["a"],"mounts":[{"host":"/tmp","guest":"/x","mode":"rwx"}]}', "mode"),
                ('{"argv":["a"],"limits":{"memory.mx":1}}', "memory.mx"), ('{"argv":["a"],"limits":{"memory.max":0}}', "memory.max"),
                ('{"argv":["a"],"env":{"A=B":"1"}}', "name"), ('{"argv":["a"],"user":"root"}', "user"),
                ('{"argv":["a"],"workdir":"x"}', "absolute"), ('{"argv":["a"],"policy":"{}"}', "version"),
                ('{"argv":["a"],"allow_tools":["a//b"]}', "a//b"), ('{"argv":["a\\u0000"]}', "without NUL"),
                ('{"argv":["a"],"policy":"{\\"version\\":1}","mounts":[{"host":"/tmp","guest":"/x"}]}', "does not grant")):
            answer = self.ask(request)
            self.assertTrue(answer.startswith("failed "), (request, answer))
            self.assertIn(reason, answer, request)


    def test_a_large_request_does_not_hold_up_the_run(self):
        mounts = [{"host": "/tmp", "guest": f"/m{i}"} for i in range(60_000)]
        variables = {f"a{i}": "" for i in range(60_000)}
        requests = [{"mounts": mounts}, {"env": variables}, {"policy": json.dumps({"version": 1, "env": variables})},
                    {"policy": json.dumps({"version": 1, "mounts": mounts[:15_000]}), "mounts": mounts[:15_000]},
                    {"allow_tools": [f"t{i}" for i in range(60_000)]}]
        for i, request in enumerate(requests):
            text = json.dumps(request | {"argv": ["true"]})
            (self.folder / "r").write_text(f"run {len(text)}\n{text}")
            done = inside("exec 5<>/dev/tool; cat /r >&5; head -c 60 <&5", "-v", f"{self.folder}/r:/r", "--timeout", "5s")
            self.assertEqual((done.code, done.out[:7]), (0, "failed "), (i, done.err))


class Audit(TestCase):
    def test_each_is_on_record(self):
        log = self.folder / "log"
        inside("cloche run --sandboxes 1 --allow-tool t -v /tmp:/t:rw -c 'cloche run -- true; tool call t'; "
               "tool only -- cloche run -- true",
               "--audit", log, "--tool", "t=echo 1", "--allow-tool", "t")
        lines = audit_lines(log)
        starts = [line for line in lines if line["event"] == "sandbox.start"]
        outer, first, second = starts
        self.assertEqual((first["sandbox"], first["inside"]), (outer["sandbox"] + ".1", outer["sandbox"]))
        self.assertEqual((second["sandbox"], second["inside"]), (first["sandbox"] + ".1", first["sandbox"]))
        self.assertEqual(first["mounts"], ["/tmp:/t:rw"])
        self.assertEqual(first["argv"][:2], ["bash", "-c"])
        self.assertTrue(first["program"].endswith("/cloche"))
        self.assertGreater(len(second["capability"]), len(first["capability"]))
        call, = (line for line in lines if line["event"] == "tool.call")
        self.assertEqual(call["sandbox"], first["sandbox"])
        end, = (line for line in lines if line["event"] == "tool.end")
        self.assertEqual(end["sandbox"], first["sandbox"])
        self.assertIn((second["sandbox"], "/usr/bin/coreutils"),
                      [(line["sandbox"], line.get("program")) for line in lines if line["event"] == "program.start"])
        self.assertEqual([line["sandbox"] for line in lines if line["event"] == "run.end"],
                         [second["sandbox"], first["sandbox"], outer["sandbox"]])
        denied, = (line for line in lines if line["event"] == "sandbox.denied")
        self.assertEqual(denied["sandbox"], outer["sandbox"])
        self.assertEqual(command("audit", "verify", log).code, 0)

    def events(self, script, *options, **rest):
        """What the log has of sandboxes inside: (event, which, the line), without what is started."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        self.done = inside(script, "--audit", log, *options, **rest)
        lines = audit_lines(log)
        outer = lines[1]["sandbox"]
        return [(line["event"], line["sandbox"].removeprefix(outer), line) for line in lines[1:-1]
                if not line["event"].endswith((".start", ".derived")) and line["sandbox"] != outer]

    def test_each_end_is_on_record(self):
        # Ended with the run, given up by who started it, and never begun.
        events = self.events("cloche run --sandboxes 1 -- cloche run -- sleep 60 & sleep 0.3; exit 0")
        self.assertEqual([(event, which, line["outcome"]) for event, which, line in events],
                         [("run.end", ".1.1", "cancelled"), ("run.end", ".1", "cancelled")])
        events = self.events("timeout 0.2 cloche run -- sleep 60")
        self.assertEqual([(event, which, line["outcome"]) for event, which, line in events],
                         [("run.end", ".1", "cancelled")])
        events = self.events("cloche run -- true > /dev/tool")
        self.assertEqual([(event, which, line["outcome"]) for event, which, line in events],
                         [("run.end", ".1", "error")])

    def test_limits_inside_are_on_record(self):
        for limit, options, script in (
                ("pids.max", "--pids 2", "sleep 1 & sleep 1 & :"), ("disk.max", "--disk 10K", "head -c 1M /dev/zero > f"),
                ("inodes.max", "--inodes 4", "touch a b c d e f"), ("open_files.max", "--open-files 4", "exec 3< / 5< / 6< /"),
                ("memory.max", "--memory 20M", "printf -v x %90000000d 1"), ("wall.time", "--timeout 100ms", "sleep 9"),
                ("cpu.time", "--cpu-time 50ms", "while :; do :; done"), ("output.max", "--output 10", "seq 100")):
            events = self.events(f"cloche run {options} -c '{script}; :'")
            hits = [(which, line) for event, which, line in events if event == "limit.hit"]
            self.assertEqual([(which, line["limit"]) for which, line in hits], [(".1", limit)], (limit, self.done.err))
            if limit not in ("wall.time", "cpu.time", "output.max"):
                self.assertIn(2, hits[0][1]["pids"], limit)  # its first program, or a child of that

    def test_each_sandbox_hits_its_own_limits_once(self):
        script = "cloche run --inodes 4 -c 'touch a b c d e f; touch a b c d e f'; "
        events = self.events(script + script)
        self.assertEqual([which for event, which, _ in events if event == "limit.hit"], [".1", ".2"])

    def test_a_limit_of_the_one_outside_is_on_its_record_with_who_reached_it(self):
        policy = self.folder / "p.json"
        # The one inside has the same limits, so the one outside uses some of each itself.
        for limit, value, first, script in (
                ("forks.rate", "20", ":", "for i in $(seq 30); do :& done"),
                ("pids.max", "4", ":", "for i in 1 2 3 4; do sleep 1& done"),
                ("disk.max", '"10K"', "head -c 8K /dev/zero > f", "head -c 1M /dev/zero > f"),
                ("inodes.max", "40", "touch $(seq 20)", "touch $(seq 50)"),
                ("memory.max", '"20M"', ":", "printf -v x %90000000d 1")):
            policy.write_text('{"version": 1, "sandboxes": {}, "limits": {"%s": %s}}' % (limit, value))
            log = self.folder / f"log-{limit}"
            done = run("--json", "--policy", policy, "--audit", log, "-c", f"{first}; cloche run -c '{script}' 2> /dev/null; :")
            lines = [line for line in audit_lines(log) if line["event"] == "limit.hit" and line["limit"] == limit]
            outer = audit_lines(log)[1]["sandbox"]
            self.assertTrue(lines, (limit, done.out))
            self.assertEqual((lines[0]["sandbox"], lines[0]["by"]), (outer, outer + ".1"), limit)
            self.assertIn("program", lines[0])
            self.assertGreater(json.loads(done.out)["limits_hit"][limit], 0)

    def test_a_limit_of_one_inside_counts_outside(self):
        done = run("--json", "--sandboxes", "1", "-c", "cloche run --json --pids 2 -c 'sleep 1 & sleep 1 & :' | grep -o '\"limits_hit.*}'")
        value = json.loads(done.out)
        self.assertIn('"limits_hit":{"pids.max":', value["stdout"].replace(" ", ""))
        self.assertGreater(value["limits_hit"]["pids.max"], 0)

    def test_changes_of_the_hosts_files_from_inside_are_on_record(self):
        (self.folder / "d").mkdir()
        events = self.events("cloche run -v /d:/x:rw -c 'cat /x/f; touch /x/f; touch /x/g'",
                             "-v", f"{self.folder}/d:/d:rw")
        (which, line), = ((which, line) for event, which, line in events if event == "mount.write")
        self.assertEqual((which, line["mount"], line["host"], line["program"]),
                         (".1", "/d", f"{self.folder}/d", "/usr/bin/coreutils"))
        self.assertEqual(line["pids"][-1], 2)

    def test_expiry_inside_is_on_record(self):
        policy = self.folder / "p.json"
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        policy.write_text('{"version": 1, "sandboxes": {}, "tools": [{"tool": "t", "expires": "%s"}]}' % soon)
        log = self.folder / "log"
        run("--policy", policy, "--audit", log, "--tool", "t=sleep 30; echo 1", "-c",
            "cloche run --allow-tool t -c 'tool call t; tool call t'")
        lines = [line for line in audit_lines(log) if line["event"] in ("capability.expired", "tool.end", "tool.denied")]
        self.assertEqual([(line["event"], line["sandbox"].partition(".")[2]) for line in lines],
                         [("capability.expired", "1"), ("tool.end", "1"), ("tool.denied", "1")])
        self.assertEqual((lines[0]["call"], lines[1]["outcome"], lines[2]["reason"]), (1, "expired", "expired"))


if __name__ == "__main__":
    unittest.main()
