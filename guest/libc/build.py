#!/usr/bin/env python3
"""Builds musl with this folder's port.

  build.py MUSL_SOURCE DEBIAN_FOLDER SYSCALLS_TAB WORK SYSROOT [--llvm 22] [--jobs 2]

Copies the upstream tree to WORK, applies Debian's patches and ours, adds the port, generates the
headers and a Ninja file, and leaves include/ and lib/ in SYSROOT. Upstream's own makefile is not
used: it knows neither typed imports nor files that are left out (replaced.tab).
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

import gen_syscalls

PORT = pathlib.Path(__file__).resolve().parent
EXCEPTIONS = ['-mexception-handling', '-mllvm', '-wasm-enable-sjlj',
              '-mllvm', '-wasm-use-legacy-eh=false']
EMPTY_LIBRARIES = 'm rt pthread util crypt dl resolv xnet'.split()
# Debian patches that concern only its own packaging.
SKIPPED_PATCHES = {'static-pie.patch'}
# Files that define symbols in assembler text, which a link-time optimizer does not see.
NATIVE_FILES = {'thread_pointer.c', 'sjlj.c'}
# Functions that go on after a call that returns twice, or on no stack at all: in the child the stack
# pointer is another one, so none of them may have a frame in linear memory.
FRAMELESS = {
    'wasm32_clone.o': ['clone_and_call', 'leave', 'vfork_call', '__unmapself'],
    'wasm32_suspend.o': ['__cloche_wait', '__cloche_yield'],
}
# Structures and constants are those of Linux on riscv32: ILP32, 64-bit time.
RISCV32_BITS = 'ipcstat msg posix reg sem shm signal stat stdint user'.split()


def patch(tree, file):
    result = subprocess.run(['patch', '-p1', '--no-backup-if-mismatch', '-s', '-i', str(file)],
                            cwd=tree, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f'build.py: {file.name} does not apply:\n{result.stdout}{result.stderr}')


def copy_tree(source, target):
    shutil.copytree(source, target, dirs_exist_ok=True)


def prepare(args, tree):
    """The patched upstream tree with the port in it."""
    if args.work.exists():
        shutil.rmtree(args.work)
    args.work.mkdir(parents=True)
    shutil.copytree(args.source, tree, symlinks=True)
    patches = args.debian / 'patches'
    for name in (patches / 'series').read_text().split('\n'):
        if name and not name.startswith('#') and name not in SKIPPED_PATCHES:
            patch(tree, patches / name)
    for file in sorted((PORT / 'patches').glob('*.patch')):
        patch(tree, file)
    (tree / 'src/internal/syscall.h').rename(tree / 'src/internal/syscall_upstream.h')
    bits = tree / 'arch/wasm32/bits'
    bits.mkdir(parents=True)
    for name in RISCV32_BITS:
        shutil.copy(tree / f'arch/riscv32/bits/{name}.h', bits)
    shutil.copy(tree / 'arch/aarch64/bits/float.h', bits)  # long double is IEEE quad
    signal = (bits / 'signal.h').read_text()
    (bits / 'signal.h').write_text(re.sub(r'#define SA_RESTORER.*\n', '', signal))
    types = (tree / 'arch/riscv32/bits/alltypes.h.in').read_text()
    # The compiler's size_t is unsigned long.
    types = re.sub(r'#define (_Addr|_Reg) int', r'#define \1 long', types)
    (bits / 'alltypes.h.in').write_text(types)
    (tree / 'arch/wasm32/kstat.h').write_text('')
    copy_tree(PORT / 'arch', tree / 'arch')
    copy_tree(PORT / 'src', tree / 'src')


def generate_headers(args, tree):
    """What upstream's makefile and our generator make."""
    obj = tree / 'obj'
    (obj / 'include/bits').mkdir(parents=True)
    (obj / 'src/internal').mkdir(parents=True)
    numbers = tree / 'arch/wasm32/bits/syscall.h.in'
    gen_syscalls.generate(args.syscalls, numbers, obj / 'src/internal/cloche_syscalls.h')
    public = numbers.read_text()
    (obj / 'include/bits/syscall.h').write_text(public + public.replace('__NR_', 'SYS_'))
    types = subprocess.run(
        ['sed', '-f', 'tools/mkalltypes.sed', 'arch/wasm32/bits/alltypes.h.in',
         'include/alltypes.h.in'], cwd=tree, check=True, capture_output=True, text=True).stdout
    (obj / 'include/bits/alltypes.h').write_text(types)
    version = (tree / 'VERSION').read_text().strip()
    (obj / 'src/internal/version.h').write_text(f'#define VERSION "{version}"\n')


def source_files(tree):
    """All files of libc.a, relative to the tree."""
    replaced = []
    for line in (PORT / 'replaced.tab').read_text().splitlines():
        if line and not line.startswith('#'):
            replaced.append('src/' + line.split()[0])
    # A name that upstream does not have is a mistake in the table.
    for name in replaced:
        if not (tree / name).exists():
            sys.exit(f'build.py: replaced.tab names {name}, which does not exist')
    files = [*tree.glob('src/*/*.c'), *tree.glob('src/malloc/mallocng/*.c')]
    names = sorted(str(file.relative_to(tree)) for file in files)
    return [name for name in names
            if name != 'src/wasm32/crt1.c' and
            not any(name == r or r.endswith('/') and name.startswith(r) for r in replaced)]


