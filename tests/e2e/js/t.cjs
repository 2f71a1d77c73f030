// What the cases share: each check prints one line, "NAME: what came out" or "NAME threw: what".
'use strict';

const util = require('util');

const show = (value) => util.inspect(value, { depth: 5, breakLength: Infinity, compact: true });
const failed = (error) => `${error?.name}${error?.code ? ` ${error.code}` : ''}: ${error?.message}`;
let last = Promise.resolve();

// Checks run one after another, also those that take time.
module.exports = (name, check) => {
  last = last.then(async () => {
    let line;
    try {
      line = `${name}: ${show(await check())}`;
    } catch (error) {
      line = `${name} threw: ${failed(error)}`;
    }
    console.log(line.replaceAll('\n', '\\n'));
  });
  return last;
};
