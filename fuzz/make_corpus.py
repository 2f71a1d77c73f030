#!/usr/bin/env python3
"""Writes the starting inputs of the fuzz targets into corpus/, by what their bytes mean to the target.

The inputs are in the tree; run this again when a target reads its bytes in another way, or when
abi/syscalls.tab changes the places of the rows. engine/prepare_fuzz has modules of its own there.
"""

import pathlib
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def write(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


# --- kernel/line_discipline_fuzz: operations, each an opcode and its arguments


def keys(text):
    return bytes([0, len(text)]) + text


def many(key, count):
    return bytes([1, key[0], count])


def read(size):
    return bytes([2, size - 1])


READ_ALL, FLUSH = bytes([3]), bytes([7])


def output(text):
    return bytes([4, len(text)]) + text


def drain(size):
    return bytes([5, size // 32])


def modes(content):
    return bytes([6]) + content


def stopped(flag):
    return bytes([8, flag])


RAW = modes(bytes(60))

LINES = {
    "line": keys(b"one\ntwo\n") + read(2) + read(8) + READ_ALL,
    "editing": keys(b"ab\x7fc\x17d e\x15f\x12g\x16\x03\n") + READ_ALL + drain(4096),
    "end-of-file": keys(b"\x04") + READ_ALL + keys(b"a\x04\x04") + READ_ALL + READ_ALL,
    "signals": keys(b"a\x03b\x1ac\x1cd\n") + READ_ALL + FLUSH,
    "full": many(b"a", 255) * 3 + keys(b"\n\x7f\x15") + READ_ALL,
    "raw": keys(b"half") + RAW + READ_ALL + keys(b"\x03\x04\x7f") + read(1) + READ_ALL,
    "output": output(b"a\tb\nc\r\n" * 20) + stopped(1) + output(b"d\n") + drain(64) + stopped(0)
              + drain(8160),
}


# --- targets that read by FuzzedDataProvider: numbers from the end, strings from the start


class Provided:
    def __init__(self):
        self.strings, self.numbers = b"", b""

    def number(self, value, size=1):
        """One integral of a range that takes `size` bytes; `value` is what is over its lower end."""
        self.numbers = value.to_bytes(size, "little") + self.numbers
        return self

    def content(self):
        return self.strings + self.numbers


PARTS = ["a", "b", "c", "l", "h", "..", ".", "", "new"]
MKDIR, SYMLINK, UNLINK, RMDIR, RENAME, OPEN, LINK, CHDIR, CHMOD, WALK = 0, 1, 2, 3, 4, 6, 7, 8, 9, 10
REPLACE, NO_REPLACE, EXCHANGE = 0, 1, 2


def path(provided, text):
    parts = text.strip("/").split("/") if text.strip("/") else []
    provided.number(text.startswith("/"))
    provided.number(len(parts))
    for left, part in zip(range(len(parts), 0, -1), parts):
        provided.number(PARTS.index(part))
        if left == 1:
            provided.number(text.endswith("/"))


def steps(*listed):
    """Steps of vfs/walk_fuzz: (operation, path, other path, numbers that follow...)."""
    provided = Provided()
    for operation, one, other, *numbers in listed:
        path(provided, one)
        path(provided, other)
        provided.number(0)  # flags
        provided.number(operation)
        for value, size in numbers:
            provided.number(value, size)
    return provided.content()


CREATE = [(1, 1), (0, 1), (0, 1), (0, 1), (3, 2)]  # open: create, no truncate, exclusive, unnamed; at 3

WALKS = {
    "grow": steps((MKDIR, "new", ""), (OPEN, "new/a", "", *CREATE), (SYMLINK, "new/l", "../a/l/c"),
                  (WALK, "new/l", "")),
    "loop": steps((SYMLINK, "new", "a/.."), (SYMLINK, "c", "c"), (WALK, "new/new/new", ""),
                  (WALK, "c/c", "")),
    "rename": steps((MKDIR, "a/new", ""), (RENAME, "a", "a/new/a", (REPLACE, 1)),
                    (RENAME, "h", "new", (REPLACE, 1)), (RENAME, "new", "a/c", (EXCHANGE, 1)),
                    (RENAME, "a/l", "a/c", (NO_REPLACE, 1))),
    "mount": steps((CHDIR, "a/b", ""), (MKDIR, "new", ""), (RMDIR, "../b", ""),
                   (RENAME, "/h", "new", (REPLACE, 1)), (WALK, "../../..", ""), (LINK, "/h", "c")),
    "removed-folder": steps((MKDIR, "new", ""), (CHDIR, "new", ""), (RMDIR, "../new", ""),
                            (MKDIR, "a", ""), (OPEN, "c", "", *CREATE), (WALK, "..", "")),
    "copied-up": steps((OPEN, "h", "", *CREATE), (CHMOD, "a", "", (0o300, 2)), (UNLINK, "h", ""),
                       (RMDIR, "a", ""), (MKDIR, "h", ""), (WALK, "h/.", "")),
}


def small_pack():
    """A pack of a few files as the writer makes it; None before the writer is built."""
    writer = shutil.which("cloche-pack", path=f"{ROOT}/build/guest/pack")
    if not writer:
        return None
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        (tree / "bin").mkdir(parents=True)
        (tree / "bin" / "tool").write_bytes(b"#!/bin/sh\necho tool\n")
        (tree / "bin" / "link").symlink_to("../empty")
        (tree / "empty").write_bytes(b"")
        manifest = pathlib.Path(folder, "manifest.json")
        manifest.write_text('{"format": 1}')
        made = pathlib.Path(folder, "pack")
        subprocess.run([writer, "--manifest", manifest, "--output", made, tree], check=True,
                       stdout=subprocess.DEVNULL)
        return made.read_bytes()


def packs():
    whole = (1).to_bytes(1, "little")  # the last byte: the bytes are the pack
    pack = small_pack()
    if pack:
        yield "whole", pack + whole
        yield "cut", pack[: len(pack) // 2] + whole
        yield "more", pack + b"more" + whole
    patches = {  # table, row, offset in it, value
        "parent-of-itself": (0, 1, 8, 1), "children-beyond": (0, 0, 16, 0x7FFFFFFF),
        "blob-beyond": (1, 0, 0, 0xFFFFFFFF), "frame-of-nothing": (2, 0, 16, 0),
    }
    for name, (table, row, offset, value) in patches.items():
        provided = Provided().number(0).number(1).number(table).number(row).number(offset)
        yield name, provided.number(value, 4).number(3).content()


# --- kernel/syscall_fuzz: a row's number, its arguments, a habit, for each call


def syscall_rows():
    """Names of the rows in the order of kernel/syscalls/table.h, with their arity."""
    with tempfile.NamedTemporaryFile(mode="r") as table:
        subprocess.run([ROOT / "scripts/generate-syscalls", ROOT / "abi/syscalls.tab",
                        ROOT / "kernel/syscalls/handlers.h", table.name], check=True)
        linux = re.findall(r"^ROW\w*\(\d+, (\w+), (\d+)", pathlib.Path(table.name).read_text(), re.M)
    kern = re.search(r"kKernRows\[\] = \{(.*?)\};", (ROOT / "kernel/syscalls/kern.cc").read_text(), re.S)
    return linux + [("kern." + name, arity)
                    for name, arity in re.findall(r"KERN_ROW\(\s*(\w+), (\d+)", kern[1])]


PATHS = ["/", ".", "..", "/tmp", "/tmp/a", "a", "/tmp/a/b", "/dev/null", "/dev/tty", "/dev/ptmx",
         "/proc/self/fd/0", "/proc/self", "/bin/fuzz", "/tmp/link", "/dev/pts/0", "/proc/1/stat", ""]
POINTERS = len(PATHS)  # words that point at paths stand behind the paths


def argument(value):
    if isinstance(value, str):
        return bytes([5, PATHS.index(value)])
    if isinstance(value, tuple):  # an address: how many times 64 bytes behind the first path
        return bytes([5, value[0]])
    return bytes([7]) + struct.pack(">i", value)


def calls(*listed, patience=2):
    rows = [name for name, _ in SYSCALLS]
    content = b""
    for name, *arguments in listed:
        row = rows.index(name)
        assert len(arguments) == int(SYSCALLS[row][1]), name
        content += struct.pack(">H", row) + b"".join(map(argument, arguments)) + bytes([patience])
    return content


def wasi_rows():
    """Names in the order of kernel/wasi/table.cc, of preview 1."""
    text = (ROOT / "kernel/wasi/table.cc").read_text()
    return re.findall(r"row\w*<&\w+(?:<version>)?>\(\w+, \"(\w+)\"", text)


def wasi_calls(*listed, patience=0x82):
    rows = wasi_rows()
    return b"".join(struct.pack(">H", rows.index(name)) + b"".join(map(argument, arguments)) + bytes([patience])
                    for name, *arguments in listed)


SYSCALLS = syscall_rows()
AT_CWD, O_RDWR_CREAT, ROOM = -100, 0o102, (40,)

CALLS = {
    "files": calls(("openat", AT_CWD, "/tmp/a", O_RDWR_CREAT, 0o644), ("write", 0, ROOM, 100),
                   ("renameat2", AT_CWD, "/tmp/a", AT_CWD, "a", 0), ("unlinkat", AT_CWD, "/tmp/a", 0),
                   ("read", 0, ROOM, 100), ("close", 0)),
    "pipe": calls(("pipe2", ROOM, 0), ("write", 1, (0,), 4096), ("kern.fork",), ("read", 0, ROOM, 64),
                  ("close", 1), ("read", 0, ROOM, 8192)),
    "family": calls(("kern.fork",), ("kern.vfork",), ("kern.fork",), ("waitid", 0, 0, ROOM, 4, 0)),
    "abandoned": calls(("pipe2", ROOM, 0), ("read", 0, ROOM, 64), ("read", 0, ROOM, 64),
                       patience=17),
    "terminal": calls(("openat", AT_CWD, "/dev/ptmx", 2, 0), ("setsid",), ("write", 0, (3,), 64),
                      ("ioctl", 0, 0x5413, ROOM), ("openat", AT_CWD, "/dev/tty", 2, 0)),
    "sockets": calls(("socketpair", 1, 1, 0, ROOM), ("sendto", 0, (1,), 64, 0, 0, 0),
                     ("sendmsg", 0, (POINTERS,), 0), ("recvmsg", 1, (POINTERS,), 0),
                     ("shutdown", 0, 2)),
    "memory": calls(("mmap2", 0, 65536, 3, 0x22, -1, 0), ("mremap", 65536, 65536, 131072, 1, 0),
                    ("munmap", 65536, 131072), ("brk", 0)),
    "epoll": calls(("epoll_create1", 0), ("eventfd2", 1, 0), ("epoll_ctl", 0, 1, 1, (POINTERS,)),
                   ("epoll_pwait", 0, ROOM, 4, 0, 0, 8), ("epoll_create1", 0),
                   ("epoll_ctl", 2, 1, 0, (POINTERS,)), ("epoll_pwait", 2, ROOM, 4, 9, 0, 8), ("dup", 1),
                   ("close", 1), ("epoll_ctl", 0, 1, 3, (POINTERS,)), ("close", 3),
                   ("epoll_pwait", 0, ROOM, 4, 0, (POINTERS,), 8), ("close", 0)),
    "event_files": calls(("timerfd_create", 1, 0), ("timerfd_settime64", 0, 0, (48,), ROOM),
                         ("timerfd_gettime64", 0, ROOM), ("signalfd4", -1, (POINTERS,), 8, 0), ("kern.fork",),
                         ("pidfd_open", 3, 0), ("pidfd_send_signal", 2, 10, 0, 0),
                         ("epoll_create1", 0), ("epoll_ctl", 3, 1, 1, (POINTERS,)),
                         ("epoll_ctl", 3, 1, 2, (POINTERS,)), ("waitid", 3, 2, ROOM, 4, 0),
                         ("epoll_pwait", 3, ROOM, 8, 5, 0, 8), ("read", 1, ROOM, 256)),
    "inotify": calls(("inotify_init1", 0o4000), ("inotify_add_watch", 0, "/tmp", 0xfff),
                     ("openat", AT_CWD, "/tmp/a", O_RDWR_CREAT, 0o644),
                     ("inotify_add_watch", 0, "/tmp/a", -0x80000000 + 0xfff), ("write", 1, ROOM, 9), ("close", 1),
                     ("renameat2", AT_CWD, "/tmp/a", AT_CWD, "a", 0), ("unlinkat", AT_CWD, "a", 0),
                     ("read", 0, ROOM, 500), ("inotify_rm_watch", 0, 1), ("read", 0, ROOM, 500), ("close", 0)),
    "messages": calls(("socketpair", 1, 2, 0, ROOM), ("sendmmsg", 0, (POINTERS,), 3, 0),
                      ("recvmmsg_time64", 1, (POINTERS,), 3, 0x40, 0)),
    "wasi_files": wasi_calls(("path_open", 3, 1, "a", 1, 1, -1, -1, 0, ROOM), ("fd_write", 4, (POINTERS,), 4, ROOM),
                             ("fd_seek", 4, 0, 0, ROOM), ("fd_readdir", 3, ROOM, 100, 0, (41,)),
                             ("path_link", 3, 0, "a", 1, 3, "..", 2), ("path_rename", 3, "a", 1, 3, ".", 1),
                             ("fd_pread", 4, (POINTERS,), 4, 0, ROOM), ("fd_renumber", 4, 3), ("fd_close", 3)),
    "wasi_waits": wasi_calls(("poll_oneoff", (48,), ROOM, 2, (41,)), ("sched_yield",), ("random_get", ROOM, 64),
                             ("clock_time_get", 1, 0, ROOM), ("args_get", ROOM, (41,)), ("proc_raise", 10)),
    "edges": calls(("readv", 0, (POINTERS,), 1024), ("getcwd", (256 << 10) - 4, 4096),
                   ("statx", AT_CWD, "/tmp/link", 0, 0x7FF, -8)),
}


# --- session/tar_fuzz: archives


def archive(form, *entries):
    """Of (name, type, target, data)."""
    whole = b""
    for name, kind, target, data in entries:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size, info.mtime = kind, target, len(data), 1_700_000_000
        whole += info.tobuf(form, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)
    return whole + bytes(1024)


def with_field(block, at, value):
    """A header with a field replaced, and its sum made right."""
    block = bytearray(block)
    block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:155] = b"%06o\0" % sum(block[:512])
    return bytes(block)


LONG = "d" * 120 + "/" + "n" * 150
ONE = archive(tarfile.USTAR_FORMAT, ("f", tarfile.REGTYPE, "", b"hello"))
TARS = {
    "ustar": archive(tarfile.USTAR_FORMAT, ("folder/", tarfile.DIRTYPE, "", b""), ("folder/f", tarfile.REGTYPE, "", b"x" * 600)),
    "pax": archive(tarfile.PAX_FORMAT, (LONG, tarfile.REGTYPE, "", b"x"), ("l", tarfile.SYMTYPE, LONG, b""), ("\xe4", tarfile.REGTYPE, "", b"")),
    "gnu": archive(tarfile.GNU_FORMAT, (LONG, tarfile.REGTYPE, "", b"x"), ("l", tarfile.SYMTYPE, LONG, b"")),
    "kinds": archive(tarfile.USTAR_FORMAT, *((f"n{i}", bytes([i]), "t", b"") for i in range(48, 56))),
    "elsewhere": archive(tarfile.USTAR_FORMAT, ("../up", tarfile.REGTYPE, "", b"x"), ("/abs", tarfile.LNKTYPE, "../up", b"")),
    "short": ONE[:514],
    "huge": with_field(ONE, 124, b"\x80" + bytes(3) + b"\x7f" + bytes(7)),
    "negative": with_field(ONE, 124, b"\xff" * 12),
    "bad_sum": ONE[:1] + b"x" + ONE[2:],
    "bad_pax": with_field(archive(tarfile.USTAR_FORMAT, ("x", b"0", "", b"99 path=a\n")), 156, b"x"),
}


# --- texts

TOOL_REQUESTS = {"call": b"call payments/transfer 12", "list": b"list", "narrow": b"narrow 300",
                 "zeroes": b"call a 007", "huge": b"call a 18446744073709551616"}
AUDIT_LINES = {"record": b'{"seq":1,"time":"2026-01-01T00:00:00.000000000Z","event":"audit.begin","prev":"0"',
               "rotate": b'{"seq":9,"event":"audit.rotate","oldest":4,"prev":"0"', "no_json": b'{"seq":'}
CONTROL = {"show": b'{"cloche":1,"do":"show"}',
           "limits": b'{"cloche":1,"do":"set_limits","limits":[{"name":"pids.max","value":"5"}]}',
           "signal": b'{"cloche":1,"do":"signal","pid":2,"signal":15}',
           "nice": b'{"cloche":1,"do":"nice","pid":2,"nice":-20}',
           "failure": b'{"cloche":1,"ok":false,"error":"not_found","message":"a\\u001b[2Jb"}',
           "report": b'{"cloche":1,"ok":true,"changed":0,"report":{"name":"a","state":"paused","memory":{"total":1},'
                     b'"limits":[{"name":"x","value":"y"}],"processes":[{"sandbox":"1","pid":2,"state":"R","nice":-1}]}}',
           "deep": b'{"cloche":1,"ok":true,"x":' + b"[" * 300 + b"]" * 300 + b"}",
           "version": b'{"cloche":2,"do":"kill"}'}
# Choices of a random walk: few distinct, many distinct, and one long one.
TREES = {"narrow": bytes([0, 1, 2, 3] * 40), "wide": bytes(range(256)), "long": bytes((i * 7) % 251 for i in range(1500))}


def main():
    for target, texts in (("tool_request_fuzz", TOOL_REQUESTS), ("chain_fuzz", AUDIT_LINES), ("tree_fuzz", TREES),
                          ("wire_fuzz", CONTROL), ("tar_fuzz", TARS)):
        for name, content in texts.items():
            write(target, name, content)
    for name, content in LINES.items():
        write("line_discipline_fuzz", name, content)
    for name, content in WALKS.items():
        write("walk_fuzz", name, content)
    for name, content in packs():
        write("pack_fuzz", name, content)
    for name, content in CALLS.items():
        write("syscall_fuzz", name, content)


if __name__ == "__main__":
    main()
