// Buffer, Blob, atob and btoa.
'use strict';

const { argumentType, coded, outOfRange } = require('errors');

const ENCODINGS = {
  utf8: 0, 'utf-8': 0, utf16le: 1, 'utf-16le': 1, ucs2: 1, 'ucs-2': 1, latin1: 2, binary: 2, ascii: 3, hex: 4,
  base64: 5, base64url: 6,
};
const UTF8 = 0, LATIN1 = 2, BASE64 = 5;
const LONGEST = 2 ** 31 - 1;

function encodingNumber(encoding) {
  if (encoding === undefined || encoding === null || encoding === '') return UTF8;
  const number = ENCODINGS[encoding] ?? ENCODINGS[String(encoding).toLowerCase()];
  if (number === undefined) throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
  return number;
}

const isBytes = (value) => ArrayBuffer.isView(value);
const viewOf = (value) => (value instanceof Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
const wrap = (buffer, offset, length) => {
  const bytes = new Uint8Array(buffer, offset, length);
  Object.setPrototypeOf(bytes, Buffer.prototype);
  return bytes;
};

function checkSize(size) {
  if (typeof size !== 'number') throw argumentType('size', 'number', size);
  if (!(size >= 0 && size <= LONGEST)) throw outOfRange('size', `>= 0 && <= ${LONGEST}`, size);
}

function Buffer(value, encodingOrOffset, length) {
  if (typeof value === 'number') return Buffer.alloc(value);
  return Buffer.from(value, encodingOrOffset, length);
}
Object.setPrototypeOf(Buffer, Uint8Array);
Object.setPrototypeOf(Buffer.prototype, Uint8Array.prototype);
Object.defineProperty(Buffer, Symbol.species, { get: () => Buffer, configurable: true });
Buffer.poolSize = 8192;

function fromObject(value) {
  if (value.type === 'Buffer' && Array.isArray(value.data)) return fromList(value.data);
  if (typeof value.length === 'number' || value instanceof Set) return fromList(value);
  return undefined;
}

function fromList(list) {
  const bytes = Uint8Array.from(list);
  return wrap(bytes.buffer, 0, bytes.length);
}

Buffer.from = function from(value, encodingOrOffset, length) {
  if (typeof value === 'string') return wrap(native.encode(value, encodingNumber(encodingOrOffset)));
  if (value !== null && typeof value === 'object') {
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      const offset = encodingOrOffset === undefined ? 0 : +encodingOrOffset || 0;
      if (offset > value.byteLength) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
      if (length !== undefined && offset + length > value.byteLength) {
        throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
      }
      return wrap(value, offset, length);
    }
    const primitive = value.valueOf?.();
    if (primitive != null && primitive !== value && (typeof primitive === 'string' || typeof primitive === 'object')) {
      return Buffer.from(primitive, encodingOrOffset, length);
    }
    const made = fromObject(value);
    if (made !== undefined) return made;
    if (typeof value[Symbol.toPrimitive] === 'function') {
      return Buffer.from(value[Symbol.toPrimitive]('string'), encodingOrOffset);
    }
  }
  const { message } = argumentType('first', ['string', 'Buffer', 'ArrayBuffer', 'Array'], value);
  throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', message.replace('"first" argument', 'first argument').replace('Array.', 'Array or an Array-like Object.'));
};

