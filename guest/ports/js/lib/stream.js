// Streams: Readable, Writable, Duplex, Transform, PassThrough, and what connects them.
'use strict';

const EventEmitter = require('events');
const { argumentType, coded } = require('errors');

const HIGH_WATER = 16384;
let defaultBytes = HIGH_WATER, defaultObjects = 16;

function Stream(options) { EventEmitter.call(this, options); }
Object.setPrototypeOf(Stream.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Stream, EventEmitter);

const inherit = (type, parent) => {
  Object.setPrototypeOf(type.prototype, parent.prototype);
  Object.setPrototypeOf(type, parent);
};
const getters = (type, table) => {
  for (const [name, get] of Object.entries(table)) Object.defineProperty(type.prototype, name, { get, configurable: true });
};

const tick = (callback, ...args) => process.nextTick(callback, ...args);
const highWater = (options, isObject, key) => options?.[key] ?? options?.highWaterMark ?? (isObject ? defaultObjects : defaultBytes);

// --- the end of a stream, common to both kinds

function initCommon(stream, options) {
  stream._common ??= { destroyed: false, closed: false, error: null, autoDestroy: options?.autoDestroy !== false, emitClose: options?.emitClose !== false };
}

function destroy(error, callback) {
  const common = this._common;
  if (common.destroyed) {
    if (typeof callback === 'function') callback(error ?? null);
    return this;
  }
  common.destroyed = true;
  common.error = error ?? null;
  if (this._r) this._r.flowing = this._r.flowing;
  let called = false;
  const done = (second) => {
    if (called) return;
    called = true;
    const reason = second ?? error;
    if (reason) common.error = reason;
    common.closed = true;
    if (typeof callback === 'function') callback(reason ?? null);
    tick(() => {
      if (reason) emitError(this, reason);
      if (common.emitClose) this.emit('close');
    });
  };
  const wait = this._w?.constructing;
  const end = () => {
    try {
      this._destroy(error ?? null, done);
    } catch (thrown) {
      done(thrown);
    }
  };
  if (wait) this.once('_constructed', end);
  else end();
  return this;
}

function emitError(stream, error) {
  if (stream._common.errorEmitted) return;
  stream._common.errorEmitted = true;
  stream.emit('error', error);
}

function fail(stream, error) {
  if (stream._common.destroyed) return;
  if (stream._common.autoDestroy) {
    stream.destroy(error);
  } else {
    stream._common.error = error;
    tick(emitError, stream, error);
  }
}

const sharedMethods = {
  destroy,
  _destroy(error, callback) { callback(error); },
  [Symbol.for('nodejs.rejection')](error) { this.destroy(error); },
};
const sharedGetters = {
  destroyed() { return this._common?.destroyed ?? false; },
  closed() { return this._common?.closed ?? false; },
  errored() { return this._common?.error ?? null; },
};

// Calls the _construct of a stream, if it has one.
function construct(stream, state) {
  if (typeof stream._construct !== 'function') return;
  state.constructing = true;
  tick(() => {
    const done = (error) => {
      state.constructing = false;
      stream.emit('_constructed');
      if (error) fail(stream, error);
      else state.onConstructed?.();
    };
    try {
      stream._construct(done);
    } catch (error) {
      done(error);
    }
  });
}

// --- Readable

function Readable(options) {
  if (!(this instanceof Readable)) return new Readable(options);
  Stream.call(this, options);
  initReadable(this, options);
}
inherit(Readable, Stream);

function initReadable(stream, options) {
  initCommon(stream, options);
  const objectMode = !!(options?.objectMode || options?.readableObjectMode);
  stream._r = {
    objectMode, highWaterMark: highWater(options, objectMode, 'readableHighWaterMark'), buffer: [], length: 0, flowing: null, ended: false,
    endEmitted: false, reading: false, sync: false, needReadable: false, wanted: false, scheduled: false, paused: false, pipes: [], decoder: null,
    encoding: null, didRead: false, awaitDrain: new Set(), readableListening: false,
  };
  if (typeof options?.read === 'function') stream._read = options.read;
  if (typeof options?.destroy === 'function') stream._destroy = options.destroy;
  if (typeof options?.construct === 'function') stream._construct = options.construct;
  if (options?.encoding) stream.setEncoding(options.encoding);
  if (!(stream instanceof Duplex)) {
    construct(stream, stream._r);
    stream._r.onConstructed = () => more(stream);
  }
  if (options?.signal) addAbortSignal(options.signal, stream);
}

