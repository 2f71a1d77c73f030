// What a value is, whatever it says of itself.
'use strict';

const is = (...kinds) => (value) => kinds.includes(native.kind(value));
const source = (value) => (typeof value === 'function' ? Function.prototype.toString.call(value) : '');

const KINDS = {
  Date: ['Date'], RegExp: ['RegExp'], Map: ['Map'], Set: ['Set'], WeakMap: ['WeakMap'], WeakSet: ['WeakSet'], Promise: ['Promise'], Proxy: ['Proxy'],
  NativeError: ['Error'], ArgumentsObject: ['Arguments'], ArrayBuffer: ['ArrayBuffer'], SharedArrayBuffer: ['SharedArrayBuffer'],
  AnyArrayBuffer: ['ArrayBuffer', 'SharedArrayBuffer'], DataView: ['DataView'], MapIterator: ['Map Iterator'], SetIterator: ['Set Iterator'],
  GeneratorObject: ['Generator', 'AsyncGenerator'], ModuleNamespaceObject: ['Module'], NumberObject: ['Number'], StringObject: ['String'],
  BooleanObject: ['Boolean'], SymbolObject: ['Symbol'], BigIntObject: ['BigInt'], BoxedPrimitive: ['Number', 'String', 'Boolean', 'Symbol', 'BigInt'],
  Uint8Array: ['Uint8Array'], Uint8ClampedArray: ['Uint8ClampedArray'], Uint16Array: ['Uint16Array'], Uint32Array: ['Uint32Array'], Int8Array: ['Int8Array'],
  Int16Array: ['Int16Array'], Int32Array: ['Int32Array'], Float32Array: ['Float32Array'], Float64Array: ['Float64Array'],
  BigInt64Array: ['BigInt64Array'], BigUint64Array: ['BigUint64Array'],
};
for (const [name, kinds] of Object.entries(KINDS)) exports[`is${name}`] = is(...kinds);
Object.assign(exports, {
  isTypedArray: (value) => ArrayBuffer.isView(value) && native.kind(value) !== 'DataView',
  isArrayBufferView: ArrayBuffer.isView,
  isAsyncFunction: (value) => /^async\b/.test(source(value)),
  isGeneratorFunction: (value) => /^(async\s+)?(function\s*)?\*/.test(source(value)),
  isExternal: () => false, isCryptoKey: () => false, isKeyObject: () => false,
});
