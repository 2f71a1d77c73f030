// Timers that are promises.
'use strict';

const timers = require('timers');

const aborted = (signal) => {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  error.code = 'ABORT_ERR';
  return error;
};

function wait(start, stop, value, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const cancel = () => {
      stop(timer);
      reject(aborted(signal));
    };
    const timer = start(() => {
      signal?.removeEventListener('abort', cancel);
      resolve(value);
    });
    if (!ref) timer.unref();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

exports.setTimeout = (delay, value, options) =>
  wait((done) => timers.setTimeout(done, delay), timers.clearTimeout, value, options);
exports.setImmediate = (value, options) => wait(timers.setImmediate, timers.clearImmediate, value, options);
exports.setInterval = async function* (delay, value, options) {
  for (;;) yield await exports.setTimeout(delay, value, options);
};
exports.scheduler = { wait: (delay, options) => exports.setTimeout(delay, undefined, options), yield: () => exports.setImmediate() };
