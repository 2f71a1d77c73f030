#!/usr/bin/env python3
"""Compiles the hostile programs and runs tenant_rig with them; arguments that are not known here go
to it (see tenant_rig.cc). With --seconds, then prints what this machine does to a native neighbour
beside native loops. Ends with the rig's status.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent.parent
SOURCES = [*sorted((HERE / "programs").glob("*.c")), REPOSITORY / "bench" / "programs" / "toolcalls.c"]


def sysroot():
    if "CLOCHE_SYSROOT" in os.environ:
        return os.environ["CLOCHE_SYSROOT"]
    done = subprocess.run(
        [REPOSITORY / "scripts" / "build-sysroot"], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


def latencies(seconds):
    """The median and the 99th percentile, in ms, of the neighbour's job done by a native bash."""
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        subprocess.run(["bash", "-c", 'x=$(echo hello); echo "$x"'], stdout=subprocess.DEVNULL, check=True)
        seen.append((time.perf_counter() - start) * 1000)
        time.sleep(0.005)
    seen.sort()
    return seen[len(seen) // 2], seen[int(0.99 * (len(seen) - 1))]


def print_native(seconds, attackers):
    alone = latencies(seconds)
    loops = [subprocess.Popen(["bash", "-c", "while :; do :; done"]) for _ in range(attackers)]
    try:
        beside = latencies(seconds)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    print(
        f"{'native bash loops':<18} {'':<20} {'':>8} {'':>8} {'':>8} "
        f"{alone[0]:9.2f} {alone[1]:9.2f} {beside[0]:9.2f} {beside[1]:9.2f} {beside[1] / alone[1]:6.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rig", default=str(REPOSITORY / "build/tests/security/tenant/tenant_rig"))
    parser.add_argument("--pack", default=os.environ.get("CLOCHE_PACK", str(REPOSITORY / "build/cloche.pack")))
    parser.add_argument("--cache", default=str(REPOSITORY / "build/tests/security/tenant/cache"))
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--attackers", type=int, default=os.cpu_count())
    options, passed = parser.parse_known_args()
    passed += ["--seconds", str(options.seconds), "--attackers", str(options.attackers)]
    compiler = f"{sysroot()}/bin/cloche-cc"
    with tempfile.TemporaryDirectory(prefix="cloche-tenant.") as programs:
        for source in SOURCES:
            target = pathlib.Path(programs) / source.stem
            subprocess.run([compiler, "-O1", "-pthread", "-w", "-o", target, source], check=True)
        line = [options.rig, *passed, options.pack, options.cache, programs]
        status = subprocess.run(line, check=False).returncode
    if options.seconds > 0:
        print_native(options.seconds, options.attackers)
    return status


if __name__ == "__main__":
    sys.exit(main())
