// console.
'use strict';

const { formatWithOptions, inspect } = require('inspect');

const state = { indent: '', counts: new Map(), timers: new Map(), streams: null };

// Straight to the descriptor, until the program has made a stream of it.
function write(fd, text) {
  const stream = process._streams?.[fd];
  if (stream !== undefined) {
    stream.write(text);
  } else {
    native.writeAll(fd, text);
  }
}

const colors = (fd) => native.isatty(fd) && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';

function print(self, fd, values) {
  let text;
  if (values.length === 1 && typeof values[0] === 'string') {
    text = values[0];
  } else {
    text = formatWithOptions({ colors: self._colors?.(fd) ?? colors(fd) }, ...values);
  }
  const { indent } = self._state ?? state;
  if (indent !== '') text = indent + text.replaceAll('\n', '\n' + indent);
  (self._write ?? write)(fd, text + '\n');
}

const shown = (milliseconds) => {
  if (milliseconds >= 3600000) return `${(milliseconds / 3600000).toFixed(3)}h`;
  if (milliseconds >= 60000) return `${(milliseconds / 60000).toFixed(3)}m`;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(3)}s`;
  return `${Number(milliseconds.toFixed(3))}ms`;
};

class Console {
  constructor(out, err = out) {
    if (typeof out?.write !== 'function') ({ stdout: out, stderr: err = out } = out);
    this._state = { indent: '', counts: new Map(), timers: new Map() };
    this._write = (fd, text) => (fd === 2 ? err : out).write(text);
    this._colors = (fd) => !!(fd === 2 ? err : out).isTTY;
    bind(this);
  }
}

const methods = {
  log(...values) { print(this, 1, values); },
  warn(...values) { print(this, 2, values); },
  dir(value, options) { print(this, 1, [inspect(value, { customInspect: false, ...options })]); },
  assert(condition, ...values) {
    if (condition) return;
    if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`;
    else values.unshift('Assertion failed');
    print(this, 2, values);
  },
  clear() { if (native.isatty(1) && process.env.TERM !== 'dumb') write(1, '\x1b[1;1H\x1b[0J'); },
  count(label = 'default') {
    const { counts } = this._state ?? state;
    label = `${label}`;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    print(this, 1, [`${label}: ${counts.get(label)}`]);
  },
  countReset(label = 'default') { (this._state ?? state).counts.delete(`${label}`); },
  group(...values) {
    if (values.length > 0) print(this, 1, values);
    (this._state ?? state).indent += '  ';
  },
  groupEnd() {
    const own = this._state ?? state;
    own.indent = own.indent.slice(2);
  },
  time(label = 'default') { (this._state ?? state).timers.set(`${label}`, native.now()); },
  timeEnd(label = 'default') {
    this.timeLog(label);
    (this._state ?? state).timers.delete(`${label}`);
  },
  timeLog(label = 'default', ...values) {
    const start = (this._state ?? state).timers.get(`${label}`);
    if (start === undefined) return process.emitWarning(`No such label '${label}' for console.timeLog()`);
    print(this, 1, [`${label}: ${shown(native.now() - start)}`, ...values]);
  },
  trace(...values) {
    const stack = new Error('').stack.split('\n').slice(2).join('\n');
    print(this, 2, [`Trace${values.length > 0 ? ': ' : ''}${formatWithOptions({}, ...values)}\n${stack}`]);
  },
  table(data, columns) {
    if (data === null || typeof data !== 'object') return print(this, 1, [data]);
    print(this, 1, [require('table').table(data, columns)]);
  },
};
Object.assign(methods, {
  debug: methods.log, info: methods.log, dirxml: methods.log, error: methods.warn, groupCollapsed: methods.group,
});

function bind(target) {
  for (const [name, method] of Object.entries(methods)) target[name] = method.bind(target);
  return target;
}

const console = bind({});
console.Console = Console;
Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
module.exports = console;
Object.defineProperty(console, 'console', { value: console, enumerable: false });
