// Streams of files, and watching files.
'use strict';

const fs = require('fs');
const { sync, toPath, flagsOf, modeOf, optionsOf } = fs.internal;
const { Readable, Writable } = require('stream');
const EventEmitter = require('events');
const { outOfRange } = require('errors');

class ReadStream extends Readable {
  constructor(file, options) {
    options = optionsOf(options);
    super({ highWaterMark: 65536, ...options, encoding: options.encoding });
    this.path = file === null || file === undefined ? undefined : toPath(file);
    this.fd = options.fd?.fd ?? options.fd ?? null;
    this.flags = options.flags ?? 'r';
    this.start = options.start;
    this.end = options.end ?? Infinity;
    this.autoClose = options.autoClose !== false;
    this.bytesRead = 0;
    this._at = options.start;
    if (this.start !== undefined && this.start > this.end) throw outOfRange('start', `<= "end" (here: ${this.end})`, this.start);
  }
  get pending() { return this.fd === null; }
  _construct(callback) {
    if (this.fd !== null) return callback();
    fs.open(this.path, this.flags, 0o666, (error, fd) => {
      if (error) return callback(error);
      this.fd = fd;
      callback();
      this.emit('open', fd);
      this.emit('ready');
    });
  }
  _read(size) {
    const left = this.end === Infinity ? size : this.end - (this.start ?? 0) + 1 - this.bytesRead;
    if (left <= 0) return this.push(null);
    const bytes = Buffer.allocUnsafe(Math.min(size, left));
    fs.read(this.fd, bytes, 0, bytes.length, this._at ?? null, (error, got) => {
      if (error) return this.destroy(error);
      if (got === 0) return this.push(null);
      this.bytesRead += got;
      if (this._at !== undefined) this._at += got;
      this.push(bytes.subarray(0, got));
    });
  }
  _destroy(error, callback) { closeOne(this, error, callback); }
  close(callback) {
    if (callback) this.once('close', callback);
    this.destroy();
  }
}

function closeOne(stream, error, callback) {
  const { fd } = stream;
  stream.fd = null;
  if (fd === null || !stream.autoClose) return callback(error);
  fs.close(fd, (second) => callback(error ?? second));
}

class WriteStream extends Writable {
  constructor(file, options) {
    options = optionsOf(options);
    super({ ...options, decodeStrings: true, defaultEncoding: options.encoding ?? 'utf8' });
    this.path = file === null || file === undefined ? undefined : toPath(file);
    this.fd = options.fd?.fd ?? options.fd ?? null;
    this.flags = options.flags ?? (options.start === undefined ? 'w' : 'r+');
    this.mode = modeOf(options.mode, 0o666);
    this.autoClose = options.autoClose !== false;
    this.bytesWritten = 0;
    this._at = options.start;
  }
  get pending() { return this.fd === null; }
  _construct(callback) {
    if (this.fd !== null) return callback();
    fs.open(this.path, flagsOf(this.flags), this.mode, (error, fd) => {
      if (error) return callback(error);
      this.fd = fd;
      callback();
      this.emit('open', fd);
      this.emit('ready');
    });
  }
  _write(bytes, encoding, callback) {
    let at = 0;
    try {
      while (at < bytes.length) at += sync.write(this.fd, bytes, at, bytes.length - at, this._at === undefined ? null : this._at + at);
    } catch (error) {
      return callback(error);
    }
    if (this._at !== undefined) this._at += at;
    this.bytesWritten += at;
    require('timers').setImmediate(callback);
  }
  _destroy(error, callback) { closeOne(this, error, callback); }
  close(callback) {
    if (callback) this.once('close', callback);
    this.end();
  }
}
WriteStream.prototype.destroySoon = WriteStream.prototype.end;

// Looks again and again: there is nothing that tells of changes.
const POLL = 100;

function glance(file) {
  const about = native.stat(file, true);
  if (typeof about === 'number') return '';
  const list = (about[2] & 0o170000) === 0o040000 ? sync.readdir(file).map((name) => {
    const inner = native.stat(`${file}/${name}`, false);
    return [name, typeof inner === 'number' ? '' : `${inner[1]}:${inner[7]}:${inner[11]}`];
  }) : [[require('path').basename(file), `${about[1]}:${about[7]}:${about[11]}`]];
  return new Map(list);
}

class FSWatcher extends EventEmitter {
  constructor(file, options, listener) {
    super();
    if (listener) this.on('change', listener);
    let before = glance(sync.realpath(file));
    this._timer = setInterval(() => {
      const now = glance(file) || new Map();
      for (const [name, mark] of now) {
        if (!before.has(name)) this.emit('change', 'rename', name);
        else if (before.get(name) !== mark) this.emit('change', 'change', name);
      }
      for (const name of before.keys()) if (!now.has(name)) this.emit('change', 'rename', name);
      before = now;
    }, POLL);
    if (options?.persistent === false) this._timer.unref();
    options?.signal?.addEventListener('abort', () => this.close(), { once: true });
  }
  close() {
    clearInterval(this._timer);
    process.nextTick(() => this.emit('close'));
  }
  ref() { this._timer.ref(); return this; }
  unref() { this._timer.unref(); return this; }
}

const watched = new Map();

module.exports = {
  ReadStream, WriteStream,
  createReadStream: (file, options) => new ReadStream(file, options),
  createWriteStream: (file, options) => new WriteStream(file, options),
  watch(file, options, listener) {
    if (typeof options === 'function') [options, listener] = [undefined, options];
    return new FSWatcher(toPath(file), optionsOf(options), listener);
  },
  watchFile(file, options, listener) {
    if (typeof options === 'function') [options, listener] = [{}, options];
    file = toPath(file);
    const look = () => {
      const about = native.stat(file, true);
      return new fs.Stats(typeof about === 'number' ? new Array(13).fill(0) : about);
    };
    let before = look();
    const timer = setInterval(() => {
      const now = look();
      if (now.mtimeMs !== before.mtimeMs || now.size !== before.size || now.ino !== before.ino) listener(now, before);
      before = now;
    }, options.interval ?? 5007);
    watched.set(file, [...(watched.get(file) ?? []), { timer, listener }]);
  },
  unwatchFile(file, listener) {
    file = toPath(file);
    const left = (watched.get(file) ?? []).filter((one) => {
      if (listener !== undefined && one.listener !== listener) return true;
      clearInterval(one.timer);
      return false;
    });
    watched.set(file, left);
  },
};
