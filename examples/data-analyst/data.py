"""The data of the example: two tables of the package palmerpenguins, fetched once."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TABLES = {
    "penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93",
    "penguins-raw.csv": "144f623143c9360fd77322a4f86acb06dc198814dbd2669724c63e6457b907bd",
}


def _whole(folder: pathlib.Path) -> bool:
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        for name, digest in TABLES.items()
    )


def tables() -> pathlib.Path:
    """The folder with both tables, in the user's cache."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "cloche" / "data" / "palmerpenguins-0.1.6"
    if not _whole(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as fetched:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--require-hashes",
                    "-r",
                    HERE / "requirements.txt",
                    "-d",
                    fetched,
                ],
                check=True,
            )
            [wheel] = pathlib.Path(fetched).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                for name in TABLES:
                    part = folder / f".{name}.{os.getpid()}"
                    part.write_bytes(archive.read(f"palmerpenguins/data/{name}"))
                    part.replace(folder / name)
        if not _whole(folder):
            raise SystemExit(f"the tables in {folder} are not those that are expected")
    return folder
