// What pages of the web have, too: events, aborting, cloning, and what is absent here.
'use strict';

const { coded, argumentType } = require('errors');

// --- errors

const CODES = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
  TimeoutError: 23, AbortError: 20, DataCloneError: 25, InvalidCharacterError: 5, QuotaExceededError: 22 };

class DOMException extends Error {
  #name;
  constructor(message = '', options = 'Error') {
    super(message, typeof options === 'object' && options !== null && 'cause' in options ? { cause: options.cause } : undefined);
    this.#name = typeof options === 'object' && options !== null ? options.name ?? 'Error' : String(options);
    const at = this.stack.indexOf('\n    at ');
    Object.defineProperty(this, 'stack', { value: `${this.#name}: ${message}${at < 0 ? '' : this.stack.slice(at)}`, writable: true, configurable: true });
  }
  get name() { return this.#name; }
  get code() { return CODES[this.#name] ?? 0; }
}
Object.defineProperty(DOMException.prototype, Symbol.toStringTag, { value: 'DOMException', configurable: true });
for (const [name, code] of Object.entries({ ABORT_ERR: 20, DATA_CLONE_ERR: 25, TIMEOUT_ERR: 23, NOT_SUPPORTED_ERR: 9 })) DOMException[name] = code;

// --- events

const INSIDE = Symbol('event');

class Event {
  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    this[INSIDE] = { type: String(type), bubbles, cancelable, composed, time: native.now(), target: null, canceled: false, stopped: false };
    Object.defineProperty(this, INSIDE, { enumerable: false });
  }
  get type() { return this[INSIDE].type; }
  get target() { return this[INSIDE].target; }
  get currentTarget() { return this[INSIDE].target; }
  get srcElement() { return this[INSIDE].target; }
  get bubbles() { return this[INSIDE].bubbles; }
  get cancelable() { return this[INSIDE].cancelable; }
  get composed() { return this[INSIDE].composed; }
  get defaultPrevented() { return this[INSIDE].canceled; }
  get timeStamp() { return this[INSIDE].time; }
  get eventPhase() { return this[INSIDE].isUnderWay ? 2 : 0; }
  get isTrusted() { return false; }
  get returnValue() { return !this.defaultPrevented; }
  preventDefault() { if (this[INSIDE].cancelable && !this[INSIDE].isPassive) this[INSIDE].canceled = true; }
  stopPropagation() { this[INSIDE].cancelBubble = true; }
  stopImmediatePropagation() { this[INSIDE].stopped = true; }
  composedPath() { return this[INSIDE].isUnderWay ? [this[INSIDE].target] : []; }
}
Object.defineProperty(Event.prototype, Symbol.toStringTag, { value: 'Event', configurable: true });

class CustomEvent extends Event {
  #detail;
  constructor(type, options = {}) {
    super(type, options);
    this.#detail = options.detail ?? null;
  }
  get detail() { return this.#detail; }
}

class EventTarget {
  #listeners = new Map();
  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return;
    if (typeof listener !== 'function' && typeof listener !== 'object') throw argumentType('listener', 'EventListener', listener);
    const { once = false, capture = false, passive = false, signal } = typeof options === 'object' && options !== null ? options : { capture: !!options };
    if (signal?.aborted) return;
    const list = this.#listeners.get(type) ?? [];
    if (list.some((one) => one.listener === listener && one.capture === capture)) return;
    this.#listeners.set(type, [...list, { listener, once, capture, passive }]);
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, { capture }), { once: true });
  }
  removeEventListener(type, listener, options) {
    const capture = typeof options === 'object' && options !== null ? !!options.capture : !!options;
    const list = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, list.filter((one) => one.listener !== listener || one.capture !== capture));
  }
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw argumentType('event', 'Event', event);
    const inside = event[INSIDE];
    if (inside.isUnderWay) throw new DOMException('The event is already being dispatched', 'InvalidStateError');
    inside.target = this;
    inside.isUnderWay = true;
    for (const one of this.#listeners.get(inside.type) ?? []) {
      if (!this.#listeners.get(inside.type).includes(one)) continue;
      if (one.once) this.removeEventListener(inside.type, one.listener, { capture: one.capture });
      inside.isPassive = one.passive;
      try {
        if (typeof one.listener === 'function') one.listener.call(this, event);
        else one.listener.handleEvent?.(event);
      } catch (error) {
        process.nextTick(() => { throw error; });
      }
      if (inside.stopped) break;
    }
    inside.isUnderWay = false;
    return !event.defaultPrevented;
  }
}
Object.defineProperty(EventTarget.prototype, Symbol.toStringTag, { value: 'EventTarget', configurable: true });