Buffer.alloc = function alloc(size, fill, encoding) {
  checkSize(size);
  const bytes = wrap(new ArrayBuffer(size));
  return fill === undefined || fill === 0 || size === 0 ? bytes : bytes.fill(fill, encoding);
};
Buffer.allocUnsafe = Buffer.allocUnsafeSlow = function allocUnsafe(size) {
  checkSize(size);
  return wrap(new ArrayBuffer(size));
};
Buffer.isBuffer = (value) => value instanceof Buffer;
Buffer.isEncoding = (encoding) => typeof encoding === 'string' && ENCODINGS[encoding.toLowerCase()] !== undefined;
Buffer.byteLength = function byteLength(value, encoding) {
  if (isBytes(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength;
  if (typeof value !== 'string') throw argumentType('string', ['string', 'Buffer', 'ArrayBuffer'], value);
  const number = ENCODINGS[String(encoding ?? 'utf8').toLowerCase()] ?? UTF8;
  return number === UTF8 ? native.byteLength(value) : native.encode(value, number).byteLength;
};
Buffer.compare = function compare(a, b) {
  if (!isBytes(a)) throw argumentType('buf1', ['Buffer', 'Uint8Array'], a);
  if (!isBytes(b)) throw argumentType('buf2', ['Buffer', 'Uint8Array'], b);
  return native.compare(a, b);
};
Buffer.concat = function concat(list, total) {
  if (!Array.isArray(list)) throw argumentType('list', 'Array', list);
  total ??= list.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc(total);
  let at = 0;
  for (const [index, part] of list.entries()) {
    if (!(part instanceof Uint8Array)) throw argumentType(`list[${index}]`, ['Buffer', 'Uint8Array'], part);
    if (at >= total) break;
    bytes.set(at + part.length > total ? part.subarray(0, total - at) : part, at);
    at += part.length;
  }
  return bytes;
};

const methods = {
  toString(encoding, start = 0, end = this.length) {
    start = start > 0 ? Math.trunc(start) : 0;
    end = Math.min(Math.trunc(end) || 0, this.length);
    if (start >= end) return '';
    return native.decode(this, start, end, encodingNumber(encoding));
  },
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; },
  equals(other) {
    if (!(other instanceof Uint8Array)) throw argumentType('otherBuffer', ['Buffer', 'Uint8Array'], other);
    return this === other || native.compare(this, other) === 0;
  },
  compare(target, start = 0, end = target.length, sourceStart = 0, sourceEnd = this.length) {
    if (!(target instanceof Uint8Array)) throw argumentType('target', ['Buffer', 'Uint8Array'], target);
    return native.compare(this.subarray(sourceStart, sourceEnd), target.subarray(start, end));
  },
  copy(target, targetStart = 0, start = 0, end = this.length) {
    if (targetStart >= target.length || start >= end) return 0;
    const part = this.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(part, targetStart);
    return part.length;
  },
  slice(start, end) { return this.subarray(start, end); },
  subarray(start, end) {
    const part = Uint8Array.prototype.subarray.call(viewOf(this), start, end);
    Object.setPrototypeOf(part, Buffer.prototype);
    return part;
  },
  write(text, offset, length, encoding) {
    if (typeof text !== 'string') throw argumentType('argument', 'string', text);
    if (typeof offset === 'string') [encoding, offset, length] = [offset, 0, undefined];
    else if (typeof length === 'string') [encoding, length] = [length, undefined];
    offset ??= 0;
    if (offset < 0 || offset > this.length) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
    const room = Math.min(length ?? this.length - offset, this.length - offset);
    const number = encodingNumber(encoding);
    let bytes = new Uint8Array(native.encode(text, number));
    if (bytes.length > room) {
      let cut = room;
      if (number === UTF8) while (cut > 0 && (bytes[cut] & 0xc0) === 0x80) --cut;
      bytes = bytes.subarray(0, cut);
    }
    this.set(bytes, offset);
    return bytes.length;
  },
  fill(value, offset, end, encoding) {
    if (typeof offset === 'string') [encoding, offset, end] = [offset, 0, this.length];
    else if (typeof end === 'string') [encoding, end] = [end, this.length];
    offset ??= 0;
    end ??= this.length;
    if (offset < 0 || offset > this.length) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
    if (typeof value === 'string' || isBytes(value)) {
      const pattern = typeof value === 'string' ? Buffer.from(value, encoding) : viewOf(value);
      if (pattern.length === 0) {
        if (isBytes(value) || value.length > 0) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', "The argument 'value' is invalid.");
        Uint8Array.prototype.fill.call(this, 0, offset, end);
        return this;
      }
      for (let at = offset; at < end; at += pattern.length) {
        this.set(at + pattern.length > end ? pattern.subarray(0, end - at) : pattern, at);
      }
      return this;
    }
    Uint8Array.prototype.fill.call(this, typeof value === 'boolean' ? +value : value & 255, offset, end);
    return this;
  },
  indexOf(value, from, encoding) { return find(this, value, from, encoding, true); },
  lastIndexOf(value, from, encoding) { return find(this, value, from, encoding, false); },
  includes(value, from, encoding) { return find(this, value, from, encoding, true) >= 0; },
  swap16() { return swap(this, 2); },
  swap32() { return swap(this, 4); },
  swap64() { return swap(this, 8); },
};

function swap(bytes, width) {
  if (bytes.length % width !== 0) {
    throw coded(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${8 * width}-bits`);
  }
  for (let at = 0; at < bytes.length; at += width) Uint8Array.prototype.reverse.call(viewOf(bytes).subarray(at, at + width));
  return bytes;
}

function find(bytes, value, from, encoding, forward) {
  if (typeof from === 'string') [encoding, from] = [from, undefined];
  from = +from;
  if (Number.isNaN(from)) from = forward ? 0 : bytes.length;
  if (from < 0) from = Math.max(from + bytes.length, forward ? 0 : -1);
  if (from < 0) return -1;
  from = Math.trunc(from);
  let wanted;
  if (typeof value === 'number') wanted = Uint8Array.of(value & 255);
  else if (typeof value === 'string') wanted = Buffer.from(value, encoding);
  else if (value instanceof Uint8Array) wanted = value;
  else throw argumentType('value', ['number', 'string', 'Buffer', 'Uint8Array'], value);
  if (forward) {
    if (from >= bytes.length && wanted.length > 0) return -1;
    return wanted.length === 0 ? Math.min(from, bytes.length) : native.indexOf(bytes, wanted, from);
  }
  for (let at = Math.min(from, bytes.length - wanted.length); at >= 0; --at) {
    if (native.indexOf(bytes.subarray(at, at + wanted.length), wanted, 0) === 0) return at;
  }
  return -1;
}

// --- numbers

function checkOffset(offset, width, length) {
  if (typeof offset !== 'number') throw argumentType('offset', 'number', offset);
  if (!Number.isInteger(offset)) throw outOfRange('offset', 'an integer', offset);
  if (length < width) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
  if (offset < 0 || offset > length - width) throw outOfRange('offset', `>= 0 and <= ${length - width}`, offset);
}

const dataView = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function checkNumber(value, low, high, big) {
  if (big ? typeof value !== 'bigint' : typeof value !== 'number') throw argumentType('value', big ? 'bigint' : 'number', value);
  if (value < low || value > high) throw outOfRange('value', `>= ${low}${big ? 'n' : ''} and <= ${high}${big ? 'n' : ''}`, value);
}

const KINDS = [
  ['UInt8', 'Uint8', 1, 0, 2 ** 8 - 1], ['Int8', 'Int8', 1, -(2 ** 7), 2 ** 7 - 1],
  ['UInt16', 'Uint16', 2, 0, 2 ** 16 - 1], ['Int16', 'Int16', 2, -(2 ** 15), 2 ** 15 - 1],
  ['UInt32', 'Uint32', 4, 0, 2 ** 32 - 1], ['Int32', 'Int32', 4, -(2 ** 31), 2 ** 31 - 1],
  ['Float', 'Float32', 4], ['Double', 'Float64', 8],
  ['BigUInt64', 'BigUint64', 8, 0n, 2n ** 64n - 1n], ['BigInt64', 'BigInt64', 8, -(2n ** 63n), 2n ** 63n - 1n],
];

for (const [name, type, width, low, high] of KINDS) {
  const big = typeof low === 'bigint';
  for (const order of width === 1 ? [''] : ['LE', 'BE']) {
    const little = order === 'LE';
    const read = function (offset = 0) {
      checkOffset(offset, width, this.length);
      return dataView(this)[`get${type}`](offset, little);
    };
    const write = function (value, offset = 0) {
      if (low !== undefined) checkNumber(value = big ? value : +value, low, high, big);
      checkOffset(offset, width, this.length);
      dataView(this)[`set${type}`](offset, value, little);
      return offset + width;
    };
    methods[`read${name}${order}`] = read;
    methods[`write${name}${order}`] = write;
    if (name.includes('UInt')) {
      methods[`read${name.replace('UInt', 'Uint')}${order}`] = read;
      methods[`write${name.replace('UInt', 'Uint')}${order}`] = write;
    }
  }
}

function readBytes(bytes, offset, width, little) {
  checkOffset(offset, width, bytes.length);
  let value = 0;
  for (let i = 0; i < width; ++i) value = value * 256 + bytes[offset + (little ? width - 1 - i : i)];
  return value;
}

function writeBytes(bytes, value, offset, width, little) {
  checkOffset(offset, width, bytes.length);
  if (value < 0) value += 2 ** (8 * width);
  for (let i = 0; i < width; ++i) {
    bytes[offset + (little ? i : width - 1 - i)] = value % 256;
    value = Math.floor(value / 256);
  }
  return offset + width;
}

for (const order of ['LE', 'BE']) {
  const little = order === 'LE';
  methods[`readUInt${order}`] = methods[`readUint${order}`] = function (offset, width) {
    return readBytes(this, offset, width, little);
  };
  methods[`readInt${order}`] = function (offset, width) {
    const value = readBytes(this, offset, width, little);
    return value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value;
  };
  methods[`writeUInt${order}`] = methods[`writeUint${order}`] = function (value, offset, width) {
    checkNumber(value, 0, 2 ** (8 * width) - 1);
    return writeBytes(this, value, offset, width, little);
  };
  methods[`writeInt${order}`] = function (value, offset, width) {
    checkNumber(value, -(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1);
    return writeBytes(this, value, offset, width, little);
  };
}

for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(Buffer.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}
Buffer.prototype.toLocaleString = Buffer.prototype.toString;
Object.defineProperty(Buffer.prototype, 'parent', { get() { return this.buffer; }, configurable: true });
Object.defineProperty(Buffer.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(depth, options) {
    const shown = Array.from(viewOf(this).subarray(0, 50), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const rest = this.length - 50;
    return `<Buffer${shown ? ' ' + shown : ''}${rest > 0 ? ` ... ${rest} more byte${rest > 1 ? 's' : ''}` : ''}>`;
  },
  configurable: true, enumerable: false,
});

// --- the web's

class Blob {
  #bytes; #type;
  constructor(parts = [], { type = '' } = {}) {
    this.#bytes = Buffer.concat(Array.from(parts, (part) => (part instanceof Blob ? part.#bytes
      : ArrayBuffer.isView(part) ? viewOf(part) : part instanceof ArrayBuffer ? new Uint8Array(part) : Buffer.from(String(part)))));
    this.#type = String(type).toLowerCase();
  }
  get size() { return this.#bytes.length; }
  get type() { return this.#type; }
  async text() { return this.#bytes.toString(); }
  async arrayBuffer() { return this.#bytes.buffer.slice(this.#bytes.byteOffset, this.#bytes.byteOffset + this.#bytes.length); }
  async bytes() { return new Uint8Array(await this.arrayBuffer()); }
  slice(start, end, type) { return new Blob([this.#bytes.subarray(start, end)], { type }); }
}

const invalidCharacter = (text = 'Invalid character') => new (require('web').DOMException)(text, 'InvalidCharacterError');
const notEncoded = () => invalidCharacter('The string to be decoded is not correctly encoded.');

function btoa(text) {
  text = String(text);
  if (/[^\0-\xff]/.test(text)) throw invalidCharacter();
  return native.decode(native.encode(text, LATIN1), 0, LONGEST, BASE64);
}

function atob(text) {
  text = String(text).replace(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/==?$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw notEncoded();
  return native.decode(native.encode(text, BASE64), 0, LONGEST, LATIN1);
}

module.exports = {
  Buffer, Blob, atob, btoa, SlowBuffer: Buffer.allocUnsafe, INSPECT_MAX_BYTES: 50, kMaxLength: LONGEST,
  kStringMaxLength: 2 ** 30 - 1, constants: { MAX_LENGTH: LONGEST, MAX_STRING_LENGTH: 2 ** 30 - 1 },
  isUtf8: (bytes) => native.isUtf8(bytes), isAscii: (bytes) => viewOf(bytes).every((byte) => byte < 128),
  transcode: (bytes, from, to) => Buffer.from(Buffer.from(bytes).toString(from), to),
};
Object.defineProperty(module.exports, 'encodingNumber', { value: encodingNumber, enumerable: false });
