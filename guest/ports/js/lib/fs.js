// Files. The calls do not wait for disks, so the functions with callbacks and those of promises do at once
// what the ones named Sync do, and answer later.
'use strict';

const { argumentType, argumentValue, check, coded, system } = require('errors');
const { Buffer } = require('buffer');
const path = require('path');

const constants = {
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1, COPYFILE_FICLONE: 2, COPYFILE_FICLONE_FORCE: 4,
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 0o100, O_EXCL: 0o200, O_NOCTTY: 0o400, O_TRUNC: 0o1000, O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000, O_DSYNC: 0o10000, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000, O_SYNC: 0o4010000,
  S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFCHR: 0o020000, S_IFBLK: 0o060000, S_IFIFO: 0o010000,
  S_IFLNK: 0o120000, S_IFSOCK: 0o140000, S_IRWXU: 0o700, S_IRUSR: 0o400, S_IWUSR: 0o200, S_IXUSR: 0o100, S_IRWXG: 0o70,
  S_IRGRP: 0o40, S_IWGRP: 0o20, S_IXGRP: 0o10, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1,
  UV_FS_COPYFILE_EXCL: 1, UV_DIRENT_UNKNOWN: 0, UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4,
  UV_DIRENT_SOCKET: 5, UV_DIRENT_CHAR: 6, UV_DIRENT_BLOCK: 7,
};

const FLAGS = { r: 0, 'r+': 2, rs: 0, 'rs+': 2, w: 0o1101, wx: 0o1301, 'w+': 0o1102, 'wx+': 0o1302, a: 0o2101, ax: 0o2301,
  'a+': 0o2102, 'ax+': 0o2302, as: 0o2101, 'as+': 0o2102, xw: 0o1301, xa: 0o2301 };

function flagsOf(flags = 'r') {
  if (typeof flags === 'number') return flags;
  const number = FLAGS[flags];
  if (number === undefined) throw argumentValue('flags', flags);
  return number;
}

function modeOf(mode, otherwise) {
  if (mode === undefined || mode === null) return otherwise;
  if (typeof mode === 'string') {
    if (!/^[0-7]+$/.test(mode)) throw argumentValue('mode', mode, 'must be a 32-bit unsigned integer or an octal string');
    return parseInt(mode, 8);
  }
  if (typeof mode !== 'number') throw argumentType('mode', 'number', mode);
  return mode;
}

function toPath(value, name = 'path') {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw argumentValue(name, value, 'must be a string, Uint8Array, or URL without null bytes');
    return value;
  }
  if (value instanceof Uint8Array) return native.decode(value, 0, value.length, 0);
  if (value !== null && typeof value === 'object' && value.href !== undefined && value.protocol !== undefined) {
    return require('url').fileURLToPath(value);
  }
  throw argumentType(name, ['string', 'Buffer', 'URL'], value);
}

function toFd(fd, name = 'fd') {
  if (typeof fd !== 'number') throw argumentType(name, 'number', fd);
  if (!Number.isInteger(fd) || fd < 0) throw require('errors').outOfRange(name, '>= 0 && <= 2147483647', fd);
  return fd;
}

const optionsOf = (options, key = 'encoding') => (typeof options === 'string' ? { [key]: options } : options ?? {});
const encoded = (text, options) => {
  const { encoding } = optionsOf(options);
  return encoding === 'buffer' ? Buffer.from(text) : text;
};

function toBytes(data, encoding) {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw argumentType('data', ['string', 'Buffer', 'TypedArray', 'DataView'], data);
}

// --- what is known of a file

class Stats {
  constructor([dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, atimeMs, mtimeMs, ctimeMs]) {
    Object.assign(this, { dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, atimeMs, mtimeMs, ctimeMs, birthtimeMs: ctimeMs });
  }
  isFile() { return (this.mode & constants.S_IFMT) === constants.S_IFREG; }
  isDirectory() { return (this.mode & constants.S_IFMT) === constants.S_IFDIR; }
  isSymbolicLink() { return (this.mode & constants.S_IFMT) === constants.S_IFLNK; }
  isFIFO() { return (this.mode & constants.S_IFMT) === constants.S_IFIFO; }
  isSocket() { return (this.mode & constants.S_IFMT) === constants.S_IFSOCK; }
  isCharacterDevice() { return (this.mode & constants.S_IFMT) === constants.S_IFCHR; }
  isBlockDevice() { return (this.mode & constants.S_IFMT) === constants.S_IFBLK; }
}
for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) {
  Object.defineProperty(Stats.prototype, name, {
    get() { return new Date(Math.round(this[`${name}Ms`])); },
    set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }); },
    configurable: true, enumerable: true,
  });
}