// Asks the source for more, if there is room.
function fill(stream) {
  const r = stream._r;
  if (r.reading || r.ended || stream.destroyed || r.constructing || stream._common.error) return;
  if (r.length >= r.highWaterMark && r.length > 0) return;
  r.reading = true;
  r.sync = true;
  try {
    stream._read(r.highWaterMark);
  } catch (error) {
    fail(stream, error);
  }
  r.sync = false;
}

function push(stream, chunk, encoding, first) {
  const r = stream._r;
  r.reading = false;
  if (chunk === null) return endOfSource(stream);
  if (!r.objectMode) {
    if (typeof chunk === 'string') {
      if (r.encoding === null || encoding !== r.encoding) chunk = Buffer.from(chunk, encoding ?? 'utf8');
    } else if (ArrayBuffer.isView(chunk)) {
      if (!Buffer.isBuffer(chunk)) chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    } else if (chunk !== undefined) {
      fail(stream, argumentType('chunk', ['string', 'Buffer', 'TypedArray', 'DataView'], chunk));
      return false;
    }
  }
  if (!r.objectMode && !(chunk?.length > 0)) {
    schedule(stream);
    return r.length < r.highWaterMark;
  }
  if (r.ended) {
    fail(stream, coded(Error, first ? 'ERR_STREAM_UNSHIFT_AFTER_END_EVENT' : 'ERR_STREAM_PUSH_AFTER_EOF', first ? 'stream.unshift() after end event' : 'stream.push() after EOF'));
    return false;
  }
  if (stream.destroyed) return false;
  if (r.decoder && !first && typeof chunk !== 'string') {
    chunk = r.decoder.write(chunk);
    if (chunk.length === 0) {
      schedule(stream);
      return true;
    }
  }
  if (r.flowing && r.length === 0 && !r.sync && stream.listenerCount('data') > 0 && !first) {
    r.didRead = true;
    stream.emit('data', chunk);
  } else {
    if (first) r.buffer.unshift(chunk);
    else r.buffer.push(chunk);
    r.length += r.objectMode ? 1 : chunk.length;
    if (r.needReadable) announce(stream);
  }
  schedule(stream);
  return r.length < r.highWaterMark;
}

function endOfSource(stream) {
  const r = stream._r;
  if (r.ended) return false;
  r.ended = true;
  const rest = r.decoder?.end();
  if (rest) {
    r.buffer.push(rest);
    r.length += rest.length;
  }
  announce(stream);
  if (r.flowing) schedule(stream);
  return false;
}

// The event 'readable', once a turn.
function announce(stream) {
  const r = stream._r;
  r.needReadable = false;
  if (r.announced) return;
  r.announced = true;
  tick(() => {
    r.announced = false;
    if (!stream.destroyed && (r.length > 0 || r.ended)) stream.emit('readable');
    r.needReadable = !r.flowing && !r.ended && r.length <= r.highWaterMark;
    flow(stream);
  });
}

function schedule(stream) {
  const r = stream._r;
  if (r.scheduled) return;
  r.scheduled = true;
  tick(() => {
    r.scheduled = false;
    more(stream);
  });
}

function more(stream) {
  const r = stream._r;
  if (r.flowing) flow(stream);
  else if (r.wanted || r.readableListening) fill(stream);
}

function flow(stream) {
  const r = stream._r;
  while (r.flowing && !stream.destroyed && stream.read() !== null);
}

function endReadable(stream) {
  const r = stream._r;
  if (r.endEmitted || r.endScheduled || r.length > 0) return;
  r.endScheduled = true;
  tick(() => {
    if (r.endEmitted || r.length > 0 || stream._common.error || (stream.destroyed && stream._common.closed && stream._common.error)) return;
    r.endEmitted = true;
    stream.readable = false;
    stream.emit('end');
    const w = stream._w;
    if (w && !stream.allowHalfOpen && !w.ending) stream.end();
    else if (stream._common.autoDestroy && (!w || w.finished)) stream.destroy();
  });
}

