"""Capabilities and tool calls from C, inside: <cloche/cap.h>. The programs in c/ check themselves; this
compiles them, runs each of their parts in a sandbox of its own, and looks at the audit log."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support
from support import TestCase, run

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = {
    "echo": "cat",
    "slow": "sleep 0.3; cat",
    "never": "sleep 100",
    "broken": "exit 3",
    "count": "wc -c",
    "big": "printf '\"'; head -c 10485760 /dev/zero | tr '\\0' a; printf '\"'",
    "a": "echo '\"a\"'",
    "b": "echo '\"b\"'",
}
HIDDEN = ("--tool", "hidden=cat")


class Programs(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programs = pathlib.Path(tempfile.mkdtemp(prefix="cloche-capabilities-"))
        cls.addClassCleanup(shutil.rmtree, cls.programs, ignore_errors=True)
        sysroot = os.environ.get("CLOCHE_SYSROOT") or subprocess.run(
            [support.ROOT / "scripts" / "build-sysroot"], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip()
        for source in sorted((HERE / "c").glob("*.c")):
            subprocess.run([f"{sysroot}/bin/cloche-cc", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror",
                            "-pthread", "-o", cls.programs / source.stem, source, "-lcloche"], check=True)

    def part(self, program, name, *options, tools=TOOLS):
        for tool, command in tools.items():
            options += ("--tool", f"{tool}={command}", "--allow-tool", tool)
        if tools:
            options += HIDDEN
        done = run("--quiet", *options, "-v", f"{self.programs}:/programs", "--", f"/programs/{program}", name,
                   timeout=120)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(done.out.splitlines()[-1], "done")
        return done.out

    def audited(self, program, name):
        log = self.folder / "audit.jsonl"
        self.part(program, name, "--audit", log)
        return [json.loads(line) for line in log.read_text().splitlines()]


class Calls(Programs):
    def test_answers_and_reasons(self):
        self.part("tool_calls", "answers")

    def test_errors(self):
        self.part("tool_calls", "errors")

    def test_list(self):
        self.part("tool_calls", "list")

    def test_64_calls_in_parallel_from_one_thread(self):
        self.part("tool_calls", "parallel")

    def test_closing_gives_a_call_up(self):
        ends = [line for line in self.audited("tool_calls", "given_up") if line["event"] == "tool.end"]
        self.assertEqual([end["outcome"] for end in ends], ["cancelled"])

    def test_signals_and_descriptors_that_do_not_wait(self):
        self.part("tool_calls", "interrupted")

    def test_one_descriptor_in_many_threads(self):
        self.part("tool_calls", "threads")

    def test_large_parameters_and_results_in_pieces(self):
        self.part("tool_calls", "in_pieces")

    def test_without_tools(self):
        self.part("tool_calls", "no_tools", tools={})


class Delegation(Programs):
    def test_narrower(self):
        self.part("delegation", "narrower")

    def test_bad_grants(self):
        self.part("delegation", "bad_grants")

    def test_revoked(self):
        self.part("delegation", "revoked")

    def test_revoked_in_flight(self):
        lines = self.audited("delegation", "revoked_in_flight")
        self.assertEqual([line["outcome"] for line in lines if line["event"] == "tool.end"], ["revoked"])
        self.assertEqual(sum(line["event"] == "capability.revoked" for line in lines), 1)

    def test_revoked_against_resistance(self):
        self.part("delegation", "revoked_against_resistance")

    def test_adopted(self):
        self.assertEqual(self.part("delegation", "adopted"), "a yes, b no\ndone\n")

    def test_sent_over_a_socket(self):
        self.part("delegation", "sent")

    def test_bad_messages(self):
        self.part("delegation", "bad_messages")

    def test_a_child_holds_what_it_was_given(self):
        self.part("delegation", "spawn_authority")

    def test_a_child_inherits_nothing_else(self):
        self.part("delegation", "spawn_inherits_nothing")

    def test_descriptors_change_places(self):
        self.part("delegation", "spawn_swaps")

    def test_a_child_that_cannot_start(self):
        self.part("delegation", "spawn_errors")

    def test_nothing_leaks_while_threads_open_files(self):
        self.part("delegation", "spawn_among_threads")

    def test_posix_spawn_lends_a_descriptor(self):
        self.assertEqual(self.part("delegation", "posix_spawn_lends"), "a yes, b yes\ndone\n")

    def test_sandboxes_inside(self):
        self.assertEqual(self.part("delegation", "sandboxes", "--sandboxes", "3"), "\"a\"\ndone\n")


class Handles(Programs):
    """In the outermost sandbox, and in one inside that."""

    def both(self, name):
        self.part("handles", name, "--sandboxes", "9")
        log = self.folder / "audit.jsonl"
        done = run("--sandboxes", "9", "--audit", log, "--tool", "never=sleep 100", "--allow-tool", "never",
                   "-v", f"{self.programs}:/programs", "--", "cloche", "run", "--sandboxes", "8", "--allow-tool", "never",
                   "-v", "/programs:/programs", "--", "/programs/handles", name, timeout=120)
        self.assertEqual((done.code, done.out, done.err), (0, "done\n", ""))
        return [json.loads(line) for line in log.read_text().splitlines()]

    def test_a_sandbox_that_reads_its_own_handle_ends(self):
        self.both("read_by_itself")

    def test_sandboxes_in_circles_end_with_the_run(self):
        outcomes = sorted(line["outcome"] for line in self.both("in_a_circle") if line["event"] == "run.end")
        self.assertEqual(outcomes, 3 * ["cancelled"] + 3 * ["exited"])

    def test_calls_in_circles_end_with_their_kernel(self):
        lines = self.both("call_in_a_circle")
        self.assertEqual([line["outcome"] for line in lines if line["event"] == "tool.end"], ["cancelled"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
