// process, and what the loop calls.
'use strict';

const EventEmitter = require('events');
const { check, argumentType, coded, system } = require('errors');

const { shared } = native;
const TICKS = 0, REJECTED = 1;
const VERSION = 'v20.19.0';  // the release of Node whose behaviour is the aim

const SIGNALS = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGIOT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9,
  SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18,
  SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27,
  SIGWINCH: 28, SIGIO: 29, SIGPOLL: 29, SIGPWR: 30, SIGSYS: 31,
};
const signalNames = [];
for (const [name, number] of Object.entries(SIGNALS)) signalNames[number] ??= name;

function process() {}
Object.setPrototypeOf(process.prototype, EventEmitter.prototype);
const self = new process();
EventEmitter.call(self);
Object.defineProperty(self, Symbol.toStringTag, { value: 'process', configurable: true });

const hidden = (name, value) => Object.defineProperty(self, name, { value, writable: true, configurable: true, enumerable: false });

// --- ticks and rejected promises

let ticks = [];
self.nextTick = function nextTick(callback, ...args) {
  if (typeof callback !== 'function') throw argumentType('callback', 'function', callback);
  ticks.push(callback, args);
  shared[TICKS] = 1;
};

function runTicks() {
  shared[TICKS] = 0;
  while (ticks.length > 0) {
    const batch = ticks;
    ticks = [];
    for (let i = 0; i < batch.length; i += 2) {
      let done = false;
      try {
        batch[i](...batch[i + 1]);
        done = true;
      } finally {
        if (!done) {
          ticks = [...batch.slice(i + 2), ...ticks];
          shared[TICKS] = ticks.length;
        }
      }
    }
  }
}

const rejected = new Map();  // promise: reason
const told = new WeakSet();

function onRejection(promise, reason, isHandled) {
  if (!isHandled) {
    rejected.set(promise, reason);
  } else if (!rejected.delete(promise) && told.has(promise)) {
    self.nextTick(() => self.emit('rejectionHandled', promise));
  }
  shared[REJECTED] = rejected.size;
}

function dealWithRejected() {
  const all = [...rejected];
  rejected.clear();
  shared[REJECTED] = 0;
  for (const [promise, reason] of all) {
    told.add(promise);
    if (self.emit('unhandledRejection', reason, promise)) continue;
    if (reason instanceof Error) {
      uncaught(reason, 'unhandledRejection');
      continue;
    }
    const shown = require('inspect').inspect(reason);
    uncaught(coded(Error, 'ERR_UNHANDLED_REJECTION', 'This error originated either by throwing inside of an async function ' +
      'without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the ' +
      `reason "${shown}".`), 'unhandledRejection');
  }
}

// --- errors and the exit

function sourceLine(stack) {
  const [, file, line, column] = /\((\/[^()]*):(\d+):(\d+)\)/.exec(stack) ?? /at (\/[^()\n]*):(\d+):(\d+)/.exec(stack) ?? [];
  if (file === undefined) return '';
  try {
    const fd = check(native.open(file, 0, 0), 'open', file);
    const buffer = native.readAll(fd);
    native.close(fd);
    const text = native.decode(buffer, 0, buffer.byteLength, 0).split('\n')[line - 1];
    if (text === undefined || text.length > 300) return '';
    return `${file}:${line}\n${text}\n${' '.repeat(Math.max(0, column - 1))}^\n\n`;
  } catch {
    return '';
  }
}

let isEnding = false;

function printFatal(error, isObject) {
  let text;
  if (isObject) {
    const stack = String(error.stack ?? error);
    text = sourceLine(stack) + require('inspect').inspect(error);
  } else {
    text = `Uncaught:\n${require('inspect').inspect(error)}\n(Use \`js --trace-uncaught ...\` to show where the exception was thrown)`;
  }
  native.writeAll(2, `${text}\n\nNode.js ${VERSION} (js of Cloche)\n`);
}

function uncaught(error, origin = 'uncaughtException') {
  self.emit('uncaughtExceptionMonitor', error, origin);
  if (!isEnding && self.emit('uncaughtException', error, origin)) return;
  printFatal(error, error instanceof Error);
  self.exitCode = undefined;
  leave(1);
}