function take(r, size) {
  if (r.objectMode) {
    r.length -= 1;
    return r.buffer.shift();
  }
  if (size >= r.length) {
    const all = r.buffer.length === 1 ? r.buffer[0] : r.encoding !== null ? r.buffer.join('') : Buffer.concat(r.buffer, r.length);
    r.buffer = [];
    r.length = 0;
    return all;
  }
  const parts = [];
  for (let left = size; left > 0;) {
    const first = r.buffer[0];
    if (first.length <= left) {
      parts.push(r.buffer.shift());
      left -= first.length;
    } else {
      parts.push(first.slice(0, left));
      r.buffer[0] = first.slice(left);
      left = 0;
    }
  }
  r.length -= size;
  return parts.length === 1 ? parts[0] : r.encoding !== null ? parts.join('') : Buffer.concat(parts);
}

Object.assign(Readable.prototype, sharedMethods, {
  push(chunk, encoding) { return push(this, chunk, encoding, false); },
  unshift(chunk, encoding) { return push(this, chunk, encoding, true); },
  read(size) {
    const r = this._r;
    r.wanted = true;
    if (size === undefined || Number.isNaN(size)) size = undefined;
    else if (size > r.highWaterMark) r.highWaterMark = size;
    if (size === 0 && r.needReadable && (r.length >= r.highWaterMark || r.ended)) {
      if (r.length === 0 && r.ended) endReadable(this);
      else announce(this);
      return null;
    }
    if (r.length < (size ?? 1) && !r.ended) {
      fill(this);
    } else if (r.length < r.highWaterMark) {
      fill(this);
    }
    let result = null;
    if (size !== 0 && r.length > 0) {
      if (size === undefined) result = take(r, r.flowing && !r.objectMode ? r.buffer[0].length : Infinity);
      else if (size <= r.length) result = take(r, r.objectMode ? 1 : size);
      else if (r.ended) result = take(r, Infinity);
    }
    if (result === null) r.needReadable = r.length <= r.highWaterMark || r.needReadable;
    if (r.length === 0) {
      if (!r.ended) r.needReadable = true;
      else if (size !== 0 || result === null) endReadable(this);
    }
    if (result !== null && !this._common.destroyed) {
      r.didRead = true;
      this.emit('data', result);
    }
    return result;
  },
  _read() { throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _read() method is not implemented'); },
  on(type, listener) {
    EventEmitter.prototype.on.call(this, type, listener);
    const r = this._r;
    if (type === 'data') {
      r.readableListening = this.listenerCount('readable') > 0;
      if (r.flowing !== false && !r.readableListening) this.resume();
    } else if (type === 'readable') {
      r.readableListening = true;
      r.needReadable = true;
      r.flowing = false;
      if (r.length > 0 || r.ended) announce(this);
      else if (!r.reading) tick(() => this.read(0));
    }
    return this;
  },
  removeListener(type, listener) {
    EventEmitter.prototype.removeListener.call(this, type, listener);
    if (type === 'readable') tick(updateListening, this);
    return this;
  },
  removeAllListeners(...types) {
    EventEmitter.prototype.removeAllListeners.apply(this, types);
    if (types.length === 0 || types[0] === 'readable') tick(updateListening, this);
    return this;
  },
  pause() {
    const r = this._r;
    if (r.flowing !== false) {
      r.flowing = false;
      this.emit('pause');
    }
    r.paused = true;
    return this;
  },
  resume() {
    const r = this._r;
    if (!r.flowing) {
      r.flowing = !r.readableListening;
      r.paused = false;
      tick(() => {
        if (!r.reading) this.read(0);
        this.emit('resume');
        flow(this);
        if (r.flowing && !r.reading) this.read(0);
      });
    }
    r.paused = false;
    return this;
  },
  isPaused() { return this._r.paused || this._r.flowing === false; },
  setEncoding(encoding) {
    const { StringDecoder } = require('string_decoder');
    const r = this._r;
    r.decoder = new StringDecoder(encoding);
    r.encoding = r.decoder.encoding;
    const before = r.buffer.map((chunk) => r.decoder.write(chunk)).join('');
    r.buffer = before ? [before] : [];
    r.length = before.length;
    return this;
  },
  pipe(target, options) {
    const r = this._r;
    r.pipes.push(target);
    const ends = options?.end !== false && target !== process.stdout && target !== process.stderr;
    const onEnd = () => target.end();
    const clean = () => {
      target.removeListener('drain', onDrain);
      target.removeListener('unpipe', onUnpipe);
      target.removeListener('close', onClose);
      target.removeListener('finish', onClose);
      target.removeListener('error', onError);
      this.removeListener('data', onData);
      this.removeListener('end', onEnd);
      this.removeListener('end', unpipe);
    };
    const unpipe = () => this.unpipe(target);
    const onDrain = () => {
      r.awaitDrain.delete(target);
      if (r.awaitDrain.size === 0 && r.pipes.length > 0) this.resume();
    };
    const onData = (chunk) => {
      if (target.write(chunk) === false) {
        r.awaitDrain.add(target);
        this.pause();
        target.on('drain', onDrain);
      }
    };
    const onUnpipe = (source) => {
      if (source === this) clean();
    };
    const onClose = () => unpipe();
    const onError = (error) => {
      unpipe();
      if (target.listenerCount('error') === 0) fail(target, error) ?? (target._common?.destroyed && target.emit('error', error));
    };
    if (r.endEmitted) tick(ends ? onEnd : unpipe);
    else this.once('end', ends ? onEnd : unpipe);
    target.on('unpipe', onUnpipe);
    target.on('close', onClose);
    target.on('finish', onClose);
    target.prependListener('error', onError);
    this.on('data', onData);
    target.emit('pipe', this);
    if (!r.flowing) this.resume();
    return target;
  },
  unpipe(target) {
    const r = this._r;
    for (const one of target === undefined ? [...r.pipes] : [target]) {
      const at = r.pipes.indexOf(one);
      if (at < 0) continue;
      r.pipes.splice(at, 1);
      r.awaitDrain.delete(one);
      if (r.pipes.length === 0) this.pause();
      one.emit('unpipe', this, { hasUnpiped: false });
    }
    return this;
  },
  wrap(old) {
    old.on('data', (chunk) => { if (!this.push(chunk)) old.pause?.(); });
    old.on('end', () => this.push(null));
    old.on('error', (error) => fail(this, error));
    this._read = () => old.resume?.();
    return this;
  },
  [Symbol.asyncIterator]() { return iterate(this); },
  iterator(options) { return iterate(this, options); },
});
Readable.prototype.addListener = Readable.prototype.on;
Readable.prototype.off = Readable.prototype.removeListener;

function updateListening(stream) {
  const r = stream._r;
  r.readableListening = stream.listenerCount('readable') > 0;
  if (!r.readableListening && stream.listenerCount('data') > 0 && !r.paused) stream.resume();
}

getters(Readable, {
  ...sharedGetters,
  readableFlowing() { return this._r.flowing; }, readableLength() { return this._r.length; }, readableEnded() { return this._r.endEmitted; },
  readableHighWaterMark() { return this._r.highWaterMark; }, readableObjectMode() { return this._r.objectMode; },
  readableEncoding() { return this._r.encoding; }, readableDidRead() { return this._r.didRead; },
  readableAborted() { return this._common.destroyed && !this._r.endEmitted; },
});
Object.defineProperty(Readable.prototype, 'readable', {
  get() { return this._r !== undefined && this._readableSet !== false && !this._common.destroyed && !this._r.endEmitted; },
  set(value) { this._readableSet = value; },
  configurable: true,
});

async function* iterate(stream, { destroyOnReturn = true } = {}) {
  let wake = () => {}, error, ended = false;
  const next = () => wake();
  const clean = finished(stream, { writable: false }, (reason) => {
    error = reason ?? null;
    ended = true;
    wake();
  });
  stream.on('readable', next);
  let complete = false;
  try {
    for (;;) {
      const chunk = stream.destroyed ? null : stream.read();
      if (chunk !== null) {
        yield chunk;
      } else if (ended) {
        if (error) throw error;
        complete = true;
        return;
      } else {
        await new Promise((resolve) => { wake = resolve; });
      }
    }
  } finally {
    clean();
    stream.removeListener('readable', next);
    if (!complete && destroyOnReturn) stream.destroy();
  }
}

Readable.from = function from(source, options) {
  if (typeof source === 'string' || ArrayBuffer.isView(source)) {
    return new Readable({ objectMode: true, ...options, read() { this.push(source); this.push(null); } });
  }
  const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
  if (iterator === undefined) throw argumentType('iterable', ['Iterable'], source);
  let busy = false;
  const readable = new Readable({ objectMode: true, highWaterMark: 1, ...options, read() { if (!busy) pull(); } });
  async function pull() {
    busy = true;
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) return readable.push(null);
        const item = await value;
        if (item === null) throw coded(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
        if (!readable.push(item)) break;
      }
    } catch (error) {
      readable.destroy(error);
    } finally {
      busy = false;
    }
  }
  readable._destroy = (error, callback) => {
    Promise.resolve(iterator.return?.()).then(() => callback(error), (second) => callback(error ?? second));
  };
  return readable;
};

