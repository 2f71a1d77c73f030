"""A picture drawn by Python alone: discs, lines and letters with smooth edges, written as PNG.

picture = Picture(640, 400)
picture.line(40, 40, 600, 40, (0, 0, 0), 1)
picture.text(40, 20, "Hello", (0, 0, 0))
display({"image/png": picture.png()}, raw=True)
"""

import math
import struct
import zlib

# Letters as strokes of a pen on a grid 4 wide and 6 high, y upwards from the base line: points joined by
# "-", strokes parted by a space. `g`, `p`, `y` and so on reach below it: "a" is -1, "b" is -2.
_STROKES = {
    "A": "00-26-40 12-32",
    "B": "00-06-26-35-34-23-03 23-32-31-20-00",
    "C": "41-30-10-01-05-16-36-45",
    "D": "00-06-26-44-42-20-00",
    "E": "40-00-06-46 03-33",
    "F": "00-06-46 03-33",
    "G": "45-36-16-05-01-10-30-41-43-23",
    "H": "00-06 40-46 03-43",
    "I": "20-26",
    "J": "01-10-20-31-36",
    "K": "00-06 46-02 24-40",
    "L": "06-00-40",
    "M": "00-06-23-46-40",
    "N": "00-06-40-46",
    "O": "10-30-41-45-36-16-05-01-10",
    "P": "00-06-36-45-44-33-03",
    "Q": "10-30-41-45-36-16-05-01-10 22-40",
    "R": "00-06-36-45-44-33-03 23-40",
    "S": "01-10-30-41-42-33-13-04-05-16-36-45",
    "T": "20-26 06-46",
    "U": "06-01-10-30-41-46",
    "V": "06-20-46",
    "W": "06-10-24-30-46",
    "X": "00-46 06-40",
    "Y": "06-23-46 23-20",
    "Z": "06-46-00-40",
    "a": "04-24-33-30 32-12-01-10-20-31",
    "b": "06-00 02-14-24-33-31-20-10-01",
    "c": "33-24-14-03-01-10-20-31",
    "d": "36-30 32-24-14-03-01-10-20-31",
    "e": "02-32-33-24-14-03-01-10-20-31",
    "f": "10-15-26-36 04-34",
    "g": "34-3a-2b-1b-0a 33-24-14-03-02-11-21-32",
    "h": "06-00 03-14-24-33-30",
    "i": "10-14 16-16",
    "j": "14-1a-0b 16-16",
    "k": "06-00 34-01 13-30",
    "l": "10-16",
    "m": "04-00 03-14-23-20 23-34-43-40",
    "n": "04-00 03-14-24-33-30",
    "o": "10-20-31-33-24-14-03-01-10",
    "p": "0b-04 03-14-24-33-31-20-10-01",
    "q": "3b-34 33-24-14-03-01-10-20-31",
    "r": "00-04 02-14-34",
    "s": "01-10-20-31-22-12-03-14-24-33",
    "t": "16-11-20-30 04-34",
    "u": "04-01-10-20-31-34 31-30",
    "v": "04-20-44",
    "w": "04-10-23-30-44",
    "x": "00-34 04-30",
    "y": "04-01-10-20-31 34-3a-2b-1b-0a",
    "z": "04-34-00-30",
    "0": "10-30-41-45-36-16-05-01-10",
    "1": "04-26-20",
    "2": "05-16-36-45-44-00-40",
    "3": "05-16-36-45-44-33-23 33-42-41-30-10-01",
    "4": "30-36-02-42",
    "5": "46-06-03-33-42-41-30-10-01",
    "6": "35-26-16-04-01-10-30-41-42-33-13-02",
    "7": "06-46-10",
    "8": "13-04-05-16-36-45-44-33-13-02-01-10-30-41-42-33",
    "9": "01-10-20-42-45-36-16-05-04-13-33-44",
    ".": "10-10",
    ",": "20-1a",
    ":": "10-10 13-13",
    ";": "20-1a 23-23",
    "-": "03-33",
    "+": "03-43 21-25",
    "=": "02-32 04-34",
    "/": "00-46",
    "(": "26-15-11-20",
    ")": "06-15-11-00",
    "%": "00-46 06-15 31-40",
    "'": "16-14",
    "*": "02-44 04-42 21-25",
}
_NARROW = {
    "i": 2.4,
    "l": 2.4,
    "j": 2.4,
    ".": 2.4,
    ",": 2.8,
    ":": 2.4,
    ";": 2.8,
    "(": 3,
    ")": 3,
    "'": 2.2,
    " ": 3,
    "f": 4,
    "t": 4,
    "r": 4,
}
_LOW = {"a": -1, "b": -2}


