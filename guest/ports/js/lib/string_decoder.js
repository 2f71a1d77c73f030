// Text from bytes that come in pieces.
'use strict';

const { Buffer, encodingNumber } = require('buffer');
const { unfinished } = require('encoding');

const NAMES = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url'];

class StringDecoder {
  #number; #rest = Buffer.alloc(0);
  constructor(encoding) {
    this.#number = encodingNumber(encoding);
    this.encoding = NAMES[this.#number];
  }
  // How many bytes at the end are to wait for others.
  #left(bytes) {
    switch (this.#number) {
      case 0: return unfinished(bytes);
      case 1: {
        const odd = bytes.length % 2, high = bytes.length - odd - 1;
        return odd + (high > 0 && (bytes[high] & 0xfc) === 0xd8 ? 2 : 0);
      }
      case 5: case 6: return bytes.length % 3;
      default: return 0;
    }
  }
  write(chunk) {
    if (typeof chunk === 'string') return chunk;
    if (!ArrayBuffer.isView(chunk)) throw require('errors').argumentType('buf', ['Buffer', 'TypedArray', 'DataView'], chunk);
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    const end = bytes.length - this.#left(bytes);
    this.#rest = Buffer.from(bytes.subarray(end));
    return native.decode(bytes, 0, end, this.#number);
  }
  end(chunk) {
    let text = chunk === undefined ? '' : this.write(chunk);
    if (this.#rest.length > 0) {
      text += native.decode(this.#rest, 0, this.#rest.length, this.#number);
      this.#rest = Buffer.alloc(0);
    }
    return text;
  }
}

exports.StringDecoder = StringDecoder;