// A property onNAME that is a listener.
function handler(type, name) {
  const handlers = new WeakMap();
  Object.defineProperty(type.prototype, `on${name}`, {
    get() { return handlers.get(this)?.call ?? null; },
    set(call) {
      const old = handlers.get(this);
      if (old) this.removeEventListener(name, old.listener);
      if (typeof call !== 'function') return handlers.delete(this);
      const listener = (event) => call.call(this, event);
      handlers.set(this, { call, listener });
      this.addEventListener(name, listener);
    },
    configurable: true, enumerable: true,
  });
}

// --- aborting

const MAKE = Symbol('make');
const abortReason = () => new DOMException('This operation was aborted', 'AbortError');

class AbortSignal extends EventTarget {
  #aborted = false; #reason;
  constructor(key) {
    if (key !== MAKE) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    super();
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  static abort(reason = abortReason()) {
    const signal = new AbortSignal(MAKE);
    AbortSignal._end(signal, reason);
    return signal;
  }
  static timeout(delay) {
    const signal = new AbortSignal(MAKE);
    setTimeout(() => AbortSignal._end(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay).unref();
    return signal;
  }
  static any(signals) {
    const all = [...signals], result = new AbortSignal(MAKE);
    const first = all.find((signal) => signal.aborted);
    if (first) AbortSignal._end(result, first.reason);
    else for (const signal of all) signal.addEventListener('abort', () => AbortSignal._end(result, signal.reason), { once: true });
    return result;
  }
  static _end(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason;
    signal.dispatchEvent(new Event('abort'));
  }
}
handler(AbortSignal, 'abort');
Object.defineProperty(AbortSignal, '_end', { enumerable: false });
Object.defineProperty(AbortSignal.prototype, Symbol.toStringTag, { value: 'AbortSignal', configurable: true });

class AbortController {
  #signal = new AbortSignal(MAKE);
  get signal() { return this.#signal; }
  abort(reason = abortReason()) { AbortSignal._end(this.#signal, reason); }
}
Object.defineProperty(AbortController.prototype, Symbol.toStringTag, { value: 'AbortController', configurable: true });

// --- structuredClone

const ERRORS = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];

function cannotClone(value) {
  const shown = typeof value === 'symbol' ? value.toString() : typeof value === 'function' ? String(value) : `#<${value.constructor?.name ?? 'Object'}>`;
  return new DOMException(`${shown} could not be cloned.`, 'DataCloneError');
}

function cloneError(value, memo) {
  const type = ERRORS.includes(value.name) ? globalThis[value.name] : Error;
  const made = new type(value.message);
  memo.set(value, made);
  Object.defineProperty(made, 'stack', { value: value.stack, writable: true, configurable: true, enumerable: false });
  if (Object.hasOwn(value, 'cause')) Object.defineProperty(made, 'cause', { value: clone(value.cause, memo), writable: true, configurable: true });
  return made;
}

function cloneView(value, kind, memo) {
  const buffer = clone(value.buffer, memo);
  if (kind === 'DataView') return new DataView(buffer, value.byteOffset, value.byteLength);
  return new globalThis[kind](buffer, value.byteOffset, value.length);
}

function clone(value, memo) {
  if (typeof value === 'symbol' || typeof value === 'function') throw cannotClone(value);
  if (value === null || typeof value !== 'object') return value;
  const known = memo.get(value);
  if (known !== undefined) return known;
  const kind = native.kind(value);
  const keep = (copy) => {
    memo.set(value, copy);
    return copy;
  };
  switch (kind) {
    case 'Number': case 'String': case 'Boolean': case 'BigInt': return keep(Object(globalThis[kind].prototype.valueOf.call(value)));
    case 'Date': return keep(new Date(value.getTime()));
    case 'RegExp': return keep(new RegExp(value.source, value.flags));
    case 'ArrayBuffer': return keep(value.slice(0));
    case 'SharedArrayBuffer': return value;
    case 'Error': return cloneError(value, memo);
    case 'Map': {
      const copy = keep(new Map());
      for (const [key, item] of [...value]) copy.set(clone(key, memo), clone(item, memo));
      return copy;
    }
    case 'Set': {
      const copy = keep(new Set());
      for (const item of [...value]) copy.add(clone(item, memo));
      return copy;
    }
    case 'WeakMap': case 'WeakSet': case 'WeakRef': case 'Promise': case 'Symbol': case 'Generator': case 'Proxy': throw cannotClone(value);
  }
  if (ArrayBuffer.isView(value)) return keep(cloneView(value, kind, memo));
  const copy = keep(kind === 'Array' ? new Array(value.length) : {});
  for (const key of Object.keys(value)) copy[key] = clone(value[key], memo);
  return copy;
}

function structuredClone(value, { transfer = [] } = {}) {
  if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "value" argument must be specified');
  for (const one of transfer) if (native.kind(one) !== 'ArrayBuffer') throw new DOMException('Value not transferable', 'DataCloneError');
  const result = clone(value, new Map());
  for (const one of transfer) native.detach(one);
  return result;
}

function queueMicrotask(callback) {
  if (typeof callback !== 'function') throw argumentType('callback', 'function', callback);
  Promise.resolve().then(() => {
    try {
      callback();
    } catch (error) {
      process.nextTick(() => { throw error; });
    }
  });
}

// --- what is absent

const withoutNetwork = (what) => Object.assign(new TypeError(`${what} failed`, { cause: coded(Error, 'ERR_NO_NETWORK', 'no network capability') }), { code: 'ERR_NO_NETWORK' });

async function fetch() { throw withoutNetwork('fetch'); }

const absent = (name, reason) => class {
  constructor() { throw coded(Error, 'ERR_NOT_SUPPORTED', `${name}: ${reason}`); }
};

const noWebAssembly = () => coded(Error, 'ERR_NOT_SUPPORTED', 'WebAssembly is not there inside: run the module as a program of its own');
const WebAssembly = {
  async compile() { throw noWebAssembly(); },
  async instantiate() { throw noWebAssembly(); },
  validate() { throw noWebAssembly(); },
};
for (const name of ['Module', 'Instance', 'Memory', 'Table', 'Global', 'Tag']) WebAssembly[name] = class { constructor() { throw noWebAssembly(); } };
Object.defineProperty(WebAssembly, Symbol.toStringTag, { value: 'WebAssembly' });

module.exports = {
  DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController, structuredClone, queueMicrotask, fetch, WebAssembly,
  Headers: absent('Headers', 'no network capability'), Request: absent('Request', 'no network capability'),
  Response: absent('Response', 'no network capability'), WebSocket: absent('WebSocket', 'no network capability'),
  navigator: { get hardwareConcurrency() { return native.processors(); }, language: 'en-US', languages: ['en-US'], platform: 'linux', userAgent: `Node.js/${process.version.slice(1).split('.')[0]}` },
};
Object.defineProperty(module.exports, 'performance', { get: () => require('perf_hooks').performance, enumerable: true });