def _points(stroke):
    return [(int(x), _LOW[y] if y in _LOW else int(y)) for x, y in stroke.split("-")]


_GLYPHS = {letter: [_points(stroke) for stroke in strokes.split()] for letter, strokes in _STROKES.items()}


def _advance(letter):
    if letter in _NARROW:
        return _NARROW[letter]
    return 5.4 if letter.isupper() or letter.isdigit() or letter in "mw+=%" else 4.6


class Picture:
    """`width` by `height` pixels, white; y grows downwards. Colours are (red, green, blue), 0 to 255."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self._rows = [bytearray(b"\xff" * (3 * width)) for _ in range(height)]

    def _blend(self, x, y, color, alpha):
        row, at = self._rows[y], 3 * x
        for part in range(3):
            row[at + part] += round((color[part] - row[at + part]) * alpha)

    def _near(self, left, top, right, bottom):
        """The pixels of a box that are in the picture."""
        columns = range(max(0, math.floor(left)), min(self.width, math.ceil(right) + 1))
        for y in range(max(0, math.floor(top)), min(self.height, math.ceil(bottom) + 1)):
            for x in columns:
                yield x, y

    def disc(self, x, y, radius, color, alpha=1.0):
        for at, row in self._near(x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1):
            cover = radius + 0.5 - math.hypot(at - x, row - y)
            if cover > 0:
                self._blend(at, row, color, alpha * min(1.0, cover))

    def line(self, x1, y1, x2, y2, color, thickness=1.0, alpha=1.0):
        """With round ends."""
        across, down = x2 - x1, y2 - y1
        length, half = across * across + down * down, thickness / 2
        reach = half + 1
        for x, y in self._near(
            min(x1, x2) - reach, min(y1, y2) - reach, max(x1, x2) + reach, max(y1, y2) + reach
        ):
            along = 0.0 if length == 0 else max(0.0, min(1.0, ((x - x1) * across + (y - y1) * down) / length))
            cover = half + 0.5 - math.hypot(x - x1 - along * across, y - y1 - along * down)
            if cover > 0:
                self._blend(x, y, color, alpha * min(1.0, cover))

    def box(self, left, top, right, bottom, color, alpha=1.0):
        for x, y in self._near(left, top, right - 1, bottom - 1):
            self._blend(x, y, color, alpha)

    def text(self, x, y, text, color, size=12, anchor="left", thickness=None, upwards=False):
        """`size` is the height of a capital letter, `y` the base line, `anchor` left, middle or right."""
        unit = size / 6
        start = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * self.text_width(text, size)
        for letter in text:
            for stroke in _GLYPHS.get(letter, []):
                dot = 1.5 if stroke[0] == stroke[-1] and len(stroke) == 2 else 1
                for (x1, y1), (x2, y2) in zip(stroke, stroke[1:]):
                    ends = [(x1 * unit - start, -y1 * unit), (x2 * unit - start, -y2 * unit)]
                    (a, b), (c, d) = [(down, -right) for right, down in ends] if upwards else ends
                    self.line(x + a, y + b, x + c, y + d, color, dot * (thickness or size / 8))
            start -= _advance(letter) * unit

    def text_width(self, text, size=12):
        return (sum(map(_advance, text)) - 1) * size / 6 if text else 0.0

    def png(self):
        """The picture as the bytes of a PNG file."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        body = zlib.compress(b"".join(b"\0" + row for row in self._rows), 9)
        chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )


def ticks(low, high, most=6):
    """Round numbers between two, at most so many."""
    step = 10 ** math.floor(math.log10((high - low) / most))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= most)
    return [round(n * step, 10) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
