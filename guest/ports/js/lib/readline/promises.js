// Lines by promises.
'use strict';

const readline = require('readline');

class Interface extends readline.Interface {
  question(query, options = {}) {
    return new Promise((resolve, reject) => {
      super.question(query, options, resolve);
      options.signal?.addEventListener('abort', () => reject(options.signal.reason), { once: true });
    });
  }
}

module.exports = { Interface, createInterface: (...args) => new Interface(...args) };
