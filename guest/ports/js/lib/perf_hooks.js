// performance.
'use strict';

const started = { now: native.now(), date: Date.now() };
const entries = [];

class PerformanceEntry {
  constructor(name, entryType, startTime, duration, detail = null) { Object.assign(this, { name, entryType, startTime, duration, detail }); }
  toJSON() { return { ...this }; }
}

const now = () => native.now() - process._start;
const timeOf = (mark) => {
  if (typeof mark === 'number') return mark;
  const found = entries.findLast((entry) => entry.entryType === 'mark' && entry.name === mark);
  if (found === undefined) throw new DOMException(`The "${mark}" performance mark has not been set`, 'SyntaxError');
  return found.startTime;
};
const keep = (entry) => {
  entries.push(entry);
  return entry;
};

const performance = {
  now,
  get timeOrigin() { return started.date - (started.now - process._start); },
  mark: (name, { startTime = now(), detail = null } = {}) => keep(new PerformanceEntry(String(name), 'mark', startTime, 0, detail)),
  measure(name, start, end) {
    const options = typeof start === 'object' && start !== null ? start : { start, end };
    const from = options.start === undefined ? 0 : timeOf(options.start);
    const to = options.end === undefined ? (options.duration === undefined ? now() : from + options.duration) : timeOf(options.end);
    return keep(new PerformanceEntry(String(name), 'measure', from, to - from, options.detail));
  },
  getEntries: () => [...entries],
  getEntriesByName: (name, type) => entries.filter((entry) => entry.name === name && (type === undefined || entry.entryType === type)),
  getEntriesByType: (type) => entries.filter((entry) => entry.entryType === type),
  clearMarks(name) { clear('mark', name); },
  clearMeasures(name) { clear('measure', name); },
  timerify: (call) => call,
  eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }),
  toJSON: () => ({ timeOrigin: performance.timeOrigin }),
};

function clear(type, name) {
  for (let i = entries.length - 1; i >= 0; --i) {
    if (entries[i].entryType === type && (name === undefined || entries[i].name === name)) entries.splice(i, 1);
  }
}

module.exports = { performance, PerformanceEntry, constants: {} };
