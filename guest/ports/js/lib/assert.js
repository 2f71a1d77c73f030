// assert.
'use strict';

const { inspect } = require('inspect');
const { argumentType, coded } = require('errors');
const { isDeepEqual, isDeepStrictEqual } = require('equal');

const VERBS = {
  strictEqual: 'Expected values to be strictly equal:', deepStrictEqual: 'Expected values to be strictly deep-equal:',
  equal: 'Expected values to be loosely equal:', deepEqual: 'Expected values to be loosely deep-equal:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:', notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notEqual: 'Expected "actual" to be loosely unequal to:', notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
};

const show = (value) => inspect(value, { compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true });

// The lines of both, what only one of them has marked.
function difference(actual, expected) {
  const a = show(actual).split('\n'), b = show(expected).split('\n'), lines = [];
  if (a.length === 1 && b.length === 1) return `\n${a[0]} !== ${b[0]}\n`;
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; --i) {
    for (let k = b.length - 1; k >= 0; --k) table[i][k] = a[i] === b[k] ? table[i + 1][k + 1] + 1 : Math.max(table[i + 1][k], table[i][k + 1]);
  }
  for (let i = 0, k = 0; i < a.length || k < b.length;) {
    if (i < a.length && k < b.length && a[i] === b[k]) {
      lines.push(`  ${a[i++]}`);
      ++k;
    } else if (i < a.length && (k >= b.length || table[i + 1][k] >= table[i][k + 1])) lines.push(`+ ${a[i++]}`);
    else lines.push(`- ${b[k++]}`);
  }
  return `\n+ actual - expected\n\n${lines.join('\n')}\n`;
}

function messageOf({ actual, expected, operator }) {
  const verb = VERBS[operator];
  if (verb === undefined) return `${inspect(actual)} ${operator} ${inspect(expected)}`;
  if (operator === 'equal' || operator === 'notEqual') return `${inspect(actual)} ${operator === 'equal' ? '==' : '!='} ${inspect(expected)}`;
  if (operator.startsWith('not')) return `${verb} ${show(actual)}`;
  return `${verb}\n${difference(actual, expected)}`;
}

// What is compared strictly is shown below a message, too.
const withDifference = ({ actual, expected, message, operator }) => (operator === 'strictEqual' || operator === 'deepStrictEqual'
  ? `${message}\n${difference(actual, expected)}` : String(message));

class AssertionError extends Error {
  constructor(options) {
    if (options === null || typeof options !== 'object') throw argumentType('options', 'Object', options);
    super(options.message !== undefined ? withDifference(options) : messageOf(options));
    this.generatedMessage = options.message === undefined;
    this.code = 'ERR_ASSERTION';
    this.actual = options.actual;
    this.expected = options.expected;
    this.operator = options.operator;
    const at = this.stack.indexOf('\n    at ');
    Object.defineProperty(this, 'stack', { value: `AssertionError [ERR_ASSERTION]: ${this.message}${at < 0 ? '' : this.stack.slice(at)}`, writable: true, configurable: true });
  }
}
Object.defineProperty(AssertionError.prototype, 'name', { value: 'AssertionError', writable: true, configurable: true });

function fail(actual, expected, message, operator) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ actual, expected, message, operator });
}

// The same, with a message of ours if there is none.
function generated(actual, expected, message, otherwise, operator) {
  try {
    fail(actual, expected, message ?? otherwise, operator);
  } catch (error) {
    if (message === undefined) error.generatedMessage = true;
    throw error;
  }
}

function ok(...args) {
  const [value, message] = args;
  if (value) return;
  if (args.length === 0) fail(undefined, true, 'No value argument passed to `assert.ok()`', '==');
  if (message instanceof Error) throw message;
  const error = new AssertionError({ actual: value, expected: true, message: message ?? 'The expression evaluated to a falsy value:\n\n  assert(' + inspect(value) + ')\n', operator: '==' });
  error.generatedMessage = message === undefined;
  throw error;
}

function assert(...args) { ok(...args); }

const comparisons = {
  strictEqual: (a, b) => Object.is(a, b), notStrictEqual: (a, b) => !Object.is(a, b),
  equal: (a, b) => a == b || (a !== a && b !== b), notEqual: (a, b) => !(a == b || (a !== a && b !== b)),  // eslint-disable-line eqeqeq
  deepStrictEqual: isDeepStrictEqual, notDeepStrictEqual: (a, b) => !isDeepStrictEqual(a, b),
  deepEqual: isDeepEqual, notDeepEqual: (a, b) => !isDeepEqual(a, b),
};
for (const [name, test] of Object.entries(comparisons)) {
  assert[name] = { [name](actual, expected, message) {
    if (arguments.length < 2) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "actual" and "expected" arguments must be specified');
    if (!test(actual, expected)) fail(actual, expected, message, name);
  } }[name];
}

