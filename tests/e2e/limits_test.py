"""Limits that only a program of one's own reaches: timers.max and watches.max; module.max; cpuset."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import support
from support import TestCase, run

HERE = pathlib.Path(__file__).resolve().parent


class Events(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programs = pathlib.Path(tempfile.mkdtemp(prefix="cloche-limits-"))
        cls.addClassCleanup(shutil.rmtree, cls.programs, ignore_errors=True)
        sysroot = os.environ.get("CLOCHE_SYSROOT") or subprocess.run(
            [support.ROOT / "scripts" / "build-sysroot"], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip()
        subprocess.run([f"{sysroot}/bin/cloche-cc", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                        "-o", cls.programs / "limits", HERE / "limits" / "limits.c"], check=True)

    def reach(self, kind, *options):
        """What a run prints, and the limits that its audit log names."""
        log = self.folder / "audit.jsonl"
        log.unlink(missing_ok=True)
        done = run("--json", "--audit", log, *options, "-v", f"{self.programs}:/programs", "--",
                   "/programs/limits", kind)
        value = json.loads(done.out)
        self.assertEqual((value["outcome"], value["exit_code"]), ("exited", 0), value)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return value["stdout"], {line["limit"] for line in lines if line["event"] == "limit.hit"}

    def test_timers(self):
        for kind, error in (("posix_timer", "Resource temporarily unavailable"),
                            ("timer_file", "Too many open files in system")):
            self.assertEqual(self.reach(kind, "--limit", "timers.max=20"), (f"20 {error}\n", {"timers.max"}))

    def test_watches(self):
        for kind in ("watch", "file_watch"):
            self.assertEqual(self.reach(kind, "--limit", "watches.max=20"), ("20 No space left on device\n", {"watches.max"}))

    def test_more_is_there_by_default(self):
        for kind in ("posix_timer", "timer_file", "watch", "file_watch"):
            self.assertEqual(self.reach(kind, "--open-files", "5000")[1], set())

    def test_module_max_does_not_hold_for_the_programs_of_the_pack(self):
        done = run("--limit", "module.max=1K", "-c", "cat < /bin/true > /tmp/true; chmod +x /tmp/true; /bin/true && /tmp/true")
        self.assertEqual(done.code, 126)
        self.assertIn("/tmp/true", done.err)


class Affinity(TestCase):
    """Where the host runs the threads of a sandbox, as seen from outside."""

    def busiest(self, pid, seconds):
        """CPU time by processor of the thread that used most."""
        last, used = {}, {}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                ran = processor = 0
                with contextlib.suppress(OSError):  # it has ended
                    ran = int((task / "schedstat").read_text().split()[0])
                    processor = int((task / "stat").read_text().rpartition(")")[2].split()[36])
                more = ran - last.get(task.name, ran)
                last[task.name] = ran
                if more > 0:
                    of_it = used.setdefault(task.name, {})
                    of_it[processor] = of_it.get(processor, 0) + more
            time.sleep(0.002)
        return max(used.values(), key=lambda of_it: sum(of_it.values()))

    def test_a_loop_stays_on_the_cores_that_it_may_use(self):
        for cpu in sorted(os.sched_getaffinity(0))[:2]:
            process = subprocess.Popen(
                [support.CLOCHE, "run", "--no-publish", "--timeout", "0", "--cpu-affinity", str(cpu),
                 "-c", "while :; do :; done"], env=dict(os.environ, CLOCHE_PACK=support.PACK), stdin=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            time.sleep(0.5)
            used = self.busiest(process.pid, 1)
            self.assertEqual(list(used), [cpu], used)


if __name__ == "__main__":
    unittest.main()
