// EventEmitter.
'use strict';

const { argumentType, coded, outOfRange } = require('errors');

const CAPTURE = Symbol.for('nodejs.rejection');
const MONITOR = Symbol('events.errorMonitor');

function checkListener(listener) {
  if (typeof listener !== 'function') throw argumentType('listener', 'function', listener);
}

function EventEmitter(options) {
  EventEmitter.init.call(this, options);
}

EventEmitter.init = function init(options) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = Object.create(null);
    this._eventsCount = 0;
  }
  this._maxListeners ??= undefined;
  if (options?.captureRejections) this._captures = true;
};

const prototype = EventEmitter.prototype;
prototype._events = undefined;
prototype._eventsCount = 0;
prototype._maxListeners = undefined;
EventEmitter.defaultMaxListeners = 10;
EventEmitter.errorMonitor = MONITOR;
EventEmitter.captureRejectionSymbol = CAPTURE;
EventEmitter.captureRejections = false;

const limitOf = (emitter) => emitter._maxListeners ?? EventEmitter.defaultMaxListeners;

function warnOfMany(emitter, type, list) {
  const limit = limitOf(emitter);
  if (!(limit > 0 && list.length > limit) || list.warned) return;
  list.warned = true;
  const name = emitter.constructor?.name ?? 'EventEmitter';
  process.emitWarning(`Possible EventEmitter memory leak detected. ${list.length} ${String(type)} listeners added to ` +
    `[${name}]. MaxListeners is ${limit}. Use emitter.setMaxListeners() to increase limit`, 'MaxListenersExceededWarning');
}

function add(emitter, type, listener, first) {
  checkListener(listener);
  const events = emitter._events ??= Object.create(null);
  if (events.newListener !== undefined) emitter.emit('newListener', type, listener.listener ?? listener);
  // A list is never changed, so that emit() can walk it.
  const list = emitter._events[type];
  if (list === undefined) ++emitter._eventsCount;
  const next = list === undefined ? [listener] : first ? [listener, ...list] : [...list, listener];
  if (list?.warned) next.warned = true;
  emitter._events[type] = next;
  warnOfMany(emitter, type, next);
  return emitter;
}

function remove(emitter, type, index) {
  const list = emitter._events[type];
  const listener = list[index];
  if (list.length === 1) {
    delete emitter._events[type];
    --emitter._eventsCount;
  } else {
    emitter._events[type] = list.toSpliced(index, 1);
  }
  if (emitter._events.removeListener !== undefined) emitter.emit('removeListener', type, listener.listener ?? listener);
}

function onceWrapper(emitter, type, listener) {
  checkListener(listener);
  const wrapper = function (...args) {
    emitter.removeListener(type, wrapper);
    return listener.apply(emitter, args);
  };
  wrapper.listener = listener;
  return wrapper;
}

function captured(emitter, result, type, args) {
  if (typeof result?.then !== 'function') return;
  result.then(undefined, (error) => process.nextTick(() => {
    if (typeof emitter[CAPTURE] === 'function') emitter[CAPTURE](error, type, ...args);
    else emitter.emit('error', error);
  }));
}