// --- what arrays can do, too

async function* mapped(stream, call, keeps) {
  for await (const chunk of stream) {
    const result = await call(chunk);
    if (!keeps) yield result;
    else if (result) yield chunk;
  }
}
Object.assign(Readable.prototype, {
  map(call) { return Readable.from(mapped(this, call, false)); },
  filter(call) { return Readable.from(mapped(this, call, true)); },
  take(count) {
    const source = this;
    return Readable.from((async function* () {
      if (count <= 0) return;
      let left = count;
      for await (const chunk of source) {
        yield chunk;
        if (--left === 0) return;
      }
    })());
  },
  drop(count) {
    let left = count;
    return this.filter(() => left-- <= 0);
  },
  flatMap(call) {
    const source = this;
    return Readable.from((async function* () { for await (const chunk of source) yield* await call(chunk); })());
  },
  async toArray() {
    const all = [];
    for await (const chunk of this) all.push(chunk);
    return all;
  },
  async forEach(call) { for await (const chunk of this) await call(chunk); },
  async reduce(call, ...initial) {
    let value = initial[0], started = initial.length > 0;
    for await (const chunk of this) {
      value = started ? await call(value, chunk) : chunk;
      started = true;
    }
    if (!started) throw new TypeError('Reduce of an empty stream requires an initial value');
    return value;
  },
  async some(call) {
    for await (const chunk of this) if (await call(chunk)) return true;
    return false;
  },
  async every(call) { return !(await this.some(async (chunk) => !(await call(chunk)))); },
  async find(call) {
    for await (const chunk of this) if (await call(chunk)) return chunk;
    return undefined;
  },
});

