// Errors with codes, as Node's have them.
'use strict';

// errno: [code, text]
const SYSTEM = {
  1: ['EPERM', 'operation not permitted'], 2: ['ENOENT', 'no such file or directory'],
  3: ['ESRCH', 'no such process'], 4: ['EINTR', 'interrupted system call'], 5: ['EIO', 'i/o error'],
  6: ['ENXIO', 'no such device or address'], 7: ['E2BIG', 'argument list too long'],
  8: ['ENOEXEC', 'exec format error'], 9: ['EBADF', 'bad file descriptor'], 10: ['ECHILD', 'no child processes'],
  11: ['EAGAIN', 'resource temporarily unavailable'], 12: ['ENOMEM', 'not enough memory'],
  13: ['EACCES', 'permission denied'], 14: ['EFAULT', 'bad address in system call argument'],
  16: ['EBUSY', 'resource busy or locked'], 17: ['EEXIST', 'file already exists'],
  18: ['EXDEV', 'cross-device link not permitted'], 19: ['ENODEV', 'no such device'],
  20: ['ENOTDIR', 'not a directory'], 21: ['EISDIR', 'illegal operation on a directory'],
  22: ['EINVAL', 'invalid argument'], 23: ['ENFILE', 'file table overflow'], 24: ['EMFILE', 'too many open files'],
  25: ['ENOTTY', 'inappropriate ioctl for device'], 26: ['ETXTBSY', 'text file is busy'],
  27: ['EFBIG', 'file too large'], 28: ['ENOSPC', 'no space left on device'], 29: ['ESPIPE', 'invalid seek'],
  30: ['EROFS', 'read-only file system'], 31: ['EMLINK', 'too many links'], 32: ['EPIPE', 'broken pipe'],
  34: ['ERANGE', 'result too large'], 36: ['ENAMETOOLONG', 'name too long'],
  38: ['ENOSYS', 'function not implemented'], 39: ['ENOTEMPTY', 'directory not empty'],
  40: ['ELOOP', 'too many symbolic links encountered'], 61: ['ENODATA', 'no data available'],
  71: ['EPROTO', 'protocol error'], 75: ['EOVERFLOW', 'value too large for defined data type'],
  95: ['ENOTSUP', 'operation not supported on socket'], 97: ['EAFNOSUPPORT', 'address family not supported'],
  105: ['ENOBUFS', 'no buffer space available'], 110: ['ETIMEDOUT', 'connection timed out'],
  111: ['ECONNREFUSED', 'connection refused'], 122: ['EDQUOT', 'disk quota exceeded'],
};

const nameOf = (errno) => SYSTEM[errno] ?? [`E${errno}`, `error ${errno}`];

// What a system call failed with; `errno` is above zero.
function system(errno, syscall, path, dest) {
  const [code, text] = nameOf(errno);
  let message = `${code}: ${text}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const error = new Error(message);
  error.errno = -errno;
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

// An error of a class with one of Node's codes.
function coded(Type, code, message) {
  const error = new Type(message);
  const lines = error.stack.split('\n');
  const at = lines.findIndex((line) => line.startsWith('    at '));
  const header = `${error.name} [${code}]: ${message}`;
  Object.defineProperty(error, 'stack', {
    value: [header, ...(at < 0 ? [] : lines.slice(at + 1))].join('\n'), writable: true, configurable: true,
  });
  Object.defineProperty(error, 'toString', { value() { return `${this.name} [${code}]: ${this.message}`; }, configurable: true, writable: true });
  error.code = code;
  return error;
}

function describe(value) {
  if (value == null) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    if (value.constructor?.name) return ` Received an instance of ${value.constructor.name}`;
    return ` Received ${require('inspect').inspect(value, { depth: -1 })}`;
  }
  let shown = require('inspect').inspect(value, { colors: false });
  if (shown.length > 28) shown = shown.slice(0, 25) + '...';
  return ` Received type ${typeof value} (${shown})`;
}

const CLASSES = /^[A-Z]/;

function argumentType(name, expected, value) {
  const types = [expected].flat();
  const plain = types.filter((type) => !CLASSES.test(type) || type === 'Function');
  const classes = types.filter((type) => CLASSES.test(type) && type !== 'Function');
  const list = (words) => (words.length < 2 ? words.join('')
    : words.length === 2 ? words.join(' or ') : `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`);
  let text = plain.length > 0 ? `${plain.length > 1 ? 'one of type' : 'of type'} ${list(plain)}` : '';
  if (classes.length > 0) text += `${text ? ' or ' : ''}an instance of ${list(classes)}`;
  const what = name.includes('.') ? 'property' : 'argument';
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" ${what} must be ${text}.${describe(value)}`);
}

function argumentValue(name, value, reason = 'is invalid') {
  const what = name.includes('.') ? 'property' : 'argument';
  let shown = require('inspect').inspect(value);
  if (shown.length > 128) shown = shown.slice(0, 128) + '...';
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${what} '${name}' ${reason}. Received ${shown}`);
}

function outOfRange(name, range, value) {
  return coded(RangeError, 'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${require('inspect').inspect(value)}`);
}

// `result`, unless it says that the call failed.
function check(result, syscall, path, dest) {
  if (typeof result === 'number' && result < 0) throw system(-result, syscall, path, dest);
  return result;
}

module.exports = { SYSTEM, nameOf, system, coded, argumentType, argumentValue, outOfRange, check };
