// Timers and immediates.
'use strict';

const { shared } = native;
const TIMER = 2, REFS = 3, IMMEDIATE = 4;
const LONGEST = 2 ** 31 - 1;

const heap = [];  // of Timeout, the next one first
const byNumber = new Map();
let sequence = 0;

const isBefore = (a, b) => a._due < b._due || (a._due === b._due && a._sequence < b._sequence);

function place(timer, index) {
  heap[index] = timer;
  timer._index = index;
}

function rise(timer, index) {
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(timer, heap[parent])) break;
    place(heap[parent], index);
    index = parent;
  }
  place(timer, index);
}

function sink(timer, index) {
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) ++child;
    if (!isBefore(heap[child], timer)) break;
    place(heap[child], index);
    index = child;
  }
  place(timer, index);
}

function tellLoop() { shared[TIMER] = heap.length > 0 ? heap[0]._due : Infinity; }

function insert(timer, now) {
  timer._due = now + timer._delay;
  timer._sequence = ++sequence;
  rise(timer, heap.length);
  if (timer._counts) ++shared[REFS];
  tellLoop();
}

function remove(timer) {
  const index = timer._index;
  if (index < 0) return;
  timer._index = -1;
  const last = heap.pop();
  if (last !== timer) {
    sink(last, index);
    rise(last, last._index);
  }
  if (timer._counts) --shared[REFS];
  tellLoop();
}

class Timeout {
  constructor(callback, delay, args, repeats) {
    if (typeof callback !== 'function') throw require('errors').argumentType('callback', 'function', callback);
    delay = +delay;
    this._delay = delay >= 1 && delay <= LONGEST ? Math.trunc(delay) : 1;
    this._callback = callback;
    this._args = args;
    this._repeats = repeats;
    this._counts = true;
    this._index = -1;
    insert(this, native.now());
  }
  ref() {
    if (!this._counts && this._index >= 0) ++shared[REFS];
    this._counts = true;
    return this;
  }
  unref() {
    if (this._counts && this._index >= 0) --shared[REFS];
    this._counts = false;
    return this;
  }
  hasRef() { return this._counts; }
  refresh() {
    if (this._index >= 0) {
      remove(this);
      insert(this, native.now());
    }
    return this;
  }
  close() {
    clearTimeout(this);
    return this;
  }
  [Symbol.toPrimitive]() {
    if (this._number === undefined) {
      this._number = this._sequence;
      byNumber.set(this._number, this);
    }
    return this._number;
  }
}

function setTimeout(callback, delay, ...args) { return new Timeout(callback, delay, args, false); }
function setInterval(callback, delay, ...args) { return new Timeout(callback, delay, args, true); }

function clearTimeout(timer) {
  if (typeof timer === 'number' || typeof timer === 'string') timer = byNumber.get(+timer);
  if (!(timer instanceof Timeout)) return;
  timer._repeats = false;
  if (timer._number !== undefined) byNumber.delete(timer._number);
  remove(timer);
}

function clearInterval(timer) { clearTimeout(timer); }

// For the loop: runs one timer that is due.
function takeTimer(now) {
  const timer = heap[0];
  if (timer === undefined || timer._due > now) return false;
  remove(timer);
  try {
    timer._callback(...timer._args);
  } finally {
    if (timer._repeats && timer._index < 0) {
      insert(timer, native.now());
    } else if (timer._index < 0 && timer._number !== undefined) {
      byNumber.delete(timer._number);
    }
  }
  return true;
}

const immediates = new Set();

class Immediate {
  constructor(callback, args) {
    if (typeof callback !== 'function') throw require('errors').argumentType('callback', 'function', callback);
    this._callback = callback;
    this._args = args;
    this._counts = true;
    immediates.add(this);
    shared[IMMEDIATE] = immediates.size;
  }
  ref() { return this; }
  unref() { return this; }
  hasRef() { return true; }
}

function setImmediate(callback, ...args) { return new Immediate(callback, args); }

function clearImmediate(immediate) {
  immediates.delete(immediate);
  shared[IMMEDIATE] = immediates.size;
}

function takeImmediate() {
  const [immediate] = immediates;
  if (immediate === undefined) return;
  clearImmediate(immediate);
  immediate._callback(...immediate._args);
}

shared[TIMER] = Infinity;
Object.assign(exports, {
  setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate,
});
Object.defineProperty(exports, 'promises', { enumerable: true, get: () => require('timers/promises') });
for (const [name, value] of Object.entries({ takeTimer, takeImmediate })) {
  Object.defineProperty(exports, name, { value, enumerable: false });
}
