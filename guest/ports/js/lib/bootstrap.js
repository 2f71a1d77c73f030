// What every program has. Gives the hooks that js.h names; the C side puts this text into a function of
// (module, exports, require, native), as it does with all files of this folder.
'use strict';

const modules = new Map();

// A module of this folder, evaluated when it is first asked for.
function load(name) {
  let found = modules.get(name);
  if (found === undefined) {
    const body = native.library(name);
    if (body === undefined) throw new Error('no internal module ' + name);
    found = { exports: {} };
    modules.set(name, found);
    body(found, found.exports, load, native);
  }
  return found.exports;
}

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

// A global that costs nothing until it is used.
function defineLazy(name, from, member = name) {
  Object.defineProperty(globalThis, name, {
    get() {
      const value = load(from)[member];
      define(name, value);
      return value;
    },
    set(value) { define(name, value); },
    enumerable: false,
    configurable: true,
  });
}

// The engine seeds Math.random once for all processes that start from one image.
{
  const state = new Uint32Array(4);
  let seeded = false;
  Math.random = Object.getOwnPropertyDescriptor({
    random() {
      if (!seeded) {
        native.random(state);
        state[0] |= 1;
        seeded = true;
      }
      // xoshiro128**
      const draw = () => {
        const scrambled = Math.imul(state[1], 5);
        const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
        const shifted = state[1] << 9;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = (state[3] << 11) | (state[3] >>> 21);
        return result;
      };
      return ((draw() >>> 5) * 67108864 + (draw() >>> 6)) / 9007199254740992;
    },
  }, 'random').value;
}

define('global', globalThis);
for (const name of ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate']) {
  defineLazy(name, 'timers');
}
defineLazy('console', 'console', 'console');
defineLazy('process', 'process', 'process');
for (const name of ['Buffer', 'atob', 'btoa', 'Blob']) defineLazy(name, 'buffer');
for (const name of ['URL', 'URLSearchParams']) defineLazy(name, 'url');
for (const name of ['TextEncoder', 'TextDecoder']) defineLazy(name, 'encoding');
for (const name of ['Event', 'EventTarget', 'CustomEvent', 'AbortController', 'AbortSignal', 'DOMException',
  'structuredClone', 'queueMicrotask', 'performance', 'WebAssembly', 'fetch', 'Headers', 'Request', 'Response',
  'WebSocket', 'navigator']) {
  defineLazy(name, 'web');
}
defineLazy('crypto', 'crypto', 'webcrypto');
for (const name of ['ToolDenied', 'ToolError', 'tools']) defineLazy(name, 'tools');

{
  let limit = 10;
  const setLimit = (frames) => {
    limit = frames;
    if (typeof frames === 'number') native.traceLimit(frames > 1000 ? 1000 : frames > 0 ? Math.trunc(frames) : 0);
  };
  Object.defineProperty(Error, 'stackTraceLimit', { get: () => limit, set: setLimit, enumerable: true, configurable: true });
  // Without the frames above a function, if there is one.
  const captureStackTrace = (target, above) => {
    let lines = new Error('').stack.split('\n').slice(2);
    if (typeof above === 'function' && above.name !== '') {
      const at = lines.findIndex((line) => line.startsWith(`    at ${above.name} (`));
      if (at >= 0) lines = lines.slice(at + 1);
    }
    let header;
    try {
      header = Error.prototype.toString.call(target);
    } catch {
      header = 'Error';
    }
    const value = [header, ...lines].join('\n');
    Object.defineProperty(target, 'stack', { value, writable: true, enumerable: false, configurable: true });
  };
  Object.defineProperty(Error, 'captureStackTrace', { value: captureStackTrace, writable: true, enumerable: false, configurable: true });
}

// What depends on nothing that differs between processes.
function warm() {
  for (const name of ['console', 'buffer', 'encoding', 'fs', 'fs/promises', 'fs/streams', 'url', 'util', 'stream', 'stream/promises', 'stdio', 'web',
    'child_process', 'string_decoder', 'timers/promises', 'os', 'crypto', 'tools', 'readline', 'assert', 'module', 'width', 'session']) {
    load(name);
  }
}

const { takeTimer, takeImmediate } = load('timers');
const { hooks } = load('process');
const loader = load('loader');

module.exports = [
  load('main').main, hooks.ticks, hooks.rejected, takeTimer, takeImmediate, hooks.signal, hooks.error, hooks.rejection,
  hooks.exit, loader.resolveImport, loader.loadImport, loader.fillMeta, warm,
];
