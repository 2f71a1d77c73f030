// util.inspect and util.format: values as text.
'use strict';

const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
const DEFAULTS = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};
const COLORS = {
  special: [36, 39], number: [33, 39], bigint: [33, 39], boolean: [33, 39], undefined: [90, 39], null: [1, 22],
  string: [32, 39], symbol: [32, 39], date: [35, 39], regexp: [31, 39], module: [4, 24],
};
const ENTRY_WIDTH = 16;  // short entries of arrays are put into columns beyond six of them

const paint = (context, text, style) => {
  if (!context.colors) return text;
  const [on, off] = COLORS[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

const ESCAPES = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\v': '\\v', '\\': '\\\\' };

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !/[`]|\$\{/.test(text) ? '`' : "'";
  const escaped = text.replace(/[\x00-\x1f\x7f-\x9f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (c) => ESCAPES[c] ?? (c > '\ud7ff' ? `\\u${c.charCodeAt(0).toString(16).toUpperCase()}`
      : `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function string(context, text, isTop) {
  let rest = '';
  if (text.length > context.maxStringLength) {
    const more = text.length - context.maxStringLength;
    text = text.slice(0, context.maxStringLength);
    rest = `... ${more} more character${more > 1 ? 's' : ''}`;
  }
  // Long texts of many lines, one a line.
  if (!isTop && context.compact !== true && text.length > ENTRY_WIDTH && text.length > context.breakLength - context.indent - 4 && text.includes('\n')) {
    const lines = text.match(/[^\n]*\n|[^\n]+$/g);
    return lines.map((line) => paint(context, quote(line), 'string')).join(` +\n${' '.repeat(context.indent + 2)}`) + rest;
  }
  return paint(context, quote(text), 'string') + rest;
}

function number(context, value) {
  if (Object.is(value, -0)) return paint(context, '-0', 'number');
  let text = `${value}`;
  if (context.numericSeparator) text = text.replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '_'));
  return paint(context, text, 'number');
}

function primitive(context, value, isTop) {
  switch (typeof value) {
    case 'string': return string(context, value, isTop);
    case 'number': return number(context, value);
    case 'bigint': return paint(context, `${value}n`, 'bigint');
    case 'boolean': return paint(context, `${value}`, 'boolean');
    case 'symbol': return paint(context, value.toString(), 'symbol');
    case 'undefined': return paint(context, 'undefined', 'undefined');
    default: return paint(context, 'null', 'null');
  }
}

// The name of the class, which is that of the next prototype with a constructor of its own; null: there is none.
function className(value) {
  for (let at = value; at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, 'constructor');
    if (own !== undefined && typeof own.value === 'function' && own.value.name !== '' && isInstance(value, own.value)) {
      return own.value.name;
    }
  }
  return null;
}

function isInstance(value, type) {
  try { return value instanceof type || value === type.prototype; } catch { return false; }
}

function tagOf(value, name) {
  let tag;
  try { tag = value[Symbol.toStringTag]; } catch { return ''; }
  if (Object.prototype.propertyIsEnumerable.call(value, Symbol.toStringTag)) return '';  // it is among the properties
  return typeof tag === 'string' && tag !== '' && tag !== name ? tag : '';
}

function prefix(name, tag, fallback, size = '') {
  let text = name === null ? `[${fallback}${size}: null prototype] ` : `${name}${size} `;
  if (tag !== '' && name !== tag) text += `[${tag}] `;
  return text;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function keyText(context, key) {
  if (typeof key === 'symbol') return `[${paint(context, key.toString(), 'symbol')}]`;
  if (key === '__proto__') return "['__proto__']";
  return IDENTIFIER.test(key) ? key : paint(context, quote(key), 'string');
}

function property(context, value, key, depth, isArrayEntry) {
  const about = Object.getOwnPropertyDescriptor(value, key) ?? { value: value[key], enumerable: true };
  let text;
  if (about.value !== undefined || !(about.get || about.set)) {
    const indent = isArrayEntry || context.compact !== true ? 2 : 3;
    context.indent += indent;
    text = format(context, about.value, depth);
    context.indent -= indent;
  } else if (about.get !== undefined) {
    text = paint(context, about.set !== undefined ? '[Getter/Setter]' : '[Getter]', 'special');
    if (context.getters) {
      try {
        const got = about.get.call(value);
        const shown = format(context, got, depth);
        text = typeof got === 'object' && got !== null ? `${text} ${shown}` : `${text.slice(0, -1)}: ${shown}]`;
      } catch (error) {
        text = `${text.slice(0, -1)}: <Inspection threw (${error.message})>]`;
      }
    }
  } else {
    text = paint(context, '[Setter]', 'special');
  }
  if (isArrayEntry) return text;
  const name = keyText(context, key);
  return `${about.enumerable === false ? `[${name}]` : name}: ${text}`;
}

function keysOf(context, value) {
  const keys = context.showHidden ? Object.getOwnPropertyNames(value) : Object.keys(value);
  const symbols = Object.getOwnPropertySymbols(value);
  return [...keys, ...(context.showHidden ? symbols
    : symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key)))];
}

const isIndex = (key) => typeof key === 'string' && /^(0|[1-9]\d{0,9})$/.test(key) && +key < 4294967295;
const more = (count) => `... ${count} more item${count > 1 ? 's' : ''}`;

function arrayEntries(context, value, depth) {
  const out = [], limit = Math.min(Math.max(0, context.maxArrayLength), value.length);
  for (let i = 0; i < value.length && out.length < limit; ++i) {
    if (Object.hasOwn(value, i)) {
      out.push(property(context, value, String(i), depth, true));
      continue;
    }
    let end = i;
    while (end < value.length && !Object.hasOwn(value, end)) ++end;
    out.push(paint(context, `<${end - i} empty item${end - i > 1 ? 's' : ''}>`, 'undefined'));
    i = end - 1;
  }
  const left = value.length - limit;
  if (left > 0 && out.length >= limit) out.push(more(left));
  return out;
}

function typedEntries(context, value) {
  const limit = Math.min(Math.max(0, context.maxArrayLength), value.length), out = [];
  for (let i = 0; i < limit; ++i) out.push(primitive(context, value[i]));
  if (value.length > limit) out.push(more(value.length - limit));
  return out;
}

function listEntries(context, list, depth) {
  context.indent += 2;
  const limit = Math.min(Math.max(0, context.maxArrayLength), list.length);
  const out = list.slice(0, limit).map((item) => format(context, item, depth));
  if (list.length > limit) out.push(more(list.length - limit));
  context.indent -= 2;
  return out;
}

function mapEntries(context, map, depth) {
  context.indent += 2;
  const limit = Math.max(0, context.maxArrayLength), out = [];
  for (const [key, item] of Map.prototype.entries.call(map)) {
    if (out.length >= limit) break;
    out.push(`${format(context, key, depth)} => ${format(context, item, depth)}`);
  }
  if (map.size > limit) out.push(more(map.size - limit));
  context.indent -= 2;
  return out;
}

function bufferEntries(context, value, depth) {
  const bytes = new Uint8Array(value), limit = Math.min(50, bytes.length);
  let text = Array.from(bytes.subarray(0, limit), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (bytes.length > limit) text += ` ... ${bytes.length - limit} more byte${bytes.length - limit > 1 ? 's' : ''}`;
  return [`[Uint8Contents]: <${text}>`, `byteLength: ${primitive(context, bytes.length)}`];
}

function functionText(value, name, tag) {
  const source = Function.prototype.toString.call(value);
  let kind = /^async\s*\*|^async\s+function\s*\*/.test(source) ? 'AsyncGeneratorFunction'
    : /^async\b/.test(source) ? 'AsyncFunction' : /^(function\s*)?\*/.test(source) ? 'GeneratorFunction' : 'Function';
  if (/^class\b/.test(source) && source.endsWith('}')) {
    const own = Object.hasOwn(value, 'name') && typeof value.name === 'string' && value.name !== '' ? value.name : '';
    const parent = Object.getPrototypeOf(value)?.name;
    return `[class ${own || '(anonymous)'}${parent ? ` extends ${parent}` : name === null ? ' extends null' : ''}]`;
  }
  if (tag === kind) tag = '';
  const named = typeof value.name === 'string' && value.name !== '' ? `: ${value.name}` : ' (anonymous)';
  return `[${kind}${name === null ? ' (null prototype)' : ''}${named}]${tag ? ` [${tag}]` : ''}`;
}

function errorText(context, value, keys) {
  let stack = typeof value.stack === 'string' && value.stack !== '' ? value.stack : undefined;
  let header;
  try { header = Error.prototype.toString.call(value); } catch { header = 'Error'; }
  if (stack === undefined) {
    return `[${header}]`;
  }
  // The class and the name that the error has now.
  const name = typeof value.name === 'string' ? value.name : 'Error', type = className(value);
  if (type !== null && !stack.includes(type) && type !== 'Error' && name === 'Error' && stack.startsWith('Error')) {
    stack = type + stack.slice(5);
  }
  const lines = stack.split('\n');
  if (!lines.some((line) => line.startsWith('    at '))) stack = `[${stack}]`;
  for (const key of ['name', 'message', 'stack']) {
    const at = keys.indexOf(key);
    if (at >= 0 && (key === 'stack' || stack.includes(String(value[key])))) keys.splice(at, 1);
  }
  if (Object.hasOwn(value, 'cause') && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray(value.errors) && Object.hasOwn(value, 'errors') && !keys.includes('errors')) keys.push('errors');
  return context.indent > 0 ? stack.split('\n').join(`\n${' '.repeat(context.indent)}`) : stack;
}

// What stands before the braces, the braces, and what is inside.
function describe(context, value, depth, kind, keys) {
  const name = className(value);
  let tag = tagOf(value, name);
  const simple = (text) => ({ open: keys.length > 0 ? `${text} {` : text, isSimple: keys.length === 0, close: '}', entries: [] });
  switch (kind) {
    case 'Array': {
      const isPlain = name === 'Array' && tag === '';
      return { open: `${isPlain ? '' : prefix(name, tag, 'Array', `(${value.length})`)}[`, close: ']', isArray: true,
        fill: (inner) => arrayEntries(context, value, inner) };
    }
    case 'Set':
      return { open: `${prefix(name, tag, 'Set', `(${value.size})`)}{`, close: '}',
        fill: (inner) => listEntries(context, [...Set.prototype.values.call(value)], inner) };
    case 'Map':
      return { open: `${prefix(name, tag, 'Map', `(${value.size})`)}{`, close: '}',
        fill: (inner) => mapEntries(context, value, inner) };
    case 'Map Iterator': case 'Set Iterator':
      return { open: `[${tag || kind}] {`, close: '}', fill: () => [] };
    case 'Arguments': return { open: '[Arguments] {', close: '}', fill: () => [] };
    case 'Function': return simple(paint(context, functionText(value, name, tag), 'special'));
    case 'RegExp': {
      const text = RegExp.prototype.toString.call(value);
      return simple(paint(context, name === 'RegExp' ? text : `${prefix(name, tag, 'RegExp')}${text}`, 'regexp'));
    }
    case 'Date': {
      const text = Number.isNaN(Date.prototype.getTime.call(value)) ? 'Invalid Date' : Date.prototype.toISOString.call(value);
      return simple(paint(context, name === 'Date' ? text : `${prefix(name, tag, 'Date')}${text}`, 'date'));
    }
    case 'Error': {
      const text = errorText(context, value, keys);
      return simple(text);
    }
    case 'ArrayBuffer': case 'SharedArrayBuffer':
      return { open: `${prefix(name, tag, kind)}{`, close: '}', fill: (inner) => bufferEntries(context, value, inner) };
    case 'DataView':
      return { open: `${prefix(name, tag, kind)}{`, close: '}', fill: (inner) => ['byteLength', 'byteOffset', 'buffer'].map((key) => {
        context.indent += 2;
        const text = `${key}: ${format(context, value[key], inner)}`;
        context.indent -= 2;
        return text;
      }) };
    case 'Promise': {
      const [state, result] = native.promise(value);
      return { open: `${prefix(name, tag, 'Promise')}{`, close: '}', fill: (inner) => {
        if (state === 0) return [paint(context, '<pending>', 'special')];
        context.indent += 2;
        const text = format(context, result, inner);
        context.indent -= 2;
        return [state === 2 ? `${paint(context, '<rejected>', 'special')} ${text}` : text];
      } };
    }
    case 'WeakSet': case 'WeakMap':
      return { open: `${prefix(name, tag, kind)}{`, close: '}', fill: () => [paint(context, '<items unknown>', 'special')] };
    case 'WeakRef': return { open: `${prefix(name, tag, kind)}{`, close: '}', fill: () => [paint(context, '<ref>', 'special')] };
    case 'Module': return { open: '[Module: null prototype] {', close: '}', fill: () => [] };
    case 'Number': case 'String': case 'Boolean': case 'BigInt': case 'Symbol': {
      const inner = globalThis[kind].prototype.valueOf.call(value);
      if (kind === 'String') keys.splice(0, keys.length, ...keys.filter((key) => !isIndex(key)));
      const text = `[${kind}${name === kind || name === null ? '' : ` (${name})`}: ${primitive({ ...context, colors: false }, inner, true)}]`;
      return simple(paint(context, text, kind.toLowerCase()));
    }
    case 'Generator': case 'AsyncGenerator': return { open: `Object [${kind}] {`, close: '}', fill: () => [] };
  }
  if (ArrayBuffer.isView(value)) {
    return { open: `${prefix(name, tag, kind, `(${value.length})`)}[`, close: ']', isArray: true, isTyped: true,
      fill: () => typedEntries(context, value) };
  }
  const isPlain = name === 'Object' && tag === '';
  return { open: `${isPlain ? '' : prefix(name, tag, 'Object')}{`, close: '}', fill: () => [] };
}

function custom(context, value, depth) {
  let method;
  try { method = value[CUSTOM]; } catch { return undefined; }
  if (typeof method !== 'function' || method === inspect) return undefined;
  if (value.constructor?.prototype === value) return undefined;
  const left = context.depth === null ? null : context.depth - depth;
  const options = { ...context.options, depth: left, stylize: (text, style) => paint(context, text, style) };
  const text = method.call(value, left, options, inspect);
  if (text === value) return undefined;
  return typeof text === 'object' && text !== null ? format(context, text, depth) : String(text).replaceAll('\n', `\n${' '.repeat(context.indent)}`);
}

function format(context, value, depth, isTop = false) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return primitive(context, value, isTop);
  const kind = native.kind(value);
  if (kind === 'Proxy' && context.showProxy) return '[Proxy]';
  if (context.customInspect) {
    const text = custom(context, value, depth);
    if (text !== undefined) return text;
  }
  if (context.seen.includes(value)) {
    let index = context.circular.get(value);
    if (index === undefined) context.circular.set(value, index = context.circular.size + 1);
    return paint(context, `[Circular *${index}]`, 'special');
  }
  return object(context, value, depth, kind === 'Proxy' ? (Array.isArray(value) ? 'Array' : typeof value === 'function' ? 'Function' : 'Object') : kind);
}

function object(context, value, depth, kind) {
  const isList = kind === 'Array' || (ArrayBuffer.isView(value) && kind !== 'DataView');
  let keys = keysOf(context, value);
  if (isList) keys = keys.filter((key) => !isIndex(key));
  const shape = describe(context, value, depth, kind, keys);
  if (shape.isSimple) return shape.open;
  if (context.depth !== null && depth > context.depth) {
    const name = className(value) ?? `${kind}: null prototype`;
    return paint(context, `[${kind === 'Array' ? 'Array' : name}]`, 'special');
  }
  context.seen.push(value);
  context.depthNow = depth;  // that of what was formatted last, when this is done
  let out;
  try {
    out = shape.fill ? shape.fill(depth + 1) : [];
    const isNamespace = kind === 'Module';
    for (const key of keys) out.push(isNamespace ? namespaceEntry(context, value, key, depth + 1) : property(context, value, key, depth + 1, false));
  } finally {
    context.seen.pop();
  }
  const index = context.circular.get(value);
  let open = shape.open;
  if (index !== undefined) {
    const mark = paint(context, `<ref *${index}>`, 'special');
    open = `${mark} ${open}`;
  }
  if (context.sorted) out.sort(typeof context.sorted === 'function' ? context.sorted : undefined);
  return assemble(context, out, open, shape, value, depth);
}

function namespaceEntry(context, value, key, depth) {
  try {
    return property(context, value, key, depth, false);
  } catch {
    return `${keyText(context, key)}: <uninitialized>`;
  }
}

const widthOf = (text) => require('width').width(text);

function assemble(context, out, open, shape, value, depth) {
  if (out.length === 0) return open.endsWith('{') || open.endsWith('[') ? `${open}${shape.close}` : open;
  const { compact } = context;
  if (compact === true) return `${open} ${out.join(', ')} ${shape.close}`;
  const entries = out.length;
  if (shape.isArray && entries > 6 && compact >= 1) out = columns(context, out, shape.isTyped || out.every((_, i) => typeof value[i] === 'number' || typeof value[i] === 'bigint'), value);
  if (context.depthNow - depth < compact && entries === out.length) {
    const start = out.length + context.indent + open.length + 10;
    const total = out.reduce((sum, text) => sum + text.length, 0) + out.length;
    const plain = context.colors ? out.reduce((sum, text) => sum + text.replace(/\x1b\[\d+m/g, '').length, 0) + out.length : total;
    if (plain + start <= context.breakLength && !out.some((text) => text.includes('\n')) && !open.includes('\n')) {
      return `${open} ${out.join(', ')} ${shape.close}`;
    }
  }
  const gap = `\n${' '.repeat(context.indent)}`;
  return `${open}${gap}  ${out.join(`,${gap}  `)}${gap}${shape.close}`;
}

// Entries of arrays in columns of one width.
function columns(context, out, isNumeric, value) {
  const count = context.maxArrayLength < value.length ? out.length - 1 : out.length;
  const lengths = out.slice(0, count).map((text) => widthOf(context.colors ? text.replace(/\x1b\[\d+m/g, '') : text));
  const total = lengths.reduce((sum, length) => sum + length + 2, 0), longest = Math.max(...lengths, 0) + 2;
  if (longest * 3 + context.indent >= context.breakLength || !(total / longest > 5 || longest <= 6 + 2)) return out;
  const bias = Math.max(longest - 3 - Math.sqrt(longest - total / out.length), 1);
  const perRow = Math.min(Math.round(Math.sqrt(2.5 * bias * count) / bias), Math.floor((context.breakLength - context.indent) / longest),
    context.compact * 4, 15);
  if (perRow <= 1) return out;
  const widths = [];
  for (let column = 0; column < perRow; ++column) {
    let widest = 0;
    for (let i = column; i < count; i += perRow) widest = Math.max(widest, lengths[i]);
    widths.push(widest + 2);
  }
  const rows = [];
  for (let start = 0; start < count; start += perRow) {
    const end = Math.min(start + perRow, count);
    let row = '';
    for (let i = start; i < end; ++i) {
      const isLast = i === end - 1;
      const cell = isLast ? out[i] : `${out[i]}, `;
      const fill = ' '.repeat(Math.max(0, widths[i - start] - lengths[i] - 2));
      row += isNumeric ? fill + cell : isLast ? cell : cell + fill;
    }
    rows.push(row);
  }
  if (count < out.length) rows.push(out[count]);
  return rows;
}

function inspect(value, options, ...old) {
  if (typeof options === 'boolean') options = { showHidden: options, depth: old[0], colors: old[1] };
  const given = {};
  for (const [key, item] of Object.entries(options ?? {})) if (item !== undefined || key === 'depth') given[key] = item;
  if (given.depth === undefined) delete given.depth;
  const context = { ...inspect.defaultOptions, ...given, options: { ...inspect.defaultOptions, ...given }, indent: 0, depthNow: 0, seen: [], circular: new Map() };
  if (context.depth === Infinity) context.depth = null;
  for (const key of ['maxArrayLength', 'maxStringLength']) if (context[key] === null) context[key] = Infinity;
  return format(context, value, 0, true);
}
inspect.custom = CUSTOM;
inspect.defaultOptions = { ...DEFAULTS };
inspect.colors = { reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27],
  black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39],
  white: [37, 39], gray: [90, 39], grey: [90, 39] };
inspect.styles = { special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold',
  string: 'green', symbol: 'green', date: 'magenta', regexp: 'red', module: 'underline' };

// --- format

function number0(value, parse) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'NaN';
  const result = parse(value);
  return Object.is(result, -0) ? '-0' : `${result}`;
}

function asString(value, options) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const method = value.toString;
  const isOwn = typeof method === 'function' && method !== Object.prototype.toString && method !== Error.prototype.toString &&
    method !== Array.prototype.toString && method !== Date.prototype.toString;
  if (value instanceof Error && !Object.hasOwn(value, 'toString')) return inspect(value, { ...options, depth: 0, compact: 3 });
  return isOwn ? String(value) : inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
}

function asJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError && /circular/i.test(error.message)) return '[Circular]';
    throw error;
  }
}

function formatWithOptions(options, first, ...rest) {
  if (typeof first !== 'string') return [first, ...rest].map((value) => (typeof value === 'string' ? value : inspect(value, options))).join(' ');
  if (rest.length === 0) return first;
  let used = 0;
  let text = first.replace(/%([sdifjoOc%])/g, (whole, letter) => {
    if (letter === '%') return '%';
    if (used >= rest.length) return whole;
    const value = rest[used++];
    switch (letter) {
      case 's': return asString(value, options);
      case 'd': return typeof value === 'object' && value !== null ? number0(NaN, Number) : number0(value, Number);
      case 'i': return typeof value === 'object' && value !== null ? 'NaN' : number0(value, parseInt);
      case 'f': return typeof value === 'symbol' ? 'NaN' : `${parseFloat(value)}`;
      case 'j': return asJson(value);
      case 'o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
      case 'O': return inspect(value, options);
      default: return '';
    }
  });
  for (; used < rest.length; ++used) text += ` ${typeof rest[used] === 'string' ? rest[used] : inspect(rest[used], options)}`;
  return text;
}

module.exports = { inspect, format: (...args) => formatWithOptions({}, ...args), formatWithOptions };
