"""An agent that analyses data in a sandbox, once honest and once hostile.

The "model" is a script: the files of honest/ and hostile/, in the order of their names. All else is as with
a real one: it gets what the sandbox is told about, writes bash, Python and SQL, and asks a tool that costs.
"""

import argparse
import csv
import dataclasses
import itertools
import pathlib
import statistics
import textwrap
import time
from typing import Literal

import cloche
import data
from cloche import models

HERE = pathlib.Path(__file__).resolve().parent
PRICE = 25  # cents a call
BUDGET = 75
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
SECONDS = {"honest": 60, "hostile": 5}  # a turn; who has a bad name gets less
SQL = ["sqlite3", "-box", "penguins.db"]


class Lab:
    """Sells what it measured: means of isotopes, from a table that the analyst does not have."""

    def __init__(self, table: pathlib.Path) -> None:
        with table.open(newline="") as file:
            self._rows = list(csv.DictReader(file))
        self.sold: list[str] = []

    def isotopes(
        self, species: Literal["Adelie", "Chinstrap", "Gentoo"], isotope: Literal["N15", "C13"]
    ) -> dict:
        """The mean of an isotope in the blood of a species, in per mille. Costs 25 cents a call."""
        column = {"N15": "Delta 15 N (o/oo)", "C13": "Delta 13 C (o/oo)"}[isotope]
        values = [
            float(row[column])
            for row in self._rows
            if row["Species"].startswith(species) and row[column] != "NA"
        ]
        self.sold.append(f"{species} {isotope}")
        return {"mean": round(statistics.fmean(values), 2), "samples": len(values)}

    @property
    def bill(self) -> int:
        return PRICE * len(self.sold)


def sandbox_for(lab: Lab, tables: pathlib.Path) -> cloche.Sandbox:
    """The same for both: one table to read, one tool with a budget, and limits."""
    return cloche.Sandbox(
        tools=[cloche.Tool(lab.isotopes, name="lab/isotopes")],
        grants=[
            cloche.Grant(
                "lab/isotopes",
                where={"species": cloche.one_of(*SPECIES), "isotope": "N15"},
                calls=BUDGET // PRICE,
            )
        ],
        mounts=[
            cloche.Mount(tables / "penguins.csv", "/data/penguins.csv"),
            cloche.Mount(HERE / "inside", "/plot"),
        ],
        limits=cloche.Limits(timeout=60, cpu_time=20, memory="256M", pids=48, disk="64M", output="1M"),
    )


@dataclasses.dataclass
class Step:
    """One turn of the model, and what came of it."""

    name: str
    code: str
    result: cloche.Result
    seconds: float

    @property
    def stopped_by(self) -> str:
        """What kept the code from what it wanted, in the sandbox's own words."""
        reasons = {call.reason: None for call in self.result.tool_calls if call.decision != "allowed"}
        said = [f"tool call denied: {reason}" for reason in reasons]
        said += [f"limit {name}, reached {count} time{'s' * (count > 1)}" for name, count in self.result.limits_hit.items()]
        if self.result.outcome not in ("exited", "error"):
            said.append(
                f"ended: {self.result.outcome} {self.result.limit or self.result.signal or ''}".rstrip()
            )
        if not said and not self.result.ok:
            said = self.result.stderr.strip().splitlines()[-1:]
        return "\n  ! ".join(said)


def take_turn(sandbox: cloche.Sandbox, file: pathlib.Path, seconds: float) -> Step:
    """Does what the model wrote."""
    code = file.read_text()
    start = time.monotonic()
    if file.suffix == ".py":
        result: cloche.Result = sandbox.run_python(code, timeout=seconds)
    elif file.suffix == ".sql":
        result = sandbox.run(SQL, input=code, timeout=seconds)
    else:
        result = sandbox.run(code, timeout=seconds)
    return Step(file.name, code, result, time.monotonic() - start)


def shown(text: str, lines: int, mark: str) -> str:
    """The beginning of a text, each line behind a mark."""
    rows = []
    for row, same in itertools.groupby(text.rstrip("\n").splitlines()):
        count = len(list(same))
        rows += [row] if count == 1 else [f"{row}  [{count} times]"]
    more = [f"… {len(rows) - lines} more lines"] if len(rows) > lines else []
    return "\n".join(
        f"  {mark} {row if len(row) <= 116 else row[:115] + '…'}" for row in [*rows[:lines], *more]
    )


def tell(step: Step, lab: Lab) -> None:
    """A turn in the transcript."""
    print(f"\n--- {step.name} ({step.seconds * 1000:.0f} ms)")
    print(shown(step.code, 8, ">"))
    text = models.result_text(step.result, 4000)
    print(shown(text, 14, " "))
    if isinstance(step.result, cloche.CodeResult) and step.result.displays:
        print(f"    shown: {', '.join(kind for display in step.result.displays for kind in display)}")
    if any(call.tool == "lab/isotopes" for call in step.result.tool_calls):
        print(f"  $ paid so far: {lab.bill} of {BUDGET} cents")
    if step.stopped_by:
        print(f"  ! {step.stopped_by}")


def play(variant: str, out: pathlib.Path) -> tuple[list[Step], Lab]:
    """One whole run: its turns, and what the lab sold."""
    tables = data.tables()
    lab = Lab(tables / "penguins-raw.csv")
    print(f"\n=== {variant} ===")
    with sandbox_for(lab, tables) as sandbox:
        if variant == "honest":
            print("The model is told:")
            for line in cloche.system_prompt(sandbox).splitlines():
                print(textwrap.fill(line, 116, initial_indent="  ", subsequent_indent="    "))
        steps = []
        for file in sorted((HERE / variant).iterdir()):
            steps.append(take_turn(sandbox, file, SECONDS[variant]))
            tell(steps[-1], lab)
        if variant == "hostile":
            after = sandbox.run(
                "echo the sandbox still works, the data are as they were:; wc -l /data/penguins.csv"
            )
            print(f"\n--- afterwards\n{shown(after.stdout, 5, ' ')}")
        events = [event["event"] for event in sandbox.audit()]
    print(
        f"\nAudit log: {', '.join(f'{events.count(kind)} {kind}' for kind in sorted(set(events)) if kind != 'log.start')}"
    )
    print(f"Sold: {', '.join(lab.sold) or 'nothing'}; bill: {lab.bill} of {BUDGET} cents")
    keep_pictures(steps, out)
    return steps, lab


def keep_pictures(steps: list[Step], out: pathlib.Path) -> None:
    for step in steps:
        for display in getattr(step.result, "displays", []):
            if isinstance(display.get("image/png"), bytes):
                out.mkdir(parents=True, exist_ok=True)
                (out / "penguins.png").write_bytes(display["image/png"])
                print(f"Picture: {out / 'penguins.png'}, {len(display['image/png'])} bytes")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "variant", nargs="*", default=["honest", "hostile"], help="honest, hostile; both unless said"
    )
    options.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path("data-analyst"), help="folder for the picture"
    )
    chosen = options.parse_args()
    for variant in chosen.variant:
        if variant not in ("honest", "hostile"):
            options.error(f"no such variant: {variant}; there are honest and hostile")
        play(variant, chosen.out)


if __name__ == "__main__":
    main()
