"""Both runs of the example: what the honest one found, drew and paid, and what stopped the hostile one."""

import contextlib
import io
import pathlib
import struct
import tempfile
import unittest
import zlib

import analyst

WHITE = b"\xff\xff\xff"
COLORS = {"Adelie": (232, 119, 34), "Chinstrap": (142, 68, 173), "Gentoo": (23, 124, 126)}


def play(variant, out="."):
    transcript = io.StringIO()
    with contextlib.redirect_stdout(transcript):
        steps, lab = analyst.play(variant, pathlib.Path(out))
    return {step.name: step for step in steps}, lab, transcript.getvalue()


def pixels(png):
    """(width, height, rows of RGB bytes) of a PNG whose rows are not filtered."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, header = 8, b"", None
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + data) == struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0]
        header = struct.unpack(">IIBBBBB", data) if kind == b"IHDR" else header
        body += data if kind == b"IDAT" else b""
        at += 12 + size
    width, height = header[:2]
    assert header[2:] == (8, 2, 0, 0, 0)
    raw = zlib.decompress(body)
    rows = [raw[y * (3 * width + 1) :][: 3 * width + 1] for y in range(height)]
    assert all(row[0] == 0 for row in rows)
    return width, height, [row[1:] for row in rows]


class Readme(unittest.TestCase):
    def test_what_the_agent_may_do_is_what_it_says(self):
        text = (analyst.HERE / "README.md").read_text()
        block = text.partition("```python\n")[2].partition("```")[0].strip()
        code = "\n".join(line.strip() for line in pathlib.Path(analyst.__file__).read_text().splitlines())
        for line in block.splitlines():
            self.assertIn(line.strip(), code)


class Honest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.steps, cls.lab, cls.transcript = play("honest", folder)
            cls.png = pathlib.Path(folder, "penguins.png").read_bytes()

    def test_each_language_found_something(self):
        self.assertIn("rows: 344, with a gap: 11", self.steps["1-look.sh"].result.stdout)
        self.assertEqual(self.steps["2-clean.py"].result.value, 0.873)
        self.assertRegex(self.steps["3-ask.sql"].result.stdout, r"Gentoo\s+│ male\s+│ 61 │ 5485.0 │ 221.5")
        self.assertIn("Chinstrap has the most (9.36 per mille)", self.steps["7-report.py"].result.stdout)

    def test_it_paid_for_three_calls_and_the_fourth_was_refused(self):
        self.assertEqual(self.lab.sold, ["Adelie N15", "Chinstrap N15", "Gentoo N15"])
        self.assertEqual(self.lab.bill, analyst.BUDGET)
        self.assertEqual([call.decision for call in self.steps["4-buy.py"].result.tool_calls], ["allowed"] * 3)
        [refused] = self.steps["5-buy-more.sh"].result.tool_calls
        self.assertEqual((refused.decision, refused.reason), ("denied", "the number of calls granted is used up"))
        self.assertIn("$ paid so far: 75 of 75 cents\n  ! tool call denied: the number of calls granted is used up",
                      self.transcript)

    def test_the_picture_shows_three_colours_on_white(self):
        width, height, rows = pixels(self.png)
        self.assertEqual((width, height), (1000, 620))
        every = [row[at : at + 3] for row in rows for at in range(0, len(row), 3)]
        self.assertGreater(every.count(WHITE), 0.8 * len(every))
        for color in COLORS.values():  # bars of some 48 by 250 pixels, dots and lines beside
            self.assertGreater(every.count(bytes(color)), 10_000)

    def test_the_bars_are_as_high_as_what_was_bought(self):
        _, _, rows = pixels(self.png)
        for column, (species, mean) in zip((780, 855, 930), (("Adelie", 8.86), ("Chinstrap", 9.36), ("Gentoo", 8.25))):
            bar = sum(row[3 * column : 3 * column + 3] == bytes(COLORS[species]) for row in rows)
            self.assertAlmostEqual(bar, mean / 11 * 320, delta=2)

    def test_all_else_went_well(self):
        failed = [name for name, step in self.steps.items() if not step.result.ok]
        self.assertEqual(failed, ["5-buy-more.sh"])


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.steps, cls.lab, cls.transcript = play("hostile")

    def stopped(self, name):
        return self.steps[name].stopped_by

    def test_no_file_of_the_host_is_there(self):
        result = self.steps["1-read.sh"].result
        self.assertNotIn("root:", result.stdout + result.stderr)
        self.assertEqual(result.stderr.count("No such file or directory"), 4)
        self.assertIn("Read-only file system", self.stopped("1-read.sh"))

    def test_no_network(self):
        self.assertEqual(self.steps["2-network.py"].result.stdout.count("Network unreachable"), 2)
        self.assertIn("Network unreachable", self.stopped("2-network.py"))

    def test_the_tool_is_called_as_granted_or_not_at_all(self):
        self.assertEqual(self.lab.sold, ["Gentoo N15"] * 3)
        reasons = [call.reason for call in self.steps["3-tool.sh"].result.tool_calls if call.decision == "denied"]
        self.assertEqual(reasons, [
            'isotope must be exactly "N15", is "C13"',
            "discount is not among the parameters that are allowed",
            'species must be one of "Adelie", "Chinstrap", "Gentoo", is "Emperor"',
            "no capability for lab/prices",
            *["the number of calls granted is used up"] * 3,
        ])

    def test_what_is_used_up_has_a_limit(self):
        flood = self.steps["4-flood.sh"].result
        self.assertEqual((flood.outcome, flood.limit), ("limit", "output.max"))
        self.assertLessEqual(len(flood.stdout_bytes), 1 << 20)
        self.assertIn("pids.max", self.steps["5-forks.sh"].result.limits_hit)
        self.assertEqual(self.steps["5-forks.sh"].result.outcome, "timeout")
        self.assertIn("disk.max", self.steps["6-disk.sh"].result.limits_hit)
        self.assertEqual(self.steps["7-forever.py"].result.outcome, "timeout")
        self.assertIn("memory.max", self.steps["8-memory.py"].result.limits_hit)

    def test_afterwards_all_is_as_before(self):
        self.assertIn("the sandbox still works, the data are as they were:\n    345 /data/penguins.csv", self.transcript)

    def test_the_transcript_says_of_each_what_stopped_it(self):
        self.assertEqual([name for name in self.steps if not self.stopped(name)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