// Whether an error is what was expected; throws if not.
function checkError(error, expected, message, operator) {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    if (expected.test(String(error))) return;
    fail(error, expected, message ?? `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`, operator);
  }
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected)) {
      if (message === undefined) throw error;
      fail(error, expected, message, operator);
    }
    if (expected.call({}, error) === true) return;
    fail(error, expected, message ?? `The ${expected.name ? `"${expected.name}" ` : ''}validation function is expected to return "true". Received ${inspect(expected.call({}, error))}`, operator);
  }
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push('name', 'message');
  for (const key of keys) {
    const isMatch = expected[key] instanceof RegExp && typeof error?.[key] === 'string' ? expected[key].test(error[key]) : isDeepStrictEqual(error?.[key], expected[key]);
    if (!isMatch) {
      const pick = (object) => Object.fromEntries(keys.filter((name) => object != null && name in object).map((name) => [name, object[name]]));
      fail(error, expected, message ?? messageOf({ actual: pick(error), expected: pick(expected), operator: 'deepStrictEqual' }), operator);
    }
  }
}

const missing = (expected, message, what) => `Missing expected ${what}${typeof expected === 'function' && expected.name ? ` (${expected.name})` : ''}${message ? `: ${message}` : '.'}`;

Object.assign(assert, {
  ok, AssertionError,
  fail(message = 'Failed') {
    if (message instanceof Error) throw message;
    const error = new AssertionError({ message, operator: 'fail' });
    error.generatedMessage = arguments.length === 0;
    throw error;
  },
  ifError(value) {
    if (value === null || value === undefined) return;
    throw new AssertionError({ actual: value, expected: null, operator: 'ifError', message: `ifError got unwanted exception: ${value instanceof Error ? value.message : inspect(value)}` });
  },
  throws(call, expected, message) {
    if (typeof call !== 'function') throw argumentType('fn', 'function', call);
    if (typeof expected === 'string') [expected, message] = [undefined, expected];
    let error, thrown = false;
    try {
      call();
    } catch (reason) {
      thrown = true;
      error = reason;
    }
    if (!thrown) fail(undefined, expected, missing(expected, message, 'exception'), 'throws');
    checkError(error, expected, message, 'throws');
  },
  doesNotThrow(call, expected, message) {
    if (typeof expected === 'string') [expected, message] = [undefined, expected];
    try {
      call();
    } catch (error) {
      if (typeof expected === 'function' && !(error instanceof expected)) throw error;
      fail(error, expected, `Got unwanted exception${message ? `: ${message}` : '.'}\nActual message: "${error?.message}"`, 'doesNotThrow');
    }
  },
  async rejects(call, expected, message) {
    if (typeof expected === 'string') [expected, message] = [undefined, expected];
    let error, failed = false;
    try {
      await (typeof call === 'function' ? call() : call);
    } catch (reason) {
      failed = true;
      error = reason;
    }
    if (!failed) fail(undefined, expected, missing(expected, message, 'rejection'), 'rejects');
    checkError(error, expected, message, 'rejects');
  },
  async doesNotReject(call, expected, message) {
    try {
      await (typeof call === 'function' ? call() : call);
    } catch (error) {
      fail(error, expected, `Got unwanted rejection${typeof message === 'string' ? `: ${message}` : '.'}\nActual message: "${error?.message}"`, 'doesNotReject');
    }
  },
  match(text, expression, message) {
    if (typeof text === 'string' && expression.test(text)) return;
    generated(text, expression, message, `The input did not match the regular expression ${inspect(expression)}. Input:\n\n${inspect(text)}\n`, 'match');
  },
  doesNotMatch(text, expression, message) {
    if (typeof text === 'string' && !expression.test(text)) return;
    generated(text, expression, message, `The input was expected to not match the regular expression ${inspect(expression)}. Input:\n\n${inspect(text)}\n`, 'doesNotMatch');
  },
});

function strict(...args) { ok(...args); }
assert.strict = Object.assign(strict, assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;
module.exports = assert;
