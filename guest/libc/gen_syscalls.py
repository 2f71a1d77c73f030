#!/usr/bin/env python3
"""Turns abi/syscalls.tab into the libc's two headers.

  bits/syscall.h.in    the public numbers, in upstream's form
  cloche_syscalls.h    one typed import and one inline function a row, for the libc's own use
"""

import pathlib
import sys

# Calls after which a signal may already have stopped or ended this process: the guest stops at the
# next function it enters, so one is entered at once.
DELIVERS = {'kill', 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_sigprocmask'}

# The libc has its own code for these: see process.c and thread.c.
OWN = {'clone', 'exit'}

IMPORT = '''__attribute__((__import_module__("linux"), __import_name__("{name}"))) long __linux_{name}({types});
'''
PLAIN = '''static inline long __cloche_sys_{number}({parameters}) {{
  long r = __linux_{name}({arguments});
{after}  if (__CLOCHE_UNLIKELY(__cloche_sigword)) __cloche_signals(0);
  return r;
}}
'''
BLOCKING = '''static inline long __cloche_sys_{number}({parameters}) {{
  long r;
  do {{
    r = __linux_{name}({arguments});
    if (__CLOCHE_UNLIKELY(r <= __CLOCHE_ERESTART || __cloche_sigword)) r = __cloche_finish(r);
  }} while (__CLOCHE_UNLIKELY(r == __CLOCHE_ERESTART));
  return r;
}}
'''
CONTROL = '''static inline long __cloche_sys_{number}({parameters}) {{
  long r = __linux_{name}({arguments});
  if (__CLOCHE_UNLIKELY(r <= __CLOCHE_ERESTART || __cloche_sigword)) r = __cloche_finish(r);
  return r;
}}
'''
HEADER = '''/* Generated from abi/syscalls.tab: do not edit. */
#define __CLOCHE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define __CLOCHE_ERESTART (-512)
#define __CLOCHE_SUSPEND (-4096)

/* The kernel keeps this 1 while a signal waits for its handler. */
extern volatile int __cloche_sigword;
/* Runs the handlers of all deliverable signals. Returns `r`, or -EINTR in place of -ERESTART if one
 * of the handlers asked for it. */
long __cloche_signals(long r);
/* Waits for the result if the call is suspended, then __cloche_signals(). */
long __cloche_finish(long r);
/* An empty function: where the engine stops a guest that shall wait or end. */
void __cloche_yield(void);

'''


def rows(table):
    for line in table.read_text().splitlines():
        if line and not line.startswith('#'):
            number, name, arity, kind, _group = line.split()
            yield int(number), name, int(arity), kind


def wrapper(number, name, arity, kind):
    form = {'-': PLAIN, 'b': BLOCKING, 'x': CONTROL}[kind]
    return form.format(
        number=number, name=name,
        # Callers always give six arguments, so that no call needs its arity.
        parameters=', '.join(f'long {x}' for x in 'abcdef'),
        arguments=', '.join('abcdef'[:arity]),
        after='  __cloche_yield();\n' if name in DELIVERS else '')


def generate(table, numbers, imports):
    public, internal = '', HEADER
    for number, name, arity, kind in rows(table):
        public += f'#define __NR_{name} {number}\n'
        if name in OWN:
            continue
        internal += IMPORT.format(name=name, types=', '.join(['long'] * arity) or 'void')
        internal += wrapper(number, name, arity, kind)
    public += '#define __NR_futex __NR_futex_time64\n'
    numbers.write_text(public)
    imports.write_text(internal)


if __name__ == '__main__':
    generate(*map(pathlib.Path, sys.argv[1:]))
