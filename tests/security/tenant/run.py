#!/usr/bin/env python3
"""Compiles the hostile programs and runs tenant_rig with them; arguments that are not known here go
to it (see tenant_rig.cc). Ends with its status.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rig", default=str(REPOSITORY / "build/tests/security/tenant/tenant_rig"))
    parser.add_argument("--pack", default=os.environ.get("CLOCHE_PACK", str(REPOSITORY / "build/cloche.pack")))
    parser.add_argument("--cache", default=str(REPOSITORY / "build/tests/security/tenant/cache"))
    options, passed = parser.parse_known_args()
    compiler = f"{sysroot()}/bin/cloche-cc"
    with tempfile.TemporaryDirectory(prefix="cloche-tenant.") as programs:
        for source in SOURCES:
            target = pathlib.Path(programs) / source.stem
            subprocess.run([compiler, "-O1", "-pthread", "-w", "-o", target, source], check=True)
        line = [options.rig, *passed, options.pack, options.cache, programs]
        return subprocess.run(line, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
