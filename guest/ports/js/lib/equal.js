// Whether two values are equal all the way down.
'use strict';

const { isTypedArray } = require('util/types');

const same = (a, b, strict) => (strict ? Object.is(a, b) : a == b || (a !== a && b !== b));  // eslint-disable-line eqeqeq

function keysOf(value, strict) {
  const keys = Object.keys(value);
  if (!strict) return keys;
  return [...keys, ...Object.getOwnPropertySymbols(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))];
}

function findEqual(list, item, strict, memo, equal) {
  const at = list.findIndex((other) => equal(item, other, strict, memo));
  if (at < 0) return false;
  list.splice(at, 1);
  return true;
}

function setsEqual(a, b, strict, memo) {
  if (a.size !== b.size) return false;
  const rest = [...b].filter((item) => !a.has(item) || (typeof item === 'object' && item !== null && !a.has(item)));
  return [...a].filter((item) => !b.has(item)).every((item) => findEqual(rest, item, strict, memo, deep));
}

function mapsEqual(a, b, strict, memo) {
  if (a.size !== b.size) return false;
  const rest = [...b];
  for (const [key, value] of a) {
    if (b.has(key) && deep(value, b.get(key), strict, memo)) {
      rest.splice(rest.findIndex(([other]) => Object.is(other, key) || other === key), 1);
      continue;
    }
    if (!findEqual(rest, [key, value], strict, memo, ([k1, v1], [k2, v2]) => deep(k1, k2, strict, memo) && deep(v1, v2, strict, memo))) return false;
  }
  return true;
}

function insidesEqual(a, b, kind, strict, memo) {
  switch (kind) {
    case 'Date': return Object.is(a.getTime(), b.getTime());
    case 'RegExp': return String(a) === String(b) && a.lastIndex === b.lastIndex;
    case 'Error': return a.message === b.message && a.name === b.name && deep(a.cause, b.cause, strict, memo);
    case 'Number': case 'String': case 'Boolean': case 'BigInt': case 'Symbol': return Object.is(a.valueOf(), b.valueOf());
    case 'Set': return setsEqual(a, b, strict, memo);
    case 'Map': return mapsEqual(a, b, strict, memo);
    case 'Array': return a.length === b.length;
    case 'ArrayBuffer': case 'SharedArrayBuffer': return native.compare(new Uint8Array(a), new Uint8Array(b)) === 0;
    case 'WeakMap': case 'WeakSet': case 'Promise': return a === b;
    case 'Function': return false;
  }
  if (isTypedArray(a)) {
    if (a.length !== b.length) return false;
    return kind.startsWith('Float') ? a.every((item, i) => same(item, b[i], strict)) : native.compare(a, b) === 0;
  }
  return true;
}

function deep(a, b, strict, memo) {
  if (same(a, b, strict)) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  const kind = native.kind(a);
  if (kind !== native.kind(b)) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (memo.get(a)?.has(b)) return true;
  if (!memo.has(a)) memo.set(a, new Set());
  memo.get(a).add(b);
  if (!insidesEqual(a, b, kind, strict, memo)) return false;
  if (isTypedArray(a)) return true;
  const keys = keysOf(a, strict);
  if (keys.length !== keysOf(b, strict).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && deep(a[key], b[key], strict, memo));
}

module.exports = {
  isDeepStrictEqual: (a, b) => deep(a, b, true, new Map()), isDeepEqual: (a, b) => deep(a, b, false, new Map()),
};
