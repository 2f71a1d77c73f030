// TextEncoder and TextDecoder.
'use strict';

const { coded } = require('errors');

const UTF8 = 0, UTF16 = 1, LATIN1 = 2;
const LABELS = {
  'utf-8': ['utf-8', UTF8], utf8: ['utf-8', UTF8], 'unicode-1-1-utf-8': ['utf-8', UTF8],
  'utf-16le': ['utf-16le', UTF16], 'utf-16': ['utf-16le', UTF16], ucs2: ['utf-16le', UTF16], 'ucs-2': ['utf-16le', UTF16],
  latin1: ['windows-1252', LATIN1], 'iso-8859-1': ['windows-1252', LATIN1], ascii: ['windows-1252', LATIN1],
  'us-ascii': ['windows-1252', LATIN1], 'windows-1252': ['windows-1252', LATIN1],
};

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return new Uint8Array(native.encode(String(text), UTF8)); }
  encodeInto(text, target) {
    let read = 0, written = 0;
    for (const character of String(text)) {
      const bytes = new Uint8Array(native.encode(character, UTF8));
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

// How many bytes at the end are the beginning of a character of UTF-8.
function unfinished(bytes) {
  const end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; ++back) {
    const byte = bytes[end - back];
    if (byte >= 0xc2 && byte <= 0xf4) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      if (back >= length) return 0;
      // Not if what there is can never become one.
      const next = bytes[end - back + 1];
      if (back > 1) {
        if (byte === 0xe0 && next < 0xa0) return 0;
        if (byte === 0xed && next > 0x9f) return 0;
        if (byte === 0xf0 && next < 0x90) return 0;
        if (byte === 0xf4 && next > 0x8f) return 0;
      }
      return back;
    }
    if (byte < 0x80 || byte >= 0xc0) return 0;
  }
  return 0;
}

const toBytes = (input) => (input === undefined ? new Uint8Array(0)
  : ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input));

class TextDecoder {
  #encoding; #fatal; #ignoreBOM; #number; #rest = new Uint8Array(0); #seenStart = false;
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    const found = LABELS[String(label).trim().toLowerCase()];
    if (found === undefined) {
      throw coded(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`);
    }
    [this.#encoding, this.#number] = found;
    this.#fatal = !!fatal;
    this.#ignoreBOM = !!ignoreBOM;
  }
  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }
  decode(input, { stream = false } = {}) {
    let bytes = toBytes(input);
    if (this.#rest.length > 0) {
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      bytes = all;
    }
    this.#rest = new Uint8Array(0);
    if (stream) {
      const left = this.#number === UTF8 ? unfinished(bytes) : this.#number === UTF16 ? bytes.length % 2 : 0;
      this.#rest = bytes.slice(bytes.length - left);
      bytes = bytes.subarray(0, bytes.length - left);
    }
    if (this.#fatal && this.#number === UTF8 && !native.isUtf8(bytes)) {
      this.#seenStart = false;
      throw coded(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', 'The encoded data was not valid for encoding utf-8');
    }
    let text = native.decode(bytes, 0, bytes.length, this.#number);
    if (!this.#seenStart && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    this.#seenStart = stream && (this.#seenStart || text.length > 0);
    return text;
  }
}

module.exports = { TextEncoder, TextDecoder, unfinished, toBytes };
