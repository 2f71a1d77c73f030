// Files by promises.
'use strict';

const fs = require('fs');
const { sync, flagsOf, modeOf } = fs.internal;
const EventEmitter = require('events');

const soon = () => new Promise((resolve) => require('timers').setImmediate(resolve));

// What a call gives, later.
function promised(call) {
  return async (...args) => {
    let result, error, failed = false;
    try {
      result = call(...args);
    } catch (thrown) {
      failed = true;
      error = thrown;
    }
    await soon();
    if (failed) throw error;
    return result;
  };
}

const checkSignal = (signal) => {
  if (!signal?.aborted) return;
  const error = new Error('The operation was aborted', { cause: signal.reason });
  throw Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
};

const nameOf = (file) => (file instanceof FileHandle ? file.fd : file);

class FileHandle extends EventEmitter {
  #fd;
  constructor(fd) {
    super();
    this.#fd = fd;
  }
  get fd() { return this.#fd; }
  async close() {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    await promised(sync.close)(fd);
    this.emit('close');
  }
  async [Symbol.asyncDispose ?? Symbol.for('asyncDispose')]() { await this.close(); }
  async read(buffer, ...rest) {
    if (buffer === undefined || (typeof buffer === 'object' && !ArrayBuffer.isView(buffer))) {
      const options = buffer ?? {};
      buffer = options.buffer ?? require('buffer').Buffer.alloc(16384);
      rest = [options];
    }
    return { bytesRead: await promised(sync.read)(this.#fd, buffer, ...rest), buffer };
  }
  async write(data, ...rest) { return { bytesWritten: await promised(sync.write)(this.#fd, data, ...rest), buffer: data }; }
  async readv(buffers, position) { return { bytesRead: await promised(sync.readv)(this.#fd, buffers, position), buffers }; }
  async writev(buffers, position) { return { bytesWritten: await promised(sync.writev)(this.#fd, buffers, position), buffers }; }
  createReadStream(options) { return fs.createReadStream(null, { ...options, fd: this.#fd }); }
  createWriteStream(options) { return fs.createWriteStream(null, { ...options, fd: this.#fd }); }
  readLines(options) { return require('readline').createInterface({ input: this.createReadStream(options), crlfDelay: Infinity }); }
}
for (const [name, call] of [['readFile', sync.readFile], ['writeFile', sync.writeFile], ['appendFile', sync.writeFile], ['stat', sync.fstat],
  ['truncate', sync.ftruncate], ['sync', sync.fsync], ['datasync', sync.fdatasync], ['chmod', sync.fchmod], ['utimes', sync.futimes]]) {
  FileHandle.prototype[name] = { [name](...args) { return promised(call)(this.fd, ...args); } }[name];
  Object.defineProperty(FileHandle.prototype, name, { enumerable: false });
}

for (const name of ['access', 'appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'lchown', 'link', 'lstat', 'lutimes', 'mkdir', 'mkdtemp', 'opendir',
  'readdir', 'readFile', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink', 'truncate', 'unlink', 'utimes', 'writeFile']) {
  exports[name] = promised(sync[name]);
  Object.defineProperty(exports[name], 'name', { value: name });
}

async function gather(data, encoding) {
  const { Buffer } = require('buffer');
  const parts = [];
  for await (const part of data) parts.push(typeof part === 'string' ? Buffer.from(part, encoding) : part);
  return Buffer.concat(parts);
}

const { readFile, writeFile, appendFile } = exports;
exports.readFile = async (file, options) => {
  checkSignal(options?.signal);
  return readFile(nameOf(file), options);
};
exports.writeFile = async (file, data, options) => {
  checkSignal(options?.signal);
  const isStream = data !== null && typeof data === 'object' && !ArrayBuffer.isView(data) && (data[Symbol.asyncIterator] || data[Symbol.iterator]);
  return writeFile(nameOf(file), isStream ? await gather(data, options?.encoding ?? options) : data, options);
};
exports.appendFile = (file, data, options) => appendFile(nameOf(file), data, options);
exports.open = promised((file, flags, mode) => new FileHandle(sync.open(file, flagsOf(flags ?? 'r'), modeOf(mode, 0o666))));
exports.watch = (file, options) => fs.watch(file, options);
exports.glob = async function* (pattern, options) { yield* require('glob').find(pattern, options); };
exports.constants = fs.constants;
Object.defineProperty(exports, 'FileHandle', { value: FileHandle, enumerable: false });
