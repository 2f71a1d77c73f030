"""Files of a sandbox from outside."""

import asyncio
import errno
import io
import resource
import tarfile
import threading
import time
from pathlib import Path

import pytest

import cloche


def test_read_and_write(sandbox: cloche.Sandbox) -> None:
    files = sandbox.files
    files.write("/home/user/a.txt", "x")
    files.write("a.txt", b"y\xff", append=True)
    assert files.read_bytes("a.txt") == b"xy\xff" and files.read("a.txt") == "xy\ufffd"
    assert sandbox.run("wc -c < a.txt").stdout.strip() == "3"
    files.write("new/folder/b", "", mode=0o600)
    assert files.stat("new/folder/b").mode == 0o600 and files.read("new/folder/b") == ""
    assert "cpu" in files.read("/proc/stat") or not files.exists("/proc/stat")


def test_folders(sandbox: cloche.Sandbox) -> None:
    files = sandbox.files
    files.mkdir("d/e")
    files.mkdir("d/e")
    files.write("d/f", "123")
    assert [(entry.name, entry.type, entry.size) for entry in files.list("d")][1] == ("f", "regular", 3)
    files.rename("d/f", "d/g")
    files.symlink("g", "d/link")
    assert files.readlink("d/link") == "g" and files.stat("d/link", follow=False).type == "symlink"
    files.chmod("d/g", 0o400)
    assert files.stat("d/link").mode == 0o400 and abs(files.stat("d/g").mtime - time.time()) < 60
    with pytest.raises(cloche.ArgumentError) as raised:
        files.remove("d")
    assert raised.value.errno == errno.ENOTEMPTY
    files.remove("d", recursive=True)
    assert not files.exists("d")


def test_errors(sandbox: cloche.Sandbox) -> None:
    with pytest.raises(cloche.NotFoundError) as raised:
        sandbox.files.read("missing")
    assert raised.value.errno == errno.ENOENT
    with pytest.raises(cloche.PermissionDeniedError):
        sandbox.files.write("/usr/bin/x", "")
    with pytest.raises(cloche.ArgumentError) as is_folder:
        sandbox.files.read("/tmp")
    assert is_folder.value.errno == errno.EISDIR
    for bad in ("a\0", "\ud800", 7, None):
        with pytest.raises(cloche.Error):
            sandbox.files.read(bad)  # type: ignore[arg-type]
    with pytest.raises(cloche.ArgumentTypeError):
        sandbox.files.write("a", 7)  # type: ignore[arg-type]
    with pytest.raises(cloche.ArgumentError):
        sandbox.files.chmod("a", 0o77777)
    with cloche.Sandbox(limits=cloche.Limits(disk="1M")) as small:
        with pytest.raises(cloche.ResourceExhaustedError):
            small.files.write("big", b"x" * (2 << 20))
    with pytest.raises(cloche.ClosedError):
        small.files.read("big")


def test_no_path_leads_out(sandbox: cloche.Sandbox) -> None:
    sandbox.run("ln -s / root; ln -s ../../../../etc/shadow up")
    for path in ("root/etc/shadow", "up", "../../../../etc/shadow"):
        assert not sandbox.files.exists(path)


def test_archives(sandbox: cloche.Sandbox, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "in.tar", "w") as archive:
        for name, data in (("a/b", b"1"), ("../out", b"2"), ("/abs", b"3")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    report = sandbox.files.unpack("box", tmp_path / "in.tar")
    assert sandbox.files.read("box/a/b") == "1" and report.files >= 1
    assert report.skipped_count >= 1 and not sandbox.files.exists("/home/user/out")
    sandbox.files.pack("box", tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as archive:
        assert any(name.endswith("a/b") for name in archive.getnames())
    with pytest.raises(cloche.Error):
        (tmp_path / "bad.tar").write_bytes(b"no tar" * 200)
        sandbox.files.unpack("box", tmp_path / "bad.tar")
    with pytest.raises(cloche.ArgumentTypeError):
        sandbox.files.unpack("box", 7)  # type: ignore[arg-type]


def test_a_hundred_megabytes_without_twice_the_memory() -> None:
    size = 100 << 20
    data = b"x" * size
    with cloche.Sandbox() as sandbox:
        sandbox.files.write("big", data)
        del data
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert len(sandbox.files.read_bytes("big")) == size
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        assert grown < size * 3 // 2


def test_while_a_program_runs(sandbox: cloche.Sandbox) -> None:
    thread = threading.Thread(target=lambda: sandbox.run("while [ ! -e stop ]; do :; done"))
    thread.start()
    sandbox.files.write("seen", "x")
    assert sandbox.files.read("seen") == "x"
    sandbox.files.write("stop", "")
    thread.join(30)
    assert not thread.is_alive()


def test_asyncio() -> None:
    async def main() -> None:
        async with cloche.AsyncSandbox() as sandbox:
            await sandbox.files.write("a", "x")
            assert await sandbox.files.read("a") == "x"
            assert [entry.name for entry in await sandbox.files.list()] == ["a"]
            await sandbox.files.rename("a", "b")
            assert await sandbox.files.exists("b") and not await sandbox.files.exists("a")

    asyncio.run(main())