class BigIntStats {
  constructor(values) {
    const plain = new Stats(values);
    for (const [key, value] of Object.entries(plain)) this[key] = BigInt(Math.floor(value));
    for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) this[`${name}Ns`] = BigInt(Math.round(plain[`${name}Ms`] * 1e3)) * 1000n;
  }
}
for (const name of Object.getOwnPropertyNames(Stats.prototype)) {
  if (name.startsWith('is')) BigIntStats.prototype[name] = function () { return Stats.prototype[name].call({ mode: Number(this.mode) }); };
}

function statWith(value, follows, syscall, options) {
  const result = native.stat(value, follows);
  if (typeof result === 'number') {
    if (options?.throwIfNoEntry === false && (result === -2 || result === -20)) return undefined;
    throw system(-result, syscall, typeof value === 'string' ? value : undefined);
  }
  return options?.bigint ? new BigIntStats(result) : new Stats(result);
}

const TYPES = { 8: 1, 4: 2, 10: 3, 1: 4, 12: 5, 2: 6, 6: 7 };  // of readdir(3) to Node's

class Dirent {
  #type;
  constructor(name, type, parentPath) {
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
    this.#type = type;
  }
  isFile() { return this.#type === 1; }
  isDirectory() { return this.#type === 2; }
  isSymbolicLink() { return this.#type === 3; }
  isFIFO() { return this.#type === 4; }
  isSocket() { return this.#type === 5; }
  isCharacterDevice() { return this.#type === 6; }
  isBlockDevice() { return this.#type === 7; }
}

function typeOf(folder, name, type) {
  if (TYPES[type] !== undefined) return TYPES[type];
  const about = native.stat(path.join(folder, name), false);
  return typeof about === 'number' ? 0 : TYPES[(about[2] & constants.S_IFMT) >> 12] ?? 0;
}

function listFolder(folder) {
  const raw = check(native.readdir(folder), 'scandir', folder), entries = [];
  for (let i = 0; i < raw.length; i += 2) entries.push([raw[i], raw[i + 1]]);
  return entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

// --- the functions that wait. Each of them is also there with a callback, and as a promise.

const sync = {
  access(file, mode = constants.F_OK) { check(native.access(file = toPath(file), mode), 'access', file); },
  appendFile(file, data, options) { sync.writeFile(file, data, { flag: 'a', ...optionsOf(options) }); },
  chmod(file, mode) { check(native.chmod(file = toPath(file), modeOf(mode)), 'chmod', file); },
  chown(file, uid, gid) { check(native.chown(file = toPath(file), uid, gid), 'chown', file); },
  lchown(file, uid, gid) { check(native.lchown(file = toPath(file), uid, gid), 'lchown', file); },
  close(fd) { check(native.close(toFd(fd)), 'close'); },
  copyFile(from, to, flags = 0) {
    from = toPath(from, 'src');
    to = toPath(to, 'dest');
    const source = native.open(from, 0, 0);
    if (source < 0) throw system(-source, 'copyfile', from, to);
    try {
      const about = native.stat(source);
      if ((about[2] & constants.S_IFMT) === constants.S_IFDIR) throw system(21, 'copyfile', from, to);
      const target = native.open(to, 0o101 | (flags & constants.COPYFILE_EXCL ? 0o200 : 0), about[2] & 0o777);
      if (target < 0) throw system(-target, 'copyfile', from, to);
      try {
        const other = native.stat(target);
        if (other[0] === about[0] && other[1] === about[1]) return;
        check(native.ftruncate(target, 0), 'copyfile', from, to);
        const piece = new Uint8Array(65536);
        for (let got; (got = check(native.read(source, piece, 0, piece.length, -1), 'copyfile', from, to)) > 0;) {
          check(native.writeAll(target, piece.subarray(0, got)), 'copyfile', from, to);
        }
      } finally {
        native.close(target);
      }
    } finally {
      native.close(source);
    }
  },
  cp(from, to, options = {}) { copyTree(toPath(from, 'src'), toPath(to, 'dest'), options); },
  fchmod(fd, mode) { check(native.fchmod(toFd(fd), modeOf(mode)), 'fchmod'); },
  fdatasync(fd) { check(native.fsync(toFd(fd)), 'fdatasync'); },
  fstat(fd, options) { return statWith(toFd(fd), true, 'fstat', options); },
  fsync(fd) { check(native.fsync(toFd(fd)), 'fsync'); },
  ftruncate(fd, length = 0) { check(native.ftruncate(toFd(fd), Math.max(0, length)), 'ftruncate'); },
  futimes(fd, atime, mtime) { check(native.utimes(toFd(fd), seconds(atime), seconds(mtime), true), 'futimes'); },
  link(from, to) { check(native.link(from = toPath(from, 'existingPath'), to = toPath(to, 'newPath')), 'link', from, to); },
  lstat(file, options) { return statWith(toPath(file), false, 'lstat', options); },
  lutimes(file, atime, mtime) { check(native.utimes(file = toPath(file), seconds(atime), seconds(mtime), false), 'lutimes', file); },
  mkdir(file, options) {
    file = toPath(file);
    const { recursive = false, mode } = typeof options === 'object' && options !== null ? options : { mode: options };
    if (!recursive) {
      check(native.mkdir(file, modeOf(mode, 0o777)), 'mkdir', file);
      return undefined;
    }
    return makeFolders(path.resolve(file), modeOf(mode, 0o777), file);
  },
  mkdtemp(prefix, options) { return encoded(check(native.mkdtemp(prefix = toPath(prefix, 'prefix')), 'mkdtemp', `${prefix}XXXXXX`), options); },
  open(file, flags, mode) { return check(native.open(file = toPath(file), flagsOf(flags ?? 'r'), modeOf(mode, 0o666)), 'open', file); },
  opendir(file) {
    file = toPath(file);
    check(native.readdir(file), 'opendir', file);
    return new Dir(file);
  },
  read(fd, buffer, offset, length, position) {
    if (offset !== null && typeof offset === 'object') ({ offset, length, position } = offset);
    if (!ArrayBuffer.isView(buffer)) throw argumentType('buffer', ['Buffer', 'TypedArray', 'DataView'], buffer);
    offset ??= 0;
    length ??= buffer.byteLength - offset;
    checkRange(offset, length, buffer.byteLength);
    return check(native.read(toFd(fd), buffer, offset, length, placeOf(position)), 'read');
  },
  readv(fd, buffers, position) { return inTurn(buffers, position, (buffer, at) => sync.read(fd, buffer, 0, buffer.byteLength, at)); },
  readFile(file, options) {
    const { encoding, flag } = optionsOf(options);
    if (encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding)) throw argumentValue('encoding', encoding, 'is invalid encoding');
    const isOpen = typeof file === 'number';
    const fd = isOpen ? toFd(file) : sync.open(file, flag ?? 'r');
    try {
      const bytes = check(native.readAll(fd), 'read');
      if (encoding === 'utf8' || encoding === 'utf-8') return native.decode(bytes, 0, bytes.byteLength, 0);
      const buffer = Buffer.from(bytes);
      return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer;
    } finally {
      if (!isOpen) native.close(fd);
    }
  },
  readdir(file, options) {
    file = toPath(file);
    const { withFileTypes = false, recursive = false, encoding } = optionsOf(options);
    const found = [];
    const walk = (folder, before) => {
      const inner = [];
      for (const [name, type] of listFolder(folder)) {
        const kind = withFileTypes || recursive ? typeOf(folder, name, type) : 0;
        found.push(withFileTypes ? new Dirent(name, kind, folder) : encoding === 'buffer' ? Buffer.from(before + name) : before + name);
        if (recursive && kind === 2) inner.push(name);
      }
      for (const name of inner) walk(path.join(folder, name), `${before}${name}/`);
    };
    walk(file, '');
    return found;
  },
  readlink(file, options) { return encoded(check(native.readlink(file = toPath(file)), 'readlink', file), options); },
  realpath(file, options) { return encoded(check(native.realpath(file = toPath(file)), 'realpath', file), options); },
  rename(from, to) { check(native.rename(from = toPath(from, 'oldPath'), to = toPath(to, 'newPath')), 'rename', from, to); },
  rm(file, options) { removeTree(toPath(file), options ?? {}); },
  rmdir(file, options) {
    file = toPath(file);
    if (options?.recursive) return removeTree(file, { recursive: true });
    check(native.rmdir(file), 'rmdir', file);
  },
  stat(file, options) { return statWith(toPath(file), true, 'stat', options); },
  statfs(file, options) {
    const [type, bsize, blocks, bfree, bavail, files, ffree] = check(native.statfs(file = toPath(file)), 'statfs', file);
    const all = { type, bsize, blocks, bfree, bavail, files, ffree };
    return options?.bigint ? Object.fromEntries(Object.entries(all).map(([key, value]) => [key, BigInt(value)])) : all;
  },
  symlink(target, file) { check(native.symlink(target = toPath(target, 'target'), file = toPath(file)), 'symlink', target, file); },
  truncate(file, length = 0) {
    if (typeof file === 'number') return sync.ftruncate(file, length);
    check(native.truncate(file = toPath(file), length), 'open', file);
  },
  unlink(file) { check(native.unlink(file = toPath(file)), 'unlink', file); },
  utimes(file, atime, mtime) { check(native.utimes(file = toPath(file), seconds(atime), seconds(mtime), true), 'utime', file); },
  write(fd, data, offset, length, position) {
    if (typeof data === 'string') return check(native.write(toFd(fd), toBytes(data, length), 0, Buffer.byteLength(data, length), placeOf(offset)), 'write');
    if (offset !== null && typeof offset === 'object') ({ offset, length, position } = offset);
    if (!ArrayBuffer.isView(data)) throw argumentType('buffer', ['string', 'Buffer', 'TypedArray', 'DataView'], data);
    offset ??= 0;
    length ??= data.byteLength - offset;
    checkRange(offset, length, data.byteLength);
    return check(native.write(toFd(fd), data, offset, length, placeOf(position)), 'write');
  },
  writev(fd, buffers, position) { return inTurn(buffers, position, (buffer, at) => sync.write(fd, buffer, 0, buffer.byteLength, at)); },
  writeFile(file, data, options) {
    const { encoding = 'utf8', flag = 'w', mode } = optionsOf(options);
    const bytes = toBytes(data, encoding ?? 'utf8');
    const isOpen = typeof file === 'number';
    const fd = isOpen ? toFd(file) : sync.open(file, flag, modeOf(mode, 0o666));
    try {
      check(native.writeAll(fd, bytes), 'write');
    } finally {
      if (!isOpen) native.close(fd);
    }
  },
};

const placeOf = (position) => (typeof position === 'bigint' ? Number(position) : typeof position === 'number' ? position : -1);

function checkRange(offset, length, size) {
  const { outOfRange } = require('errors');
  if (typeof offset !== 'number') throw argumentType('offset', 'number', offset);
  if (offset < 0 || offset > size) throw outOfRange('offset', `>= 0 && <= ${size}`, offset);
  if (length < 0 || length > size - offset) throw outOfRange('length', `>= 0 && <= ${size - offset}`, length);
}

function seconds(time) {
  if (time instanceof Date) return time.getTime() / 1000;
  const number = +time;
  if (Number.isNaN(number)) throw argumentType('time', ['Date', 'Time in seconds'], time);
  return number;
}

function inTurn(buffers, position, one) {
  let total = 0, at = position;
  for (const buffer of buffers) {
    const done = one(buffer, typeof at === 'number' ? at : null);
    total += done;
    if (typeof at === 'number') at += done;
    if (done < buffer.byteLength) break;
  }
  return total;
}

function makeFolders(full, mode, given) {
  const missing = [];
  let at = full;
  for (;;) {
    const result = native.mkdir(at, mode);
    if (result === 0) break;
    if (result === -2) {
      missing.push(at);
      at = path.dirname(at);
      continue;
    }
    const about = native.stat(at, true);
    if (result === -17 && typeof about !== 'number' && (about[2] & constants.S_IFMT) === constants.S_IFDIR) {
      if (missing.length === 0) return undefined;
      const first = missing.pop();
      check(native.mkdir(first, mode), 'mkdir', given);
      at = first;
      break;
    }
    throw system(result === -17 && missing.length > 0 ? 20 : -result, 'mkdir', given);
  }
  for (const folder of missing.reverse()) check(native.mkdir(folder, mode), 'mkdir', given);
  return at;
}

function removeTree(file, { recursive = false, force = false }) {
  const about = native.stat(file, false);
  if (typeof about === 'number') {
    if (force && (about === -2 || about === -20)) return;
    throw system(-about, 'rm', file);
  }
  if ((about[2] & constants.S_IFMT) !== constants.S_IFDIR) return sync.unlink(file);
  if (!recursive) {
    const error = coded(Error, 'ERR_FS_EISDIR', `Path is a directory: rm returned EISDIR (is a directory) ${file}`);
    throw Object.assign(error, { errno: 21, syscall: 'rm', path: file });
  }
  for (const [name] of listFolder(file)) removeTree(path.join(file, name), { recursive, force });
  check(native.rmdir(file), 'rmdir', file);
}

function copyTree(from, to, options) {
  const { recursive = false, force = true, errorOnExist = false, filter, dereference = false, preserveTimestamps = false } = options;
  if (filter !== undefined && !filter(from, to)) return;
  const about = statWith(from, dereference, 'cp');
  if (about.isDirectory()) {
    if (!recursive) throw coded(Error, 'ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${from} is a directory (not copied)) ${from}`);
    if (`${path.resolve(to)}/`.startsWith(`${path.resolve(from)}/`)) {
      throw coded(Error, 'ERR_FS_CP_EINVAL', `Cannot copy ${from} to a subdirectory of self ${to}`);
    }
    sync.mkdir(to, { recursive: true, mode: about.mode & 0o777 });
    for (const [name] of listFolder(from)) copyTree(path.join(from, name), path.join(to, name), options);
    return;
  }
  const exists = typeof native.stat(to, false) !== 'number';
  if (exists && !force) {
    if (errorOnExist) throw coded(Error, 'ERR_FS_CP_EEXIST', `Target already exists: cp returned EEXIST (${to} already exists) ${to}`);
    return;
  }
  sync.mkdir(path.dirname(to), { recursive: true });
  if (about.isSymbolicLink()) {
    if (exists) sync.unlink(to);
    sync.symlink(sync.readlink(from), to);
  } else {
    sync.copyFile(from, to);
  }
  if (preserveTimestamps) sync.utimes(to, about.atime, about.mtime);
}

class Dir {
  #entries; #at = 0; #closed = false;
  constructor(file) { this.path = file; }
  readSync() {
    if (this.#closed) throw coded(Error, 'ERR_DIR_CLOSED', 'Directory handle was closed');
    this.#entries ??= sync.readdir(this.path, { withFileTypes: true });
    return this.#entries[this.#at++] ?? null;
  }
  async read() { return this.readSync(); }
  closeSync() { this.#closed = true; }
  async close() { this.closeSync(); }
  async* [Symbol.asyncIterator]() {
    for (let entry; (entry = this.readSync()) !== null;) yield entry;
    this.closeSync();
  }
}

// --- with callbacks

const withCallbacks = {};
for (const [name, call] of Object.entries(sync)) {
  withCallbacks[name] = { [name](...args) {
    const callback = args.pop();
    if (typeof callback !== 'function') throw argumentType('cb', 'function', callback);
    // What is wrong with the arguments is thrown, what the call says comes later.
    let error = null, result;
    try {
      result = call(...args);
    } catch (thrown) {
      if (thrown instanceof TypeError || thrown instanceof RangeError) throw thrown;
      error = thrown;
    }
    later(callback, error, result, args);
  } }[name];
}

function later(callback, error, result, args) {
  require('timers').setImmediate(() => {
    if (error !== null) callback(error);
    else if (result === undefined) callback(null);
    else callback(null, result, ...(ArrayBuffer.isView(args[1]) || Array.isArray(args[1]) || (typeof args[0] === 'number' && typeof args[1] === 'string') ? [args[1]] : []));
  });
}

function exists(file, callback) { require('timers').setImmediate(callback, existsSync(file)); }
function existsSync(file) {
  try {
    return native.access(toPath(file), 0) === 0;
  } catch {
    return false;
  }
}

const all = { ...withCallbacks, exists, existsSync, constants, Stats, Dirent, Dir };
for (const [name, call] of Object.entries(sync)) all[`${name}Sync`] = Object.defineProperty(call, 'name', { value: `${name}Sync` });
Object.assign(all.realpath, { native: all.realpath });
Object.assign(all.realpathSync, { native: all.realpathSync });
Object.assign(all, { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 });
module.exports = all;

for (const name of ['ReadStream', 'WriteStream', 'createReadStream', 'createWriteStream', 'watch', 'watchFile', 'unwatchFile']) {
  Object.defineProperty(all, name, { get: () => require('fs/streams')[name], enumerable: true, configurable: true });
}
Object.defineProperty(all, 'promises', { get: () => require('fs/promises'), enumerable: true, configurable: true });
Object.defineProperty(all, 'internal', { value: { sync, toPath, flagsOf, modeOf, optionsOf }, enumerable: false });
