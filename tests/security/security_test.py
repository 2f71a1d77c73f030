#!/usr/bin/env python3
"""Hostile programs in a sandbox: whatever they do, they end as the limits say, the host's files,
processes and secrets stay out of reach, and the command itself never crashes.

$CLOCHE names the command. Each test is one attack; the comment in front of it says what would have
to be true for it to succeed.
"""

import hashlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CLOCHE = os.environ.get("CLOCHE", str(REPOSITORY / "build" / "cloche"))
MEBIBYTE = 1 << 20
# What the command may need beside the guest's memory: code, engine, its own heap.
OVERHEAD = 192 * MEBIBYTE
SYSCALL_FUZZ_SEEDS = range(1, 13)


class Run:
    """How a run of the command ended."""

    def __init__(self, status, stdout, stderr, seconds, peak):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds
        self.peak = peak  # bytes, the command's resident maximum

    def __repr__(self):
        return (
            f"status {self.status}, {self.seconds:.1f} s, {self.peak >> 20} MiB\n"
            f"stdout: {self.stdout[-1500:]!r}\nstderr: {self.stderr[-1500:]!r}"
        )


def sysroot():
    if "CLOCHE_SYSROOT" not in os.environ:
        done = subprocess.run(
            [REPOSITORY / "scripts" / "build-sysroot"], stdout=subprocess.PIPE, text=True, check=True
        )
        os.environ["CLOCHE_SYSROOT"] = done.stdout.splitlines()[-1]
    return os.environ["CLOCHE_SYSROOT"]


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="cloche-security."))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.programs = cls.work / "programs"
        cls.programs.mkdir()
        cls.cache = os.environ.get("CLOCHE_TEST_CACHE", str(cls.work / "cache"))
        pathlib.Path(cls.cache).mkdir(mode=0o700, parents=True, exist_ok=True)
        sysroot()
        for source in sorted((HERE / "programs").glob("*.c")):
            cls.compile(source, cls.programs / source.stem)

    @staticmethod
    def compile(source, target):
        subprocess.run([f"{sysroot()}/bin/cloche-cc", "-O1", "-pthread", "-w", "-o", target, source], check=True)

    def setUp(self):
        self.secret = "secret-" + os.urandom(8).hex()
        self.host = pathlib.Path(tempfile.mkdtemp(prefix="host.", dir=self.work))
        self.canary = self.host / "canary"
        self.canary.write_text(self.secret)
        self.share = self.host / "share"
        self.share.mkdir()
        (self.share / "file").write_text("shared\n")
        (self.share / "sub").mkdir()
        (self.share / "sub" / "deep").write_text("deep\n")

    def run_cloche(self, command, *options, timeout="20s", env=None, patience=60):
        """Runs a command inside. A crash or a hang of the command fails the test at once."""
        line = [CLOCHE, "run", "--quiet", "--timeout", timeout, *options, "--", *command]
        start = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": str(self.work),
                    "CLOCHE_CACHE_DIR": self.cache,
                    **{k: v for k, v in os.environ.items() if k == "CLOCHE_PACK"},
                    **(env or {}),
                },
            )
            status, usage = self.wait(process, start + patience)
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read(32 * MEBIBYTE).decode("utf-8", "replace"))
        run = Run(status, *texts, time.monotonic() - start, usage.ru_maxrss * 1024)
        self.assertGreaterEqual(run.status, 0, f"the command was killed by a signal: {run}")
        self.assertNotIn(self.secret, run.stdout + run.stderr, f"a secret came out: {run}")
        return run

    def wait(self, process, deadline):
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage
            if time.monotonic() > deadline:
                process.kill()
                os.wait4(process.pid, 0)
                process.returncode = -9
                self.fail("the command did not end")
            time.sleep(0.01)

    def shell(self, script, *options, **arguments):
        return self.run_cloche(["bash", "-c", textwrap.dedent(script)], *options, **arguments)

    def program(self, name, *arguments, options=(), **keywords):
        mount = ("-v", f"{self.programs}:/programs:ro")
        return self.run_cloche([f"/programs/{name}", *arguments], *mount, *options, **keywords)

    def mounted(self, mode):
        return ("-v", f"{self.share}:/mnt/share:{mode}")

    def snapshot(self, root):
        """All that a mutation below `root` would change."""
        found = {}
        for folder, subfolders, names in os.walk(root):
            for name in [*subfolders, *names, "."]:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                digest = ""
                if os.path.isfile(path) and not os.path.islink(path):
                    digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
                found[path] = (status.st_mode, status.st_mtime_ns, status.st_nlink, digest)
        return found

    # ---- processes and time

    # Succeeds if the number of processes has no bound, or a full table stays full.
    def test_fork_bomb_gets_eagain_and_the_table_recovers(self):
        run = self.program("forkbomb", options=("--pids", "64"))
        self.assertEqual(run.status, 0, run)
        words = run.stdout.split()
        self.assertEqual(words[3], "EAGAIN", run)
        self.assertLess(int(words[1]), 64, run)
        self.assertGreater(int(words[1]), 50, run)
        self.assertIn("fork afterwards works", run.stdout)

    # Succeeds if a bomb that never lets go outlives its time or takes the host along.
    def test_shell_fork_bomb_ends_at_the_timeout(self):
        run = self.shell("f() { f | f & }; f; wait; sleep 100", "--pids", "64", timeout="3s")
        self.assertLess(run.seconds, 15, run)
        self.assertLess(run.peak, 512 * MEBIBYTE + OVERHEAD, run)

    def test_thread_bomb_is_bounded(self):
        run = self.program("threadbomb", options=("--pids", "64"))
        self.assertEqual(run.status, 0, run)
        self.assertLess(int(run.stdout.split()[1]), 64, run)
        self.assertNotIn("other", run.stdout)

    # Succeeds if a program that never calls the kernel, or ignores every signal, cannot be stopped.
    def test_endless_loops_end_at_the_timeout(self):
        for arguments in ([], ["ignore"]):
            run = self.program("spin", *arguments, timeout="1s")
            self.assertEqual(run.status, 124, run)
            self.assertLess(run.seconds, 5, run)
        run = self.shell("trap '' TERM INT HUP QUIT; while :; do :; done", timeout="1s")
        self.assertEqual(run.status, 124, run)

    def test_cpu_time_limit_ends_a_loop(self):
        run = self.program("spin", options=("--cpu-time", "500ms"))
        self.assertEqual(run.status, 137, run)
        self.assertLess(run.seconds, 10, run)

    def test_sleeping_ends_at_the_timeout(self):
        run = self.shell("sleep 1000 & sleep 1000 & wait", timeout="500ms")
        self.assertEqual(run.status, 124, run)
        self.assertLess(run.seconds, 5, run)

    # Succeeds if running off the end of a stack is more than the end of that process.
    def test_endless_recursion_ends_one_process(self):
        for kind in ("wasm", "memory"):
            run = self.shell(
                f"/programs/recursion {kind}; echo status $?; echo alive",
                *("-v", f"{self.programs}:/programs:ro"),
            )
            self.assertEqual(run.status, 0, run)
            self.assertIn("diving", run.stdout)
            self.assertIn("alive", run.stdout, run)
            self.assertNotIn("status 0", run.stdout, run)

    def test_shell_recursion_ends_one_shell(self):
        run = self.shell("bash -c 'f() { f; }; f' 2>/dev/null; echo status $?; echo alive")
        self.assertIn("alive", run.stdout, run)
        self.assertNotIn("status 0", run.stdout, run)

    # ---- memory, files, output

    # Succeeds if the command's memory grows beyond the limit and what it needs itself.
    def test_memory_bombs_are_bounded(self):
        for processes in ("1", "8"):
            run = self.program("memorybomb", processes, options=("--memory", "96M"))
            self.assertNotEqual(run.status, 0, run)
            self.assertLess(run.peak, 96 * MEBIBYTE + OVERHEAD, run)
            self.assertLess(run.seconds, 15, run)

    def test_shell_memory_bomb_is_bounded(self):
        run = self.shell("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", "--memory", "96M")
        self.assertNotEqual(run.status, 0, run)
        self.assertLess(run.peak, 96 * MEBIBYTE + OVERHEAD, run)

    def test_files_in_memory_are_bounded(self):
        run = self.shell(
            "head -c 1G /dev/zero > /tmp/big; echo status $?; rm /tmp/big; echo x > /tmp/small && echo again",
            *("--disk", "16M"),
        )
        self.assertIn("No space left on device", run.stderr, run)
        self.assertIn("again", run.stdout, run)
        self.assertLess(run.peak, 512 * MEBIBYTE, run)

    def test_inodes_are_bounded(self):
        run = self.shell(
            "cd /tmp; i=0; while : > f$i; do i=$((i+1)); [ $i -gt 5000 ] && break; done; echo made $i",
            *("--inodes", "500"),
        )
        self.assertLess(int(run.stdout.split()[1]), 501, run)

    def test_pipes_are_bounded(self):
        run = self.program("pipes", options=("--open-files", "512"))
        self.assertEqual(run.status, 0, run)
        self.assertLess(run.peak, 512 * MEBIBYTE + OVERHEAD, run)

    def test_output_is_bounded(self):
        run = self.shell("yes", "--output", "1M")
        self.assertEqual(run.status, 137, run)
        self.assertLessEqual(len(run.stdout), 2 * MEBIBYTE)

    def test_open_files_are_bounded(self):
        run = self.shell(
            "for i in {3..200}; do eval \"exec $i</dev/null\" || break; done 2>/dev/null; echo $i",
            *("--open-files", "64"),
        )
        self.assertLess(int(run.stdout.split()[-1]), 70, run)

    # Succeeds if an argument of any size makes the command or its kernel fall over.
    def test_huge_arguments_are_refused(self):
        run = self.shell("x=$(head -c 10M /dev/zero | tr '\\0' a); /bin/true \"$x\"; echo status $?")
        self.assertIn("status 126", run.stdout, run)
        run = self.shell("set -- $(seq 1 400000); /bin/true \"$@\"; echo status $?")
        self.assertIn("status 126", run.stdout, run)

    # ---- files of the host

    # Succeeds if any path, link or descriptor leads out of the namespace.
    def test_paths_do_not_escape(self):
        target = str(self.canary)
        (self.share / "absolute").symlink_to(target)
        (self.share / "relative").symlink_to("../canary")
        (self.share / "folder").symlink_to(str(self.host))
        (self.share / "root").symlink_to("/")
        climb = "../" * 40
        run = self.shell(
            f"""
            cd /mnt/share
            for p in {target} absolute relative folder/canary root{target} ../canary ../../{target} \\
                {climb}{target[1:]} sub/../../canary ./sub/./../../canary /proc/self/root{target} \\
                /proc/1/root{target} /proc/self/cwd/../canary /proc/$$/cwd/../../{target} \\
                /dev/fd/../..{target} /mnt/share/../..{target} //..//..{target}; do
              cat "$p" && echo "READ $p"
              echo x > "$p" && echo "WROTE $p"
            done 2>/dev/null
            ln {target} /tmp/hard 2>/dev/null && cat /tmp/hard
            ln -s {target} mine 2>/dev/null && cat mine 2>/dev/null
            exec 3< /mnt/share; cat /proc/self/fd/3/../canary 2>/dev/null
            cd /proc/self/fd/3 2>/dev/null && cat ../canary 2>/dev/null
            echo done
            """,
            *self.mounted("rw"),
        )
        self.assertIn("done", run.stdout, run)
        self.assertNotIn("READ", run.stdout, run)
        self.assertEqual(self.canary.read_text(), self.secret)

    # Succeeds if a component that becomes a symbolic link between check and use is followed outside.
    def test_symlink_races_do_not_escape(self):
        (self.host / "share" / "victim").mkdir()
        (self.host / "share" / "victim" / "canary").write_text("harmless\n")
        run_until = time.monotonic() + 4
        pid = os.fork()
        if pid == 0:
            victim, other = self.share / "victim", self.share / "other"
            link = self.share / "link"
            while time.monotonic() < run_until:
                try:
                    os.rename(victim, other)
                    os.symlink(self.host, victim)
                    os.rename(victim, link)
                    os.rename(other, victim)
                    os.unlink(link)
                except OSError:
                    pass
            os._exit(0)
        try:
            run = self.shell(
                """
                end=$((SECONDS + 3))
                while [ $SECONDS -lt $end ]; do
                  for i in 1 2 3 4 5 6 7 8 9; do
                    read -r x < /mnt/share/victim/canary && case $x in secret*) echo "$x";; esac
                  done 2>/dev/null
                done
                echo done
                """,
                *self.mounted("rw"),
            )
        finally:
            os.waitpid(pid, 0)
        self.assertIn("done", run.stdout, run)
        self.assertEqual(self.canary.read_text(), self.secret)

    # Succeeds if any kind of change reaches a folder that was mounted to be read.
    def test_read_only_mounts_do_not_change(self):
        os.utime(self.share / "file", (1000000000, 1000000000))
        before = self.snapshot(self.share)
        run = self.shell(
            """
            cd /mnt/share
            try() { "$@" 2>/dev/null && echo "DID $*"; }
            (echo x > file) 2>/dev/null && echo DID write
            (echo x >> file) 2>/dev/null && echo DID append
            (echo x > new) 2>/dev/null && echo DID create
            (: <> file) 2>/dev/null && echo DID open
            try rm file; try rm -rf sub; try rmdir sub; try mkdir d; try mv file f2; try mv file /tmp/f
            try mv /bin/true in; try ln file hard; try ln -s x soft; try mkfifo p; try chmod 777 file
            try chmod 777 .; try touch file; try touch -d 2001-01-01 sub; try truncate -s 0 file
            try cp /bin/true file; try dd if=/dev/zero of=file bs=1 count=1 conv=notrunc
            try sed -i s/s/x/ file; try tar -cf t.tar sub; try chown 1000 file; try ln file /tmp/hard
            cat file sub/deep
            """,
            *self.mounted("ro"),
        )
        self.assertEqual(run.stdout, "shared\ndeep\n", run)
        self.assertEqual(self.snapshot(self.share), before)

    # Succeeds if what a sandbox writes into a copy-on-write mount is seen outside.
    def test_copy_on_write_mounts_do_not_change(self):
        before = self.snapshot(self.share)
        run = self.shell(
            """
            cd /mnt/share
            echo changed > file; echo new > new; rm -r sub; mkdir sub2; mv new sub2; chmod 600 file
            cat file sub2/new; ls
            """,
            *self.mounted("cow"),
        )
        self.assertEqual(run.stdout, "changed\nnew\nfile\nsub2\n", run)
        self.assertEqual(self.snapshot(self.share), before)

    # Succeeds if destroying everything in reach destroys a mount point, the pack or a mounted folder.
    def test_rm_rf_root_harms_only_the_sandbox(self):
        before = self.snapshot(self.share)
        run = self.shell(
            """
            rm -rf --no-preserve-root / 2>/dev/null
            rmdir /mnt/share 2>/dev/null && echo DID rmdir
            mv /mnt/share /mnt/moved 2>/dev/null && echo DID move
            cat /mnt/share/file && echo survived
            """,
            *self.mounted("ro"),
        )
        self.assertIn("survived", run.stdout, run)
        self.assertNotIn("DID", run.stdout, run)
        self.assertEqual(self.snapshot(self.share), before)
        self.assertEqual(self.shell("echo fine | cat").stdout, "fine\n")

    def test_mount_points_cannot_be_removed_from_a_writable_parent(self):
        run = self.shell(
            """
            rmdir /tmp/inner; echo $?; rm -rf /tmp/inner; mv /tmp/inner /tmp/x; echo $?
            cat /tmp/inner/file
            """,
            *("-v", f"{self.share}:/tmp/inner:ro"),
        )
        self.assertIn("shared", run.stdout, run)
        self.assertEqual((self.share / "file").read_text(), "shared\n")

    def test_devices_of_the_host_are_not_there(self):
        run = self.shell(
            """
            for d in mem kmem port sda vda nvme0n1 kvm fuse loop0 input net/tun; do
              [ -e /dev/$d ] && echo "HAS $d"
            done
            mknod /tmp/mem c 1 1 2>/dev/null && echo "MADE"
            ls /sys/class 2>/dev/null | head -n 1
            echo done
            """
        )
        self.assertEqual(run.stdout, "done\n", run)

    # ---- processes, environment, network of the host

    # Succeeds if a number names a process outside.
    def test_signals_do_not_reach_the_host(self):
        with subprocess.Popen(["sleep", "1000"]) as victim:
            try:
                run = self.shell(
                    f"""
                    for p in {victim.pid} {os.getpid()} {os.getppid()}; do
                      kill -9 $p 2>/dev/null && echo "KILLED $p"
                      kill -9 -- -$p 2>/dev/null && echo "KILLED group $p"
                      [ -e /proc/$p ] && [ $p -gt 100 ] && echo "SEES $p"
                    done
                    trap '' TERM
                    kill -TERM -1
                    kill -TERM 0
                    echo done
                    """
                )
                self.assertEqual(run.stdout, "done\n", run)
                self.assertIsNone(victim.poll(), "the host's process was ended")
            finally:
                victim.kill()

    def test_kill_all_ends_the_sandbox_only(self):
        run = self.shell("kill -9 -1; kill -9 $$; echo never")
        self.assertEqual(run.status, 137, run)

    def test_proc_shows_the_sandbox_only(self):
        run = self.shell(
            "cd /proc; ls -d [0-9]*; cat [0-9]*/cmdline | tr '\\0' ' '; echo; cat mounts; cat 1/environ"
        )
        numbers = [int(word) for word in run.stdout.splitlines() if word.isdigit()]
        self.assertLess(len(numbers), 6, run)
        for word in ("systemd", "security_test", str(self.work), "ext4", "/dev/vda", "/dev/sd"):
            self.assertNotIn(word, run.stdout, run)

    def test_environment_of_the_caller_stays_outside(self):
        run = self.shell(
            "env; cat /proc/*/environ; set; declare -x; sh -c env",
            env={"AWS_SECRET_ACCESS_KEY": self.secret, "LD_PRELOAD": "", "BASH_ENV": self.secret},
        )
        self.assertEqual(run.status, 0, run)

    def test_descriptors_of_the_caller_stay_outside(self):
        descriptor = os.open(self.canary, os.O_RDONLY)
        os.set_inheritable(descriptor, True)
        script = "ls /proc/self/fd; for i in {3..300}; do cat <&$i; done 2>/dev/null; echo done"
        line = [CLOCHE, "run", "--quiet", "--", "bash", "-c", script]
        try:
            done = subprocess.run(
                line,
                close_fds=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                text=True,
                env={**os.environ, "CLOCHE_CACHE_DIR": self.cache},
            )
        finally:
            os.close(descriptor)
        self.assertIn("done", done.stdout)
        self.assertNotIn(self.secret, done.stdout)

    def test_there_is_no_network(self):
        run = self.shell(
            """
            (exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null && echo CONNECTED
            (exec 3<>/dev/udp/8.8.8.8/53) 2>/dev/null && echo CONNECTED
            echo done
            """
        )
        self.assertEqual(run.stdout, "done\n", run)

    def test_127_0_0_1_is_not_the_hosts(self):
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM
        ) as datagrams:
            port = server.getsockname()[1]
            datagrams.bind(("127.0.0.1", port))
            server.setblocking(False)
            datagrams.setblocking(False)
            run = self.shell(
                f"""
                (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo CONNECTED
                exec 4<>/dev/udp/127.0.0.1/{port}; echo leaves >&4
                echo done
                """
            )
            self.assertEqual(run.stdout, "done\n", run)
            self.assertRaises(BlockingIOError, server.accept)
            self.assertRaises(BlockingIOError, datagrams.recv, 100)

    # ---- hostile modules

    def run_module(self, data, *options):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        folder.chmod(0o755)
        path = folder / "module"
        path.write_bytes(data)
        path.chmod(0o755)
        script = "/m/module; echo status $?; echo alive"
        return self.shell(script, "-v", f"{folder}:/m:ro", *options)

    # Succeeds if bytes that are no module, or not one of ours, do more than fail to start.
    def test_malformed_modules_do_not_start(self):
        good = (self.programs / "spin").read_bytes()
        source = random.Random(7)
        bad = [b"\0asm", good[:8], good[: len(good) // 2], good[:-1], b"\x7fELF" + good[4:]]
        bad.append(good[:8] + bytes(source.randrange(256) for _ in range(4000)))
        # (module (import "linux" "no_such_call" (func))) and one with a memory of 65,536 pages.
        bad.append(bytes.fromhex("0061736d0100000001040160000002160105") + b"linux" + b"\x0cno_such_call\0\0")
        bad.append(bytes.fromhex("0061736d0100000005080101808004808004"))
        for data in bad:
            run = self.run_module(data, "--timeout", "2s")
            self.assertIn("alive", run.stdout, run)
            self.assertNotIn("status 0", run.stdout, run)

    def test_flipped_bits_in_a_module_harm_nobody(self):
        good = (self.programs / "forkbomb").read_bytes()
        source = random.Random(11)
        for _ in range(25):
            data = bytearray(good)
            for _ in range(source.randrange(1, 4)):
                data[source.randrange(8, len(data))] ^= 1 << source.randrange(8)
            run = self.run_module(bytes(data), "--timeout", "3s", "--pids", "20")
            self.assertLess(run.seconds, 20, run)

    # Succeeds if a system call believes a pointer, a length, a descriptor or an order of calls.
    def test_random_system_calls_harm_nobody(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        folder.chmod(0o755)
        source = folder / "calls.c"
        source.write_text(random_calls_program())
        self.compile(source, folder / "calls")
        before = self.snapshot(self.share)
        for seed in SYSCALL_FUZZ_SEEDS:
            with self.subTest(seed=seed):
                run = self.shell(
                    f"/m/calls {seed}; echo status $?; echo alive",
                    *("-v", f"{folder}:/m:ro", "--pids", "30", "--memory", "128M", "--timeout", "3s"),
                    *self.mounted("ro"),
                )
                # The calls may send any signal to the shell that started them: 128 + n. A command that
                # itself died of one has a status below zero.
                self.assertTrue(run.status in (0, 124) or 128 < run.status <= 192, run)
                self.assertLess(run.seconds, 15, run)
                self.assertLess(run.peak, 128 * MEBIBYTE + 2 * OVERHEAD, run)
        self.assertEqual(self.snapshot(self.share), before)

    # ---- the host afterwards

    def test_nothing_is_left_behind(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        self.shell("echo x > /tmp/x; seq 100000 | sort | tail -n 1; (sleep 100 &)", env={"TMPDIR": str(folder)})
        self.assertEqual(list(folder.iterdir()), [])
        leftovers = [p for p in pathlib.Path(self.cache).rglob("*") if ".tmp" in p.name]
        self.assertEqual(leftovers, [])


def random_calls_program():
    """A program that makes random system calls with hostile arguments, from abi/syscalls.tab. It
    keeps none of the rules: it goes on after SUSPEND, and passes pointers from nowhere."""
    calls = []
    for line in (REPOSITORY / "abi" / "syscalls.tab").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) >= 4 and words[0].isdigit() and words[1] not in ("exit", "exit_group"):
            calls.append((words[1], int(words[2])))
    lines = ["#include <stdint.h>", "#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>"]
    for name, arity in calls:
        parameters = ", ".join(["int32_t"] * arity) or "void"
        lines.append(
            f'__attribute__((import_module("linux"), import_name("{name}"))) int32_t call_{name}({parameters});'
        )
    lines.append(
        """
static uint32_t state;
static uint32_t next(void) {
  state ^= state << 13; state ^= state >> 17; state ^= state << 5;
  return state;
}
static char area[65536];
static int32_t argument(void) {
  static const int32_t odd[] = {0, 1, -1, 2, 3, -100, 4095, 4096, 65536, INT32_MAX, INT32_MIN, -4096, 0x7ffff000, 16, 255, 1024};
  static const char *texts[] = {"/", ".", "..", "/tmp/a", "/tmp/b/../c", "/proc/self/fd/1", "/mnt/share/file", "/dev/ptmx", "/proc/self/mem", "a/b/c", "", "/tmp"};
  switch (next() % 8) {
    case 0: return (int32_t)next();
    case 1: case 2: return odd[next() % 16];
    case 3: return (int32_t)(next() % 12);
    case 4: return (int32_t)(uintptr_t)(area + next() % sizeof area);
    case 5: return (int32_t)(uintptr_t)texts[next() % 12];
    case 6: return (int32_t)(next() % 65);
    default: return (int32_t)(__builtin_wasm_memory_size(0) * 65536 - next() % 5000);
  }
}
int main(int argc, char **argv) {
  state = (uint32_t)atoi(argv[1]) * 2654435761u + 1;
  for (size_t i = 0; i < sizeof area; i++) area[i] = (char)next();
  for (int i = 0; i < 60000; i++) {
    if (next() % 16 == 0) memset(area + next() % 60000, 0, next() % 4096);
    switch (next() % CALLS) {"""
    )
    for index, (name, arity) in enumerate(calls):
        arguments = ", ".join(["argument()"] * arity)
        lines.append(f"      case {index}: call_{name}({arguments}); break;")
    lines.append("    }\n  }\n  return 0;\n}\n")
    return "\n".join(lines).replace("CALLS", str(len(calls)))


if __name__ == "__main__":
    if not os.access(CLOCHE, os.X_OK):
        print(f"security: {CLOCHE} is not there: run scripts/build", file=sys.stderr)
        sys.exit(125)
    unittest.main()