function leave(code) {
  if (!isEnding) {
    isEnding = true;
    self.exitCode ??= code;
    try {
      self.emit('exit', self.exitCode ?? 0);
    } catch (error) {
      printFatal(error, error instanceof Error);
      native.exit(1);
    }
  }
  native.exit(self.exitCode ?? code ?? 0);
}

function checkCode(code) {
  if (code === undefined || code === null) return undefined;
  const number = typeof code === 'string' && /^-?\d+$/.test(code.trim()) ? +code : code;
  if (typeof number !== 'number') throw argumentType('code', 'integer', code);
  if (!Number.isInteger(number)) throw require('errors').outOfRange('code', 'an integer', code);
  return number;
}

let exitCode;
Object.defineProperty(self, 'exitCode', {
  get: () => exitCode,
  set(code) { exitCode = checkCode(code); },
  enumerable: true,
});

self.exit = function exit(code) {
  if (code !== undefined) self.exitCode = code;
  leave(self.exitCode ?? 0);
};
self.reallyExit = (code) => native.exit(code ?? 0);
self.abort = () => {
  native.kill(native.pid(), SIGNALS.SIGABRT);
  native.exit(134);
};

// Nothing keeps the program alive any more.
function onEmpty() {
  self.emit('beforeExit', self.exitCode ?? 0);
  native.runJobs();
  if (native.isAlive() || shared[TICKS] > 0) return;
  if (self._mainIsPending && self.exitCode === undefined) {
    native.writeAll(2, 'Warning: Detected unsettled top-level await\n');
    leave(13);
  }
  leave(self.exitCode ?? 0);
}

// --- signals

const counted = new Map();  // name: listeners

function watchSignals(type, change) {
  if (typeof type !== 'string' || SIGNALS[type] === undefined) return;
  const before = counted.get(type) ?? 0, after = before + change;
  counted.set(type, after);
  if (type === 'SIGCHLD' || (before > 0) === (after > 0)) return;
  check(native.signal(SIGNALS[type], after > 0), 'uv_signal_start');
}
EventEmitter.prototype.on.call(self, 'newListener', (type) => {
  watchSignals(type, 1);
});
EventEmitter.prototype.on.call(self, 'removeListener', (type) => {
  watchSignals(type, -1);
});
// These two are nobody's business.
const count = EventEmitter.prototype.listenerCount;
hidden('listenerCount', function listenerCount(type, ...rest) {
  const all = count.call(self, type, ...rest);
  return type === 'newListener' || type === 'removeListener' ? all - 1 : all;
});

let onChild;
hidden('_onChild', (handler) => { onChild = handler; });

let onInterrupt;
hidden('_onInterrupt', (handler) => { onInterrupt = handler; });

function onSignal(number) {
  if (number === SIGNALS.SIGINT) onInterrupt?.();
  if (number === SIGNALS.SIGCHLD) onChild?.();
  self.emit(signalNames[number], signalNames[number], number);
}

self.kill = function kill(pid, signal = 'SIGTERM') {
  if (typeof pid !== 'number') throw argumentType('pid', 'number', pid);
  const number = signalNumber(signal);
  check(native.kill(pid, number), 'kill');
  return true;
};

function signalNumber(signal) {
  if (typeof signal === 'number') return signal;
  const number = SIGNALS[String(signal).toUpperCase()];
  if (number === undefined) throw coded(TypeError, 'ERR_UNKNOWN_SIGNAL', `Unknown signal: ${signal}`);
  return number;
}

// --- streams

