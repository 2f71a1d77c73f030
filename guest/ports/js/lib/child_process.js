// Children.
'use strict';

const EventEmitter = require('events');
const { argumentType, argumentValue, coded, nameOf } = require('errors');
const { DescriptorReader, DescriptorWriter } = require('descriptor');
const { SIGNALS, signalNames, signalNumber } = process.hooks;

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
const MAX_BUFFER = 1024 * 1024;

// --- arguments

function normalize(file, args, options) {
  if (typeof file !== 'string') throw argumentType('file', 'string', file);
  if (file === '') throw argumentValue('file', file, 'cannot be empty');
  if (!Array.isArray(args)) [args, options] = args === null || args === undefined ? [[], options] : [[], args];
  if (options !== undefined && (options === null || typeof options !== 'object')) throw argumentType('options', 'Object', options);
  options = { ...options };
  args = args.map((word, i) => {
    if (typeof word !== 'string' && typeof word !== 'number' && typeof word !== 'boolean') throw argumentType(`args[${i}]`, 'string', word);
    return String(word);
  });
  for (const word of [file, ...args]) if (word.includes('\0')) throw argumentValue('args', word, 'must be a string without null bytes');
  if (options.shell) {
    const shell = typeof options.shell === 'string' ? options.shell : '/bin/sh';
    args = ['-c', [file, ...args].join(' ')];
    file = shell;
  }
  if (typeof options.cwd === 'object' && options.cwd !== null) options.cwd = require('url').fileURLToPath(options.cwd);
  options.words = [options.argv0 ?? file, ...args];
  options.file = file;
  return options;
}

function variables(env) {
  const all = [];
  for (const key in env) if (env[key] !== undefined) all.push(`${key}=${env[key]}`);
  return all;
}

function stdioList(stdio = 'pipe') {
  if (typeof stdio === 'string') return [stdio, stdio, stdio];
  if (!Array.isArray(stdio)) throw argumentValue('stdio', stdio);
  return [...stdio, ...new Array(Math.max(0, 3 - stdio.length)).fill(undefined)].map((item, i) => item ?? (i < 3 ? 'pipe' : 'ignore'));
}

// What the child gets as its descriptors, and this side's ends of them.
function connect(list) {
  const given = [], ours = [], toClose = [];
  const make = (call) => {
    const result = native[call]();
    if (typeof result === 'number') throw require('errors').system(-result, call);
    return result;
  };
  for (const [i, item] of list.entries()) {
    if (item === 'pipe' || item === 'overlapped') {
      const [a, b] = make(i > 2 ? 'socketpair' : 'pipe');
      const [child, own] = i > 0 && i <= 2 ? [b, a] : [a, b];
      given.push(child);
      toClose.push(child);
      ours.push({ fd: own, kind: i === 0 ? 'write' : i <= 2 ? 'read' : 'both' });
    } else if (item === 'ignore') {
      const fd = native.open('/dev/null', 2, 0);
      given.push(fd);
      toClose.push(fd);
      ours.push(null);
    } else if (item === 'inherit') {
      given.push(i);
      ours.push(null);
    } else if (item === 'ipc') {
      throw coded(Error, 'ERR_NOT_SUPPORTED', 'there are no IPC channels: use pipes');
    } else {
      const fd = typeof item === 'number' ? item : item?.fd;
      if (typeof fd !== 'number') throw argumentValue('stdio', item);
      given.push(fd);
      ours.push(null);
    }
  }
  return { given, ours, close: () => toClose.forEach((fd) => native.close(fd)) };
}

function start(options, given) {
  const env = options.env ?? process.env;
  return native.spawn(options.file, options.words, variables(env), env.PATH ?? DEFAULT_PATH, given, options.cwd ?? null, !!options.detached);
}

const spawnError = (number, options, syscall = 'spawn') => {
  const error = new Error(`${syscall} ${options.file} ${nameOf(number)[0]}`);
  return Object.assign(error, { errno: -number, code: nameOf(number)[0], syscall: `${syscall} ${options.file}`, path: options.file, spawnargs: options.words.slice(1) });
};

