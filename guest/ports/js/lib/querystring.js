// Query strings.
'use strict';

const escape = (text) => encodeURIComponent(text);

function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return Buffer.from(text.replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  }
}

const plain = (value) => (typeof value === 'string' ? value : typeof value === 'number' && Number.isFinite(value) ? `${value}`
  : typeof value === 'bigint' || typeof value === 'boolean' ? `${value}` : '');

function stringify(object, separator = '&', equals = '=', { encodeURIComponent: encode = exports.escape } = {}) {
  if (object === null || typeof object !== 'object') return '';
  return Object.keys(object).flatMap((key) => [object[key]].flat().map((value) => `${encode(key)}${equals}${encode(plain(value))}`)).join(separator);
}

function parse(text, separator = '&', equals = '=', { decodeURIComponent: decode = exports.unescape, maxKeys = 1000 } = {}) {
  const result = Object.create(null);
  if (typeof text !== 'string' || text === '') return result;
  let parts = text.split(separator);
  if (maxKeys > 0) parts = parts.slice(0, maxKeys);
  for (const part of parts) {
    if (part === '') continue;
    const at = part.indexOf(equals);
    const key = decode((at < 0 ? part : part.slice(0, at)).replaceAll('+', ' ')), value = at < 0 ? '' : decode(part.slice(at + equals.length).replaceAll('+', ' '));
    if (!(key in result)) result[key] = value;
    else if (Array.isArray(result[key])) result[key].push(value);
    else result[key] = [result[key], value];
  }
  return result;
}

Object.assign(exports, { escape, unescape, stringify, parse, encode: stringify, decode: parse });