// --- Writable

function Writable(options) {
  if (!(this instanceof Writable)) return new Writable(options);
  Stream.call(this, options);
  initWritable(this, options);
}
inherit(Writable, Stream);
Object.defineProperty(Writable, Symbol.hasInstance, {
  value(object) { return Function.prototype[Symbol.hasInstance].call(this, object) || (this === Writable && object instanceof Duplex); },
});

function initWritable(stream, options) {
  initCommon(stream, options);
  const objectMode = !!(options?.objectMode || options?.writableObjectMode);
  stream._w = {
    objectMode, highWaterMark: highWater(options, objectMode, 'writableHighWaterMark'), decodeStrings: options?.decodeStrings !== false,
    defaultEncoding: options?.defaultEncoding ?? 'utf8', queue: [], length: 0, writing: false, corked: 0, ending: false, ended: false,
    finished: false, needDrain: false, sync: false, pendingCalls: 0,
  };
  for (const name of ['write', 'writev', 'final', 'destroy', 'construct']) {
    if (typeof options?.[name] === 'function') stream[`_${name}`] = options[name];
  }
  construct(stream, stream._w);
  stream._w.onConstructed = () => {
    if (stream._r) {
      stream._r.constructing = false;
      more(stream);
    }
    advance(stream);
  };
  if (options?.signal && !stream._r) addAbortSignal(options.signal, stream);
}