def compiler_flags(args):
    includes = ['arch/wasm32', 'arch/generic', 'obj/src/internal', 'src/include', 'src/internal',
                'obj/include', 'include']
    return [
        '--target=wasm32-unknown-unknown', '-std=c99', '-nostdinc', '-ffreestanding',
        '-fno-strict-aliasing', '-D_XOPEN_SOURCE=700', *[f'-I{i}' for i in includes],
        args.optimize, *(['-flto'] if args.lto else []), '-msimd128', '-fomit-frame-pointer', '-fno-unwind-tables',
        '-fno-asynchronous-unwind-tables', '-ffunction-sections', '-fdata-sections',
        *EXCEPTIONS, '-w', '-Werror=implicit-function-declaration',
        '-Werror=implicit-int', '-Werror=pointer-sign', '-Werror=pointer-arith',
    ]


def write_ninja(args, tree, files):
    launcher = 'ccache ' if shutil.which('ccache') else ''
    lines = [
        f'cflags = {" ".join(compiler_flags(args))}',
        'rule cc',
        f'  command = {launcher}clang-{args.llvm} $cflags -MMD -MF $out.d -c $in -o $out',
        '  depfile = $out.d', '  deps = gcc', '  description = CC $in',
        'rule ar',
        f'  command = rm -f $out && llvm-ar-{args.llvm} rcsD $out @$out.rsp',
        '  rspfile = $out.rsp', '  rspfile_content = $in_newline', '  description = AR $out',
        'build o/crt1.o: cc src/wasm32/crt1.c', '  cflags = $cflags -fno-lto',
    ]
    objects = []
    for name in files:
        # Flat, but distinct: llvm-ar keeps only the last path component as the member's name.
        o = 'o/' + name[len('src/'):-2].replace('/', '_') + '.o'
        objects.append(o)
        lines.append(f'build {o}: cc {name}')
        if pathlib.Path(name).name in NATIVE_FILES:
            lines.append('  cflags = $cflags -fno-lto')
    lines.append(f'build libc.a: ar {" ".join(objects)}')
    (tree / 'build.ninja').write_text('\n'.join(lines) + '\n')


def functions_with_frames(disassembly):
    """{function: does it touch the stack pointer} of what llvm-objdump -dr prints."""
    found = {}
    name = None
    for line in disassembly.splitlines():
        head = re.fullmatch(r'[0-9a-f]+ <(.*)>:', line)
        if head:
            name = head.group(1)
            found[name] = False
        elif name and 'R_WASM_GLOBAL_INDEX' in line and '__stack_pointer' in line:
            found[name] = True
    return found


def check_frames(args, tree):
    for file, names in FRAMELESS.items():
        disassembly = subprocess.run(
            [f'llvm-objdump-{args.llvm}', '-dr', tree / 'o' / file], check=True,
            capture_output=True, text=True).stdout
        frames = functions_with_frames(disassembly)
        for name in names:
            if name not in frames:
                sys.exit(f'build.py: {file} has no function {name}: FRAMELESS names it')
            if frames[name]:
                sys.exit(f'build.py: {name} in {file} has a frame in linear memory')


def install(args, tree):
    lib, include = args.sysroot / 'lib', args.sysroot / 'include'
    lib.mkdir(parents=True, exist_ok=True)
    shutil.copy(tree / 'libc.a', lib)
    shutil.copy(tree / 'o/crt1.o', lib)
    for name in EMPTY_LIBRARIES:
        # A static library without members; -lm and the like are part of libc.a.
        (lib / f'lib{name}.a').write_bytes(b'!<arch>\n')
    copy_tree(tree / 'include', include)
    (include / 'alltypes.h.in').unlink()
    (include / 'bits').mkdir()
    for folder in ['arch/generic/bits', 'arch/wasm32/bits', 'obj/include/bits']:
        for file in (tree / folder).glob('*.h'):
            shutil.copy(file, include / 'bits')
    copy_tree(PORT / 'include', include)
    header = include / 'setjmp.h'
    text = header.read_text()
    end = text.rindex('#endif')
    header.write_text(text[:end] + '#include <bits/cloche_setjmp.h>\n\n' + text[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ['source', 'debian', 'syscalls', 'work', 'sysroot']:
        parser.add_argument(name, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument('--llvm', default='22')
    parser.add_argument('--jobs', default='2')
    parser.add_argument('--optimize', default='-O2')
    parser.add_argument('--lto', action='store_true', help='make files of LLVM bitcode')
    args = parser.parse_args()
    tree = args.work / 'musl'
    prepare(args, tree)
    generate_headers(args, tree)
    write_ninja(args, tree, source_files(tree))
    done = subprocess.run(['ninja', '-C', tree, f'-j{args.jobs}', '-k', '0', '--quiet', 'libc.a',
                           'o/crt1.o'])
    if done.returncode:
        sys.exit('build.py: the libc does not compile')
    if not args.lto:  # else the linker makes the code
        check_frames(args, tree)
    install(args, tree)


if __name__ == '__main__':
    main()