hidden('_streams', {});
function stream(name, fd) {
  Object.defineProperty(self, name, {
    get() {
      const made = require('stdio').make(fd);
      if (fd > 0) self._streams[fd] = made;
      Object.defineProperty(self, name, { value: made, writable: true, configurable: true, enumerable: true });
      return made;
    },
    set(value) {
      if (fd > 0) self._streams[fd] = value;
      Object.defineProperty(self, name, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true, enumerable: true,
  });
}
hidden('_stream', stream);
stream('stdin', 0);
stream('stdout', 1);
stream('stderr', 2);

// --- what the process is

function start(words, variables) {
  self.argv0 = words[0];
  self.execArgv = [];
  self.title = 'js';
  const values = Object.create(null);
  for (const line of variables) {
    const at = line.indexOf('=', 1);
    if (at > 0) values[line.slice(0, at)] = line.slice(at + 1);
  }
  Object.setPrototypeOf(values, Object.prototype);
  self.env = new Proxy(values, {
    set(target, name, value) {
      if (typeof name === 'symbol' || typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
      target[name] = String(value);
      if (name === 'TZ') native.setenv(name, String(value));
      return true;
    },
    defineProperty(target, name, about) {
      return Reflect.defineProperty(target, name, 'value' in about ? { ...about, value: String(about.value) } : about);
    },
  });
  started = native.now();
  hidden('_start', started);
}
let started = 0;

Object.assign(self, {
  execPath: '/usr/bin/js', version: VERSION,
  versions: { node: VERSION.slice(1), quickjs: '2025-04-26', unicode: '15.0', modules: '0' },
  arch: 'wasm32', platform: 'linux', release: { name: 'node', lts: false }, features: {}, config: { variables: {} },
  allowedNodeEnvironmentFlags: new Set(), debugPort: 0, exitCode: undefined,
  cwd: () => check(native.cwd(), 'uv_cwd'),
  chdir(path) {
    if (typeof path !== 'string') throw argumentType('directory', 'string', path);
    const result = native.chdir(path);
    if (result < 0) throw system(-result, 'chdir', self.cwd(), path);
  },
  umask: (mask) => native.umask(typeof mask === 'string' ? parseInt(mask, 8) : mask),
  uptime: () => (native.now() - started) / 1000,
  hrtime: Object.assign((before) => {
    const now = native.now();
    const seconds = Math.floor(now / 1000), rest = Math.round((now - seconds * 1000) * 1e6);
    if (before === undefined) return [seconds, rest];
    const passed = [seconds - before[0], rest - before[1]];
    return passed[1] < 0 ? [passed[0] - 1, passed[1] + 1e9] : passed;
  }, { bigint: () => BigInt(Math.round(native.now() * 1e6)) }),
  memoryUsage: Object.assign(() => {
    const [heapTotal, heapUsed] = native.heap();
    return { rss: native.usage()[9], heapTotal, heapUsed, external: 0, arrayBuffers: 0 };
  }, { rss: () => native.usage()[9] }),
  cpuUsage(before = { user: 0, system: 0 }) {
    const [user, sys] = native.usage();
    return { user: user - before.user, system: sys - before.system };
  },
  resourceUsage() {
    const [userCPUTime, systemCPUTime, maxRSS] = native.usage();
    return { userCPUTime, systemCPUTime, maxRSS };
  },
  constrainedMemory: () => native.usage()[3],
  availableMemory: () => native.usage()[4],
  getuid: () => native.uid(), geteuid: () => native.euid(), getgid: () => native.gid(), getegid: () => native.egid(),
  getgroups: () => [native.gid()],
  emitWarning(warning, type, code) {
    if (typeof type === 'object' && type !== null) ({ type, code } = type);
    if (!(warning instanceof Error)) {
      const error = new Error(warning);
      error.name = type || 'Warning';
      if (code !== undefined) error.code = code;
      warning = error;
    }
    self.nextTick(() => {
      self.emit('warning', warning);
      native.writeAll(2, `(js:${native.pid()}) ${warning.code ? `[${warning.code}] ` : ''}${warning.name}: ${warning.message}\n`);
    });
  },
  binding(name) { throw coded(Error, 'ERR_INVALID_MODULE', `No such binding: ${name}`); },
  getBuiltinModule: (name) => {
    const loader = require('loader');
    return loader.isBuiltin(name) ? loader.builtin(name) : undefined;
  },
  setUncaughtExceptionCaptureCallback(handler) {
    self.removeAllListeners('uncaughtException');
    if (handler !== null) self.on('uncaughtException', handler);
  },
  hasUncaughtExceptionCaptureCallback: () => self.listenerCount('uncaughtException') > 0,
  report: {},
});
for (const [name, value] of [['pid', native.pid], ['ppid', native.ppid]]) {
  Object.defineProperty(self, name, { get: () => value(), enumerable: true, configurable: true });
}

module.exports = self;
Object.defineProperties(self, {
  process: { value: self, enumerable: false },
  hooks: { enumerable: false, configurable: true, value: {
    ticks: runTicks, rejected: dealWithRejected, signal: onSignal, error: uncaught, rejection: onRejection, exit: onEmpty,
    start, SIGNALS, signalNames, signalNumber, VERSION,
  } },
});