// --- waiting for children

const children = new Map();  // pid: ChildProcess

function reap() {
  for (const [pid, child] of children) {
    const result = native.waitpid(pid, false);
    if (result === undefined) continue;
    children.delete(pid);
    child._ended(result);
  }
  if (children.size === 0) native.signal(SIGNALS.SIGCHLD, process.listenerCount('SIGCHLD') > 0);
}

function await_(child) {
  if (children.size === 0) {
    process._onChild(reap);
    native.signal(SIGNALS.SIGCHLD, true);
  }
  children.set(child.pid, child);
  // It may have ended before the signal was watched.
  setImmediate(reap);
}

class ChildProcess extends EventEmitter {
  #counts = false; #open = 0; #isClosed = false;
  constructor() {
    super();
    this.exitCode = null;
    this.signalCode = null;
    this.killed = false;
    this.connected = false;
  }
  _start(options) {
    this.spawnfile = options.file;
    this.spawnargs = options.words;
    const { given, ours, close } = connect(stdioList(options.stdio));
    const pid = start(options, given);
    close();
    this._hasFailed = pid < 0;  // which is told of first
    this._connect(ours, pid < 0);
    if (pid < 0) {
      this.exitCode = pid;
      process.nextTick(() => {
        this._hasFailed = false;
        this.emit('error', spawnError(-pid, options));
        this._closed();
      });
      return;
    }
    this.pid = pid;
    this.#count(true);
    await_(this);
    process.nextTick(() => this.emit('spawn'));
  }
  _connect(ours, failed) {
    this.stdio = ours.map((end) => {
      if (end === null) return null;
      const stream = end.kind === 'write' ? new DescriptorWriter(end.fd) : end.kind === 'read' ? new DescriptorReader(end.fd) : require('socket').fromDescriptor(end.fd);
      if (end.kind === 'write') {
        stream.on('error', () => {});
        stream.removeAllListeners('error');
      } else {
        ++this.#open;
        stream.once('close', () => {
          --this.#open;
          this._closed();
        });
      }
      if (failed) stream.destroy();
      return stream;
    });
    [this.stdin, this.stdout, this.stderr] = this.stdio;
  }
  #count(counts) {
    if (this.#counts === counts) return;
    this.#counts = counts;
    native.shared[3] += counts ? 1 : -1;
  }
  _ended(result) {
    this.#count(false);
    if (result >= 256) this.signalCode = signalNames[result - 256];
    else this.exitCode = result < 0 ? null : result;
    this.stdin?.destroy();
    this._hasEnded = true;
    this.emit('exit', this.signalCode === null ? this.exitCode : null, this.signalCode);
    // What nobody reads must not keep the streams open for ever.
    process.nextTick(() => {
      for (const stream of this.stdio) {
        if (stream instanceof DescriptorReader && stream.readableFlowing === null && stream.listenerCount('readable') === 0) stream.resume();
      }
      this._closed();
    });
  }
  _closed() {
    if (this.#isClosed || this._hasFailed || this.#open > 0 || (this.pid !== undefined && !this._hasEnded)) return;
    this.#isClosed = true;
    this.emit('close', this.signalCode === null ? this.exitCode : null, this.signalCode);
  }
  kill(signal = 'SIGTERM') {
    const number = signalNumber(signal ?? 'SIGTERM');
    if (this._hasEnded || this.pid === undefined) return false;
    if (native.kill(this.pid, number) < 0) return false;
    if (number !== 0) this.killed = true;
    return true;
  }
  [Symbol.dispose ?? Symbol.for('dispose')]() { this.kill(); }
  ref() { if (!this._hasEnded && this.pid !== undefined) this.#count(true); }
  unref() { this.#count(false); }
}

function watchAbort(child, { signal, timeout, killSignal = 'SIGTERM' }) {
  if (timeout > 0) {
    const timer = setTimeout(() => child.kill(killSignal), timeout);
    child.once('exit', () => clearTimeout(timer));
  }
  if (signal === undefined) return;
  const abort = () => {
    if (child.kill(killSignal) || child._hasEnded !== true) {
      child.emit('error', Object.assign(new Error('The operation was aborted', { cause: signal.reason }), { name: 'AbortError', code: 'ABORT_ERR' }));
    }
  };
  if (signal.aborted) process.nextTick(abort);
  else {
    signal.addEventListener('abort', abort, { once: true });
    child.once('exit', () => signal.removeEventListener('abort', abort));
  }
}

function spawn(file, args, options) {
  const all = normalize(file, args, options);
  const child = new ChildProcess();
  child._start(all);
  watchAbort(child, all);
  return child;
}

// --- whole outputs

function execFile(file, args, options, callback) {
  if (typeof args === 'function') [args, options, callback] = [[], {}, args];
  else if (!Array.isArray(args)) {
    if (typeof options === 'function') callback = options;
    [args, options] = [[], args];
  } else if (typeof options === 'function') [options, callback] = [{}, options];
  options = { encoding: 'utf8', timeout: 0, maxBuffer: MAX_BUFFER, killSignal: 'SIGTERM', ...options };
  const child = spawn(file, args, { ...options, stdio: 'pipe', timeout: undefined });
  const parts = [[], []], sizes = [0, 0];
  let error, timer, isDone = false;
  const isText = options.encoding && options.encoding !== 'buffer';
  const finish = (code, signal) => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    const [stdout, stderr] = parts.map((list) => {
      const bytes = Buffer.concat(list);
      return isText ? bytes.toString(options.encoding) : bytes;
    });
    if (!error && (code !== 0 || signal !== null)) {
      const command = [file, ...args].join(' ');
      error = Object.assign(new Error(`Command failed: ${command}\n${stderr}`), { code: code < 0 ? nameOf(-code)[0] : code, killed: child.killed, signal, cmd: command });
    } else if (error) {
      error.cmd ??= [file, ...args].join(' ');
    }
    if (error) Object.assign(error, callback ? {} : { stdout, stderr });
    callback?.(error ?? null, stdout, stderr);
  };
  [child.stdout, child.stderr].forEach((stream, i) => stream.on('data', (chunk) => {
    const room = options.maxBuffer - sizes[i];
    sizes[i] += chunk.length;
    parts[i].push(chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk);
    if (sizes[i] > options.maxBuffer && !error) {
      error = coded(RangeError, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', `${i === 0 ? 'stdout' : 'stderr'} maxBuffer length exceeded`);
      child.kill(options.killSignal);
    }
  }));
  if (options.timeout > 0) timer = setTimeout(() => child.kill(options.killSignal), options.timeout);
  child.on('error', (reason) => {
    error = reason;
    if (child.pid === undefined) finish(-1, null);
  });
  child.on('close', finish);
  return child;
}

function exec(command, options, callback) {
  if (typeof command !== 'string') throw argumentType('command', 'string', command);
  if (typeof options === 'function') [options, callback] = [{}, options];
  const child = execFile(command, { ...options, shell: options?.shell || true }, callback && ((error, stdout, stderr) => {
    if (error && 'cmd' in error) error.cmd = command;
    callback(error, stdout, stderr);
  }));
  return child;
}

const PROMISIFY = Symbol.for('nodejs.util.promisify.custom');
for (const call of [exec, execFile]) {
  Object.defineProperty(call, PROMISIFY, { value: (...args) => {
    let child;
    const promise = new Promise((resolve, reject) => {
      child = call(...args, (error, stdout, stderr) => (error ? reject(Object.assign(error, { stdout, stderr })) : resolve({ stdout, stderr })));
    });
    promise.child = child;
    return promise;
  } });
}

// --- waiting for the end

// Feeds and reads pipes until all of them are closed, or until something is over.
function pump(ours, input, options, kill) {
  const parts = ours.map(() => []), limit = options.maxBuffer ?? MAX_BUFFER;
  const sizes = ours.map(() => 0), deadline = options.timeout > 0 ? native.now() + options.timeout : Infinity;
  let error, at = 0;
  const open = new Set(ours.map((end, i) => (end === null ? -1 : i)).filter((i) => i >= 0));
  const close = (i) => {
    open.delete(i);
    native.close(ours[i].fd);
  };
  for (const i of [...open]) {
    native.setFlags(ours[i].fd, native.getFlags(ours[i].fd) | 0o4000);
    if (ours[i].kind === 'write' && input.length === 0) close(i);
  }
  const piece = new Uint8Array(65536);
  while (open.size > 0) {
    const order = [...open];
    const ready = native.poll(order.map((i) => ours[i].fd), order.map((i) => (ours[i].kind === 'write' ? 4 : 1)), Math.min(deadline - native.now(), 2 ** 30));
    if (native.now() >= deadline) {
      if (!error) {
        error = 110;
        kill();
      }
      for (const i of [...open]) if (ours[i].kind === 'write') close(i);
      if (!Array.isArray(ready) || ready.every((events) => events === 0)) break;
    }
    order.forEach((i, k) => {
      if (!ready[k] || !open.has(i)) return;
      if (ours[i].kind === 'write') {
        const done = native.write(ours[i].fd, input, at, input.length - at, -1);
        if (done > 0) at += done;
        if ((done < 0 && done !== -11) || at === input.length) close(i);
        return;
      }
      const got = native.read(ours[i].fd, piece, 0, piece.length, -1);
      if (got === -11) return;
      if (got <= 0) return close(i);
      sizes[i] += got;
      parts[i].push(Buffer.from(piece.subarray(0, Math.max(0, Math.min(got, limit - (sizes[i] - got))))));
      if (sizes[i] > limit && !error) {
        error = 105;
        kill();
      }
    });
  }
  for (const i of [...open]) close(i);
  return { parts, error };
}

function spawnSync(file, args, options) {
  const all = normalize(file, args, options);
  const { given, ours, close } = connect(stdioList(all.stdio));
  const pid = start(all, given);
  close();
  const result = { pid: Math.max(0, pid), output: null, stdout: null, stderr: null, status: null, signal: null };
  if (pid < 0) {
    for (const end of ours) if (end) native.close(end.fd);
    result.error = spawnError(-pid, all, 'spawnSync');
    return result;
  }
  const input = all.input === undefined || all.input === null ? Buffer.alloc(0) : Buffer.from(all.input);
  const { parts, error } = pump(ours, input, all, () => native.kill(pid, signalNumber(all.killSignal ?? 'SIGTERM')));
  const status = native.waitpid(pid, true);
  if (status >= 256) result.signal = signalNames[status - 256];
  else result.status = status;
  const isText = all.encoding && all.encoding !== 'buffer';
  result.output = ours.map((end, i) => {
    if (end === null || end.kind === 'write') return null;
    const bytes = Buffer.concat(parts[i]);
    return isText ? bytes.toString(all.encoding) : bytes;
  });
  [, result.stdout, result.stderr] = result.output;
  if (error) result.error = spawnError(error, all, 'spawnSync');
  return result;
}

function checkResult(result, command, options) {
  if (result.stderr?.length > 0 && options?.stdio === undefined) process.stderr.write(result.stderr);
  if (result.error) throw Object.assign(result.error, result);
  if (result.status !== 0) {
    const text = result.stderr?.length > 0 ? `Command failed: ${command}\n${result.stderr}` : `Command failed: ${command}`;
    throw Object.assign(new Error(text), result);
  }
  return result.stdout;
}

function execFileSync(file, args, options) {
  if (!Array.isArray(args)) [args, options] = [[], args];
  return checkResult(spawnSync(file, args, options), [file, ...args].join(' '), options);
}

function execSync(command, options) {
  return checkResult(spawnSync(command, { ...options, shell: options?.shell || true }), command, options);
}

function fork() { throw coded(Error, 'ERR_NOT_SUPPORTED', 'there are no IPC channels: use spawn(process.execPath, [FILE])'); }

module.exports = { ChildProcess, spawn, exec, execFile, spawnSync, execSync, execFileSync, fork };