function write(stream, chunk, encoding, callback) {
  const w = stream._w;
  if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
  callback ??= () => {};
  if (chunk === null) throw coded(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
  encoding ??= w.defaultEncoding;
  if (!w.objectMode) {
    if (typeof chunk === 'string') {
      if (w.decodeStrings && encoding !== 'buffer') {
        if (!Buffer.isEncoding(encoding)) throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
        chunk = Buffer.from(chunk, encoding);
        encoding = 'buffer';
      }
    } else if (ArrayBuffer.isView(chunk)) {
      if (!Buffer.isBuffer(chunk)) chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      encoding = 'buffer';
    } else {
      throw argumentType('chunk', ['string', 'Buffer', 'TypedArray', 'DataView'], chunk);
    }
  }
  let error;
  if (w.ending) error = coded(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
  else if (stream.destroyed) error = coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
  if (error) {
    tick(callback, error);
    if (w.ending && !stream.destroyed) fail(stream, error);
    return error;
  }
  w.length += w.objectMode ? 1 : chunk.length;
  w.queue.push({ chunk, encoding, callback });
  const hasRoom = w.length < w.highWaterMark;
  if (!hasRoom) w.needDrain = true;
  advance(stream);
  return hasRoom && !stream._common.error && !stream.destroyed;
}

// Gives the next chunk, or all of them, to _write or _writev.
function advance(stream) {
  const w = stream._w;
  while (!w.writing && w.corked === 0 && !w.constructing && w.queue.length > 0 && !stream.destroyed) {
    const all = stream._writev && w.queue.length > 1;
    const batch = all ? w.queue.splice(0) : [w.queue.shift()];
    w.writing = true;
    w.sync = true;
    const size = batch.reduce((sum, { chunk }) => sum + (w.objectMode ? 1 : chunk.length), 0);
    let called = false;
    const done = (error) => {
      if (called) {
        fail(stream, coded(Error, 'ERR_MULTIPLE_CALLBACK', 'Callback called multiple times'));
        return;
      }
      called = true;
      wrote(stream, batch, size, error);
    };
    try {
      if (all) stream._writev(batch, done);
      else stream._write(batch[0].chunk, batch[0].encoding, done);
    } catch (error) {
      w.sync = false;
      w.writing = false;
      throw error;
    }
    w.sync = false;
  }
  maybeFinish(stream);
}

function wrote(stream, batch, size, error) {
  const w = stream._w;
  w.writing = false;
  w.length -= size;
  const finish = () => {
    --w.pendingCalls;
    if (error) {
      for (const { callback } of batch) callback(error);
      failQueue(stream, error);
      fail(stream, error);
      return;
    }
    if (w.needDrain && w.length === 0 && !w.ending && !stream.destroyed) {
      w.needDrain = false;
      stream.emit('drain');
    }
    for (const { callback } of batch) callback(null);
    maybeFinish(stream);
  };
  ++w.pendingCalls;
  if (error) stream._common.error = error;
  if (w.sync) {
    tick(finish);
  } else {
    advance(stream);
    finish();
  }
}

function failQueue(stream, error) {
  for (const { callback } of stream._w.queue.splice(0)) callback(error ?? coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'));
}

function maybeFinish(stream) {
  const w = stream._w;
  if (!w.ending || w.finished || w.length > 0 || w.writing || w.constructing || stream.destroyed || stream._common.error) return;
  if (!w.finalCalled) {
    w.finalCalled = true;
    callFinal(stream);
  } else if (w.finalDone && w.pendingCalls === 0 && !w.finishing) {
    w.finishing = true;
    tick(finish, stream);
  }
}

function callFinal(stream) {
  const w = stream._w;
  const done = (error) => {
    if (w.finalDone) return;
    w.finalDone = true;
    if (!error) return maybeFinish(stream);
    for (const callback of w.onFinish?.splice(0) ?? []) callback(error);
    fail(stream, error);
  };
  if (typeof stream._final !== 'function') return done();
  try {
    stream._final(done);
  } catch (error) {
    done(error);
  }
}

function finish(stream) {
  const w = stream._w;
  if (stream.destroyed && stream._common.error) return;
  w.finished = true;
  for (const callback of w.onFinish?.splice(0) ?? []) callback(null);
  stream.emit('finish');
  if (stream._common.autoDestroy && (!stream._r || stream._r.endEmitted)) stream.destroy();
}

const writableMethods = {
  write(chunk, encoding, callback) { return write(this, chunk, encoding, callback) === true; },
  _write(chunk, encoding, callback) {
    if (!this._writev) throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _write() method is not implemented');
    this._writev([{ chunk, encoding }], callback);
  },
  _writev: null,
  end(chunk, encoding, callback) {
    if (typeof chunk === 'function') [chunk, encoding, callback] = [undefined, undefined, chunk];
    else if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    const w = this._w;
    let error;
    if (chunk !== undefined && chunk !== null) {
      const result = write(this, chunk, encoding);
      if (result instanceof Error) error = result;
    }
    if (w.corked) {
      w.corked = 1;
      this.uncork();
    }
    if (!error && w.ending && typeof callback === 'function') {
      error = w.finished ? coded(Error, 'ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished') : undefined;
    }
    if (this.destroyed && !w.finished) error ??= coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call end after a stream was destroyed');
    if (typeof callback === 'function') {
      if (error) tick(callback, error);
      else (w.onFinish ??= []).push((reason) => callback(reason ?? undefined));
    }
    w.ending = true;
    w.ended = true;
    maybeFinish(this);
    return this;
  },
  cork() { ++this._w.corked; },
  uncork() {
    if (this._w.corked > 0 && --this._w.corked === 0) advance(this);
  },
  setDefaultEncoding(encoding) {
    this._w.defaultEncoding = encoding;
    return this;
  },
};
const writableDestroy = {
  destroy(error, callback) {
    const w = this._w;
    if (!this.destroyed && w && (w.queue.length > 0 || w.onFinish?.length > 0)) {
      tick(() => {
        failQueue(this, error);
        for (const call of w.onFinish?.splice(0) ?? []) call(error ?? coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call end after a stream was destroyed'));
      });
    }
    return destroy.call(this, error, callback);
  },
};
const writableGetters = {
  writableLength() { return this._w?.length; }, writableHighWaterMark() { return this._w?.highWaterMark; },
  writableEnded() { return this._w?.ending; }, writableFinished() { return this._w?.finished; },
  writableObjectMode() { return this._w?.objectMode; }, writableCorked() { return this._w?.corked; },
  writableNeedDrain() { return !!this._w?.needDrain && !this._common.destroyed && !this._w.ending; },
  writableAborted() { return this._common.destroyed && !this._w.finished; },
};
const writableFlag = {
  get() { return this._w !== undefined && this._writableSet !== false && !this._common.destroyed && !this._w.ending; },
  set(value) { this._writableSet = value; },
  configurable: true,
};
Object.assign(Writable.prototype, sharedMethods, writableMethods, writableDestroy);
Writable.prototype.pipe = function pipe() { fail(this, coded(Error, 'ERR_STREAM_CANNOT_PIPE', 'Cannot pipe, not readable')); };
getters(Writable, { ...sharedGetters, ...writableGetters });
Object.defineProperty(Writable.prototype, 'writable', writableFlag);

// --- both

function Duplex(options) {
  if (!(this instanceof Duplex)) return new Duplex(options);
  Stream.call(this, options);
  this.allowHalfOpen = options?.allowHalfOpen !== false;
  initReadable(this, options);
  initWritable(this, options);
  if (this._w.constructing) this._r.constructing = true;
  if (options?.readable === false) {
    this._r.ended = this._r.endEmitted = true;
  }
  if (options?.writable === false) {
    this._w.ending = this._w.ended = this._w.finished = true;
  }
}
inherit(Duplex, Readable);
Object.assign(Duplex.prototype, writableMethods, writableDestroy);
getters(Duplex, writableGetters);
Object.defineProperty(Duplex.prototype, 'writable', writableFlag);

function Transform(options) {
  if (!(this instanceof Transform)) return new Transform(options);
  Duplex.call(this, options);
  if (typeof options?.transform === 'function') this._transform = options.transform;
  if (typeof options?.flush === 'function') this._flush = options.flush;
  this._heldBack = null;
}
inherit(Transform, Duplex);
Object.assign(Transform.prototype, {
  _transform() { throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _transform() method is not implemented'); },
  _write(chunk, encoding, callback) {
    const r = this._r;
    this._transform(chunk, encoding, (error, value) => {
      if (error) return callback(error);
      if (value !== undefined && value !== null) this.push(value);
      if (r.ended || r.length < r.highWaterMark || r.flowing) callback();
      else this._heldBack = callback;
    });
  },
  _read() {
    if (!this._heldBack) return;
    const callback = this._heldBack;
    this._heldBack = null;
    callback();
  },
  _final(callback) {
    if (typeof this._flush !== 'function') {
      this.push(null);
      return callback();
    }
    this._flush((error, value) => {
      if (error) return callback(error);
      if (value !== undefined && value !== null) this.push(value);
      this.push(null);
      callback();
    });
  },
});

function PassThrough(options) {
  if (!(this instanceof PassThrough)) return new PassThrough(options);
  Transform.call(this, options);
}
inherit(PassThrough, Transform);
PassThrough.prototype._transform = (chunk, encoding, callback) => callback(null, chunk);

// --- what becomes of streams

const premature = () => coded(Error, 'ERR_STREAM_PREMATURE_CLOSE', 'Premature close');

function finished(stream, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  const waitsToRead = options?.readable !== false && !!stream._r, waitsToWrite = options?.writable !== false && !!stream._w;
  let called = false;
  const isRead = () => !waitsToRead || stream._r.endEmitted, isWritten = () => !waitsToWrite || stream._w.finished;
  const done = (error) => {
    if (called) return;
    called = true;
    callback.call(stream, error);
  };
  const onEnd = () => { if (isRead() && isWritten()) done(); };
  const onError = (error) => done(error);
  const onClose = () => {
    if (stream._common?.error) done(stream._common.error);
    else done(isRead() && isWritten() ? undefined : premature());
  };
  stream.on('end', onEnd);
  stream.on('finish', onEnd);
  stream.on('error', onError);
  stream.on('close', onClose);
  if (stream._common?.closed) tick(onClose);
  else if (stream._common && isRead() && isWritten() && (waitsToRead || waitsToWrite)) tick(onEnd);
  const clean = () => {
    called = true;
    stream.removeListener('end', onEnd);
    stream.removeListener('finish', onEnd);
    stream.removeListener('close', onClose);
    if (!stream._common?.error) stream.removeListener('error', onError);
  };
  options?.signal?.addEventListener('abort', () => {
    const error = Object.assign(new Error('The operation was aborted', { cause: options.signal.reason }), { name: 'AbortError', code: 'ABORT_ERR' });
    done(error);
  }, { once: true });
  return clean;
}

const isStream = (value) => typeof value?.pipe === 'function' || (typeof value?.write === 'function' && typeof value?.on === 'function');

// A stage of a pipeline as a stream: functions are generators.
function stage(source, part, isLast) {
  if (isStream(part)) return { stream: source ? source.pipe(part) : part };
  const made = typeof part === 'function' ? part(source) : part;
  if (isLast && typeof made?.then === 'function') return { result: made };
  return { stream: Readable.from(made) };
}

function pipeline(...parts) {
  const callback = parts.pop();
  if (typeof callback !== 'function') throw argumentType('streams[stream.length - 1]', 'function', callback);
  if (Array.isArray(parts[0])) parts = parts[0];
  const options = isStream(parts.at(-1)) || typeof parts.at(-1) === 'function' ? {} : parts.pop() ?? {};
  if (parts.length < 2) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "streams" argument must be specified');
  const streams = [];
  let left = 0, error, value;
  const end = (reason) => {
    if (reason && (!error || error.code === 'ERR_STREAM_PREMATURE_CLOSE')) error = reason;
    --left;
    if (error) for (const stream of streams) if (!stream.destroyed && stream !== process.stdout && stream !== process.stderr) stream.destroy(error);
    if (left === 0) tick(callback, error, value);
  };
  let source;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const { stream, result } = stage(source, part, isLast);
    ++left;
    if (result !== undefined) {
      result.then((got) => { value = got; end(); }, end);
    } else {
      streams.push(stream);
      if ((stream === process.stdout || stream === process.stderr) && source) {
        source.on('end', () => end());
      } else {
        const watch = isLast && typeof part !== 'function' ? { readable: false } : index === 0 ? { writable: false } : {};
        stream.on('error', () => {});
        finished(stream, watch, end);
      }
      source = stream;
    }
  }
  options.signal?.addEventListener('abort', () => {
    const reason = Object.assign(new Error('The operation was aborted', { cause: options.signal.reason }), { name: 'AbortError', code: 'ABORT_ERR' });
    for (const stream of streams) stream.destroy(reason);
  }, { once: true });
  return source;
}

function addAbortSignal(signal, stream) {
  const abort = () => stream.destroy(Object.assign(new Error('The operation was aborted', { cause: signal.reason }), { name: 'AbortError', code: 'ABORT_ERR' }));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return stream;
}

for (const type of [Readable, Writable, Duplex, Transform]) {
  for (const name of Object.keys(type.prototype)) Object.defineProperty(type.prototype, name, { enumerable: false });
}

module.exports = Object.assign(Stream, {
  Stream, Readable, Writable, Duplex, Transform, PassThrough, finished, pipeline, addAbortSignal,
  isReadable: (stream) => !!stream?.readable, isWritable: (stream) => !!stream?.writable, isErrored: (stream) => !!stream?.errored,
  isDisturbed: (stream) => !!stream?.readableDidRead,
  getDefaultHighWaterMark: (isObject) => (isObject ? defaultObjects : defaultBytes),
  setDefaultHighWaterMark(isObject, value) {
    if (isObject) defaultObjects = value;
    else defaultBytes = value;
  },
});
Object.defineProperty(Stream, 'promises', { get: () => require('stream/promises'), enumerable: true });