function throwUnhandled(args) {
  const [error] = args;
  if (error instanceof Error) throw error;
  const shown = args.length > 0 ? require('inspect').inspect(error) : undefined;
  const thrown = coded(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error.${shown === undefined ? '' : ` (${shown})`}`);
  thrown.context = error;
  throw thrown;
}

Object.assign(prototype, {
  emit(type, ...args) {
    const events = this._events;
    if (type === 'error') {
      if (events?.[MONITOR] !== undefined) this.emit(MONITOR, ...args);
      if (events?.error === undefined) throwUnhandled(args);
    }
    const list = events?.[type];
    if (list === undefined) return false;
    const captures = this._captures;
    for (const listener of list) {
      const result = listener.apply(this, args);
      if (captures) captured(this, result, type, args);
    }
    return true;
  },
  on(type, listener) { return add(this, type, listener, false); },
  prependListener(type, listener) { return add(this, type, listener, true); },
  once(type, listener) { return this.on(type, onceWrapper(this, type, listener)); },
  prependOnceListener(type, listener) { return this.prependListener(type, onceWrapper(this, type, listener)); },
  removeListener(type, listener) {
    checkListener(listener);
    const index = this._events?.[type]?.findLastIndex((one) => one === listener || one.listener === listener) ?? -1;
    if (index >= 0) remove(this, type, index);
    return this;
  },
  removeAllListeners(type) {
    if (this._events === undefined) return this;
    if (arguments.length === 0) {
      for (const key of Reflect.ownKeys(this._events)) if (key !== 'removeListener') this.removeAllListeners(key);
      delete this._events.removeListener;
      this._eventsCount = 0;
      return this;
    }
    for (let list; (list = this._events[type]) !== undefined;) remove(this, type, list.length - 1);
    return this;
  },
  setMaxListeners(count) {
    if (typeof count !== 'number' || count < 0 || Number.isNaN(count)) throw outOfRange('n', 'a non-negative number', count);
    this._maxListeners = count;
    return this;
  },
  getMaxListeners() { return limitOf(this); },
  listeners(type) { return (this._events?.[type] ?? []).map((one) => one.listener ?? one); },
  rawListeners(type) { return [...(this._events?.[type] ?? [])]; },
  listenerCount(type, listener) {
    const list = this._events?.[type] ?? [];
    return listener === undefined ? list.length : list.filter((one) => one === listener || one.listener === listener).length;
  },
  eventNames() { return this._events === undefined ? [] : Reflect.ownKeys(this._events); },
});
prototype.addListener = prototype.on;
prototype.off = prototype.removeListener;
for (const name of Object.keys(prototype)) {
  Object.defineProperty(prototype, name, { enumerable: false });
}

const abortError = (signal) => {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  error.code = 'ABORT_ERR';
  return error;
};

// A promise of the arguments of the next event.
function once(emitter, type, { signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    if (typeof emitter.addEventListener === 'function' && typeof emitter.on !== 'function') {
      emitter.addEventListener(type, (event) => resolve([event]), { once: true });
      return;
    }
    const clean = () => {
      emitter.removeListener(type, done);
      emitter.removeListener('error', fail);
      signal?.removeEventListener('abort', cancel);
    };
    const done = (...args) => { clean(); resolve(args); };
    const fail = (error) => { clean(); reject(error); };
    const cancel = () => { clean(); reject(abortError(signal)); };
    emitter.on(type, done);
    if (type !== 'error') emitter.on('error', fail);
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

// An asynchronous iterator over events.
function on(emitter, type, { signal, close = [] } = {}) {
  const events = [], waiting = [];
  let error, ended = false;
  const clean = () => {
    ended = true;
    emitter.removeListener(type, push);
    emitter.removeListener('error', fail);
    for (const one of waiting.splice(0)) one.resolve({ value: undefined, done: true });
  };
  const push = (...args) => {
    if (waiting.length > 0) waiting.shift().resolve({ value: args, done: false });
    else events.push(args);
  };
  const fail = (reason) => {
    if (waiting.length > 0) waiting.shift().reject(reason);
    else error = reason;
    clean();
  };
  if (signal?.aborted) throw abortError(signal);
  signal?.addEventListener('abort', () => fail(abortError(signal)), { once: true });
  emitter.on(type, push);
  if (type !== 'error') emitter.on('error', fail);
  for (const name of close) emitter.on(name, clean);
  return {
    next() {
      if (events.length > 0) return Promise.resolve({ value: events.shift(), done: false });
      if (error !== undefined) {
        const reason = error;
        error = undefined;
        return Promise.reject(reason);
      }
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      clean();
      return Promise.resolve({ value: undefined, done: true });
    },
    throw(reason) {
      fail(reason);
      return Promise.reject(reason);
    },
    [Symbol.asyncIterator]() { return this; },
  };
}

module.exports = Object.assign(EventEmitter, {
  EventEmitter, once, on,
  getEventListeners: (emitter, type) => emitter.listeners?.(type) ?? [],
  listenerCount: (emitter, type) => emitter.listenerCount(type),
  setMaxListeners(count = 10, ...emitters) { for (const emitter of emitters) emitter.setMaxListeners?.(count); },
});
