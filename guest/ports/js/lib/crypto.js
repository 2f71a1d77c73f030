// Random bytes and hashes. There are no keys and no ciphers.
'use strict';

const { argumentType, coded, outOfRange } = require('errors');
const { Transform } = require('stream');

const HASHES = { md5: 0, sha1: 1, sha256: 2, sha224: 3, sha512: 4, sha384: 5 };
const hashNumber = (name) => HASHES[String(name).toLowerCase().replace(/^rsa-/, '').replace('sha-', 'sha')];
const LONGEST_DRAW = 65536;

function getRandomValues(view) {
  if (!ArrayBuffer.isView(view) || ['Float32Array', 'Float64Array', 'DataView'].includes(native.kind(view))) {
    throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
  }
  if (view.byteLength > LONGEST_DRAW) {
    throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
  }
  native.random(view);
  return view;
}

function randomBytes(size, callback) {
  if (typeof size !== 'number') throw argumentType('size', 'number', size);
  if (!(size >= 0 && size <= 2 ** 31 - 1)) throw outOfRange('size', '>= 0 && <= 2147483647', size);
  const bytes = Buffer.alloc(size);
  native.random(bytes);
  if (callback === undefined) return bytes;
  setImmediate(callback, null, bytes);
  return undefined;
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max];
  if (!Number.isSafeInteger(min)) throw argumentType('min', 'a safe integer', min);
  if (!Number.isSafeInteger(max)) throw argumentType('max', 'a safe integer', max);
  const range = max - min;
  if (!(range > 0 && range < 2 ** 48)) throw outOfRange(range > 0 ? 'max - min' : 'max', range > 0 ? '<= 281474976710655' : `greater than the value of "min" (${min})`, range > 0 ? range : max);
  const limit = 2 ** 48 - (2 ** 48 % range);
  let value;
  do value = randomBytes(6).readUIntBE(0, 6);
  while (value >= limit);
  const result = (value % range) + min;
  if (callback === undefined) return result;
  process.nextTick(callback, undefined, result);
  return undefined;
}

function randomUUID() {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function randomFillSync(buffer, offset = 0, size = buffer.byteLength - offset) {
  const view = ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  native.random(view.subarray(offset, offset + size));
  return buffer;
}

const toBytes = (data, encoding) => {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw argumentType('data', ['string', 'Buffer', 'TypedArray', 'DataView'], data);
};

const encodeDigest = (buffer, encoding) => (encoding && encoding !== 'buffer' ? Buffer.from(buffer).toString(encoding) : Buffer.from(buffer));

class Hash extends Transform {
  constructor(name, { parts = [] } = {}) {
    super();
    this._name = name;
    this._number = hashNumber(name);
    if (this._number === undefined) throw new Error('Digest method not supported');
    this._parts = parts;
  }
  update(data, encoding) {
    if (this._isDone) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    this._parts.push(Buffer.from(toBytes(data, encoding)));
    return this;
  }
  digest(encoding) {
    if (this._isDone) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    this._isDone = true;
    return encodeDigest(this._finish(), encoding);
  }
  copy() {
    if (this._isDone) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    return new Hash(this._name, { parts: [...this._parts] });
  }
  _finish() { return native.hash(this._number, Buffer.concat(this._parts)); }
  _transform(chunk, encoding, callback) {
    this.update(chunk, encoding);
    callback();
  }
  _flush(callback) {
    this.push(this.digest());
    callback();
  }
}

function hmac(number, key, data) {
  const block = number >= 4 ? 128 : 64;
  let bytes = key;
  if (bytes.length > block) bytes = new Uint8Array(native.hash(number, bytes));
  const inner = Buffer.alloc(block, 0x36), outer = Buffer.alloc(block, 0x5c);
  bytes.forEach((byte, i) => {
    inner[i] ^= byte;
    outer[i] ^= byte;
  });
  return native.hash(number, Buffer.concat([outer, new Uint8Array(native.hash(number, Buffer.concat([inner, data])))]));
}

class Hmac extends Hash {
  constructor(name, key) {
    super(name);
    this._key = Buffer.from(toBytes(key, 'utf8'));
  }
  _finish() { return hmac(this._number, this._key, Buffer.concat(this._parts)); }
}

function pbkdf2Sync(password, salt, iterations, length, digest) {
  const number = hashNumber(digest), key = toBytes(password), out = [];
  if (number === undefined) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${digest}`);
  for (let block = 1, have = 0; have < length; ++block) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(block);
    let u = Buffer.from(hmac(number, key, Buffer.concat([toBytes(salt), count])));
    const sum = Buffer.from(u);
    for (let i = 1; i < iterations; ++i) {
      u = Buffer.from(hmac(number, key, u));
      for (let k = 0; k < sum.length; ++k) sum[k] ^= u[k];
    }
    out.push(sum);
    have += sum.length;
  }
  return Buffer.concat(out).subarray(0, length);
}

function timingSafeEqual(a, b) {
  if (!ArrayBuffer.isView(a)) throw argumentType('buf1', ['ArrayBuffer', 'Buffer', 'TypedArray', 'DataView'], a);
  if (a.byteLength !== b.byteLength) throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  const [x, y] = [toBytes(a), toBytes(b)];
  let difference = 0;
  for (let i = 0; i < x.length; ++i) difference |= x[i] ^ y[i];
  return difference === 0;
}

const subtle = {
  async digest(algorithm, data) {
    const number = hashNumber(algorithm?.name ?? algorithm);
    if (number === undefined) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    return native.hash(number, ArrayBuffer.isView(data) ? data : new Uint8Array(data));
  },
};

module.exports = {
  getRandomValues, randomBytes, randomInt, randomUUID, randomFillSync, pbkdf2Sync, timingSafeEqual, Hash, Hmac, subtle,
  pseudoRandomBytes: randomBytes, rng: randomBytes,
  randomFill(buffer, ...rest) {
    const callback = rest.pop();
    randomFillSync(buffer, ...rest);
    setImmediate(callback, null, buffer);
  },
  pbkdf2(password, salt, iterations, length, digest, callback) { setImmediate(callback, null, pbkdf2Sync(password, salt, iterations, length, digest)); },
  createHash: (name) => new Hash(name), createHmac: (name, key) => new Hmac(name, key),
  hash(name, data, encoding = 'hex') { return new Hash(name).update(data).digest(encoding); },
  getHashes: () => Object.keys(HASHES), getCiphers: () => [], getCurves: () => [],
  webcrypto: { getRandomValues, randomUUID, subtle },
};
for (const name of ['createCipheriv', 'createDecipheriv', 'createSign', 'createVerify', 'generateKeyPair', 'generateKeyPairSync', 'scrypt', 'scryptSync', 'createPrivateKey', 'createPublicKey']) {
  module.exports[name] = () => { throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${name}: there are no keys and no ciphers here`); };
}
