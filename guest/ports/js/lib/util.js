// util.
'use strict';

const { inspect, format, formatWithOptions } = require('inspect');
const { argumentType, coded, nameOf, SYSTEM } = require('errors');
const { isDeepStrictEqual } = require('equal');

const CUSTOM = Symbol.for('nodejs.util.promisify.custom');

function promisify(original) {
  if (typeof original !== 'function') throw argumentType('original', 'function', original);
  if (typeof original[CUSTOM] === 'function') return original[CUSTOM];
  const result = function (...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, ...values) => (error ? reject(error) : resolve(values[0]))]);
    });
  };
  Object.setPrototypeOf(result, Object.getPrototypeOf(original));
  return Object.defineProperties(result, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = CUSTOM;

function callbackify(original) {
  if (typeof original !== 'function') throw argumentType('original', 'Function', original);
  const result = function (...args) {
    const callback = args.pop();
    if (typeof callback !== 'function') throw argumentType('last argument', 'Function', callback);
    Reflect.apply(original, this, args).then((value) => process.nextTick(callback, null, value), (reason) => {
      if (!reason) reason = Object.assign(coded(Error, 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value'), { reason });
      process.nextTick(callback, reason);
    });
  };
  Object.defineProperty(result, 'name', { value: `${original.name}Callbackified` });
  return result;
}

const warned = new Set();
function deprecate(call, message, code) {
  return Object.setPrototypeOf(function (...args) {
    if (!warned.has(code ?? message)) {
      warned.add(code ?? message);
      process.emitWarning(message, 'DeprecationWarning', code);
    }
    return new.target ? Reflect.construct(call, args, new.target) : Reflect.apply(call, this, args);
  }, call);
}

function inherits(type, parent) {
  if (typeof type !== 'function') throw argumentType('ctor', 'Function', type);
  if (typeof parent !== 'function') throw argumentType('superCtor', 'Function', parent);
  Object.defineProperty(type, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(type.prototype, parent.prototype);
}

function debuglog(section) {
  const names = (process.env.NODE_DEBUG ?? '').toUpperCase().split(',');
  const enabled = names.includes(section.toUpperCase());
  const log = (...args) => { if (enabled) native.writeAll(2, `${section.toUpperCase()} ${process.pid}: ${format(...args)}\n`); };
  log.enabled = enabled;
  return log;
}

// The options of a command line.
function parseArgs({ args = process.argv.slice(2), options = {}, strict = true, allowPositionals = !strict, tokens: wantsTokens = false, allowNegative = false } = {}) {
  const values = Object.create(null), positionals = [], tokens = [];
  const store = (name, value, raw, index, inline) => {
    const about = options[name];
    if (strict) {
      if (about === undefined) throw coded(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${raw}'${allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${raw}"` : ''}`);
      if (about.type === 'string' && typeof value !== 'string') throw coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${about.short ? `-${about.short}, ` : ''}--${name} <value>' argument missing`);
      if (about.type === 'boolean' && typeof value === 'string') throw coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${about.short ? `-${about.short}, ` : ''}--${name}' does not take an argument`);
    }
    tokens.push({ kind: 'option', name, rawName: raw, index, value: typeof value === 'string' ? value : undefined, inlineValue: typeof value === 'string' ? inline : undefined });
    if (about?.multiple) (values[name] ??= []).push(value);
    else values[name] = value;
  };
  const byShort = (letter) => Object.keys(options).find((name) => options[name].short === letter) ?? letter;
  for (let i = 0; i < args.length; ++i) {
    const word = args[i];
    if (word === '--') {
      tokens.push({ kind: 'option-terminator', index: i });
      if (strict && !allowPositionals && i + 1 < args.length) throw unexpected(args[i + 1]);
      args.slice(i + 1).forEach((value, k) => {
        positionals.push(value);
        tokens.push({ kind: 'positional', index: i + 1 + k, value });
      });
      break;
    }
    if (/^--./.test(word)) {
      const at = word.indexOf('=', 3);
      const name = word.slice(2, at < 0 ? undefined : at);
      if (at >= 0) store(name, word.slice(at + 1), `--${name}`, i, true);
      else if (options[name]?.type === 'string' && i + 1 < args.length && !/^-./.test(args[i + 1])) store(name, args[i + 1], word, i++, false);
      else if (allowNegative && name.startsWith('no-') && options[name.slice(3)]?.type === 'boolean') store(name.slice(3), false, word, i);
      else store(name, options[name]?.type === 'string' ? undefined : true, word, i);
    } else if (/^-[^-]/.test(word)) {
      for (let k = 1; k < word.length; ++k) {
        const name = byShort(word[k]);
        if (options[name]?.type !== 'string') {
          store(name, true, `-${word[k]}`, i);
          continue;
        }
        if (k + 1 < word.length) store(name, word.slice(k + 1), `-${word[k]}`, i, true);
        else store(name, i + 1 < args.length ? args[i + 1] : undefined, `-${word[k]}`, i++, false);
        break;
      }
    } else {
      if (strict && !allowPositionals) throw unexpected(word);
      positionals.push(word);
      tokens.push({ kind: 'positional', index: i, value: word });
    }
  }
  for (const [name, { default: value }] of Object.entries(options)) if (value !== undefined && values[name] === undefined) values[name] = value;
  return { values, positionals, ...(wantsTokens ? { tokens } : {}) };
}
const unexpected = (word) => coded(TypeError, 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', `Unexpected argument '${word}'. This command does not take positional arguments`);

const ESCAPES = /[\u001b\u009b][[\]()#;?]*(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?\u0007|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~])/g;

function styleText(styles, text, { validateStream = true, stream = process.stdout } = {}) {
  let before = '', after = '';
  for (const style of [styles].flat()) {
    const codes = inspect.colors[style];
    if (codes === undefined) throw require('errors').argumentValue('format', style, `must be one of: ${Object.keys(inspect.colors).map((name) => `'${name}'`).join(', ')}`);
    before += `\x1b[${codes[0]}m`;
    after = `\x1b[${codes[1]}m${after}`;
  }
  return validateStream && !(stream.isTTY && process.env.NO_COLOR === undefined) ? text : before + text + after;
}

module.exports = {
  inspect, format, formatWithOptions, promisify, callbackify, deprecate, inherits, debuglog, debug: debuglog, isDeepStrictEqual, parseArgs, styleText,
  stripVTControlCharacters: (text) => text.replace(ESCAPES, ''),
  toUSVString: (text) => String(text).toWellFormed(),
  getSystemErrorName: (number) => nameOf(-number)[0],
  getSystemErrorMap: () => new Map(Object.entries(SYSTEM).map(([number, value]) => [-number, value])),
  aborted: (signal) => new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }))),
  isArray: Array.isArray, TextEncoder, TextDecoder, types: require('util/types'),
  isError: (value) => value instanceof Error, isRegExp: (value) => native.kind(value) === 'RegExp', isDate: (value) => native.kind(value) === 'Date',
  isFunction: (value) => typeof value === 'function', isString: (value) => typeof value === 'string', isNumber: (value) => typeof value === 'number',
  isBoolean: (value) => typeof value === 'boolean', isObject: (value) => value !== null && typeof value === 'object', isUndefined: (value) => value === undefined,
  isNull: (value) => value === null, isNullOrUndefined: (value) => value == null, isSymbol: (value) => typeof value === 'symbol', isBuffer: (value) => Buffer.isBuffer(value),
  isPrimitive: (value) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  log: (...args) => console.log(`${new Date().toLocaleString()} - ${format(...args)}`),
  _extend: (target, source) => Object.assign(target, source),
};
