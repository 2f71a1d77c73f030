"""wheels_test FOLDER: the wheels are as small as promised and hold what they must, and nothing else."""

import sys
import zipfile
from pathlib import Path

_MIB = 1 << 20
_LIMITS = {"cloche-": 15 * _MIB, "cloche_python-": 40 * _MIB}
_MUST = {
    "cloche-": ["cloche/py.typed", "cloche/_cloche.pyi", "cloche/_data/cloche", "cloche/_data/cloche.pack"],
    "cloche_python-": ["cloche/_data/cloche-python.pack"],
}


def check(prefix: str, folder: Path) -> int:
    [wheel] = folder.glob(f"{prefix}*.whl")
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size} bytes, at most {_LIMITS[prefix]}")
    assert size <= _LIMITS[prefix]
    names = zipfile.ZipFile(wheel).namelist()
    for name in _MUST[prefix]:
        assert name in names, f"{name} is not in {wheel.name}"
    for name in names:
        assert not name.endswith((".pyc", ".cc", ".h", ".a")), f"{name} is in {wheel.name}"
    return size


folder = Path(sys.argv[1])
both = sum(check(prefix, folder) for prefix in _LIMITS)
print(f"both: {both} bytes, at most {40 * _MIB}")
assert both <= 40 * _MIB
