// The tools of the host: tools.NAME({...}), tools['a/b']({...}), a promise each.
'use strict';

const { nameOf, argumentType } = require('errors');

const OK = 0, DENIED = 1, POLLIN = 1;
const EACCES = -13, ENOENT = -2, EINVAL = -22, ENOBUFS = -105;

// A call that may not be made, or not any more.
class ToolDenied extends Error {
  constructor(tool, reason) {
    super(`${tool}: ${reason}`);
    this.tool = tool;
    this.reason = reason;
  }
}

// A call that was made and did not work.
class ToolError extends Error {
  constructor(tool, reason) {
    super(`${tool}: ${reason}`);
    this.tool = tool;
    this.reason = reason;
  }
}
for (const type of [ToolDenied, ToolError]) Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });

let capability;

// What this process may do, which it may have given away since: opened once for all calls.
function open(tool) {
  if (capability !== undefined) return capability;
  const fd = native.capOpen();
  if (fd === EACCES) throw new ToolDenied(tool, 'this process may not call any tool');
  if (fd === ENOENT) throw new ToolDenied(tool, 'this sandbox has no tools');
  if (fd < 0) throw new ToolError(tool, nameOf(-fd)[1]);
  capability = fd;
  return fd;
}

const reasonOf = (number) => (number === ENOBUFS ? 'the calls under way hold too many bytes' : nameOf(-number)[1]);

function finish(name, call) {
  const answer = native.toolFinish(call);
  if (typeof answer === 'number') throw new ToolError(name, reasonOf(answer));
  const [status, text] = answer;
  if (status === OK) return JSON.parse(text);
  throw status === DENIED ? new ToolDenied(name, text) : new ToolError(name, text);
}

function begin(name, parameters) {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) throw argumentType('parameters', 'Object', parameters);
  const cap = open(name);
  const call = native.toolStart(cap, name, JSON.stringify(parameters));
  if (call === EINVAL) throw new ToolDenied(name, 'this is no name of a tool');
  if (call < 0) throw new ToolError(name, reasonOf(call));
  return call;
}

// The result of a call; `signal` gives it up.
function call(name, parameters = {}, { signal } = {}) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const fd = begin(name, parameters);
    const giveUp = () => {
      native.unwatch(fd);
      native.close(fd);
      reject(signal.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    native.watch(fd, POLLIN, () => {
      native.unwatch(fd);
      signal?.removeEventListener('abort', giveUp);
      try {
        resolve(finish(name, fd));
      } catch (error) {
        reject(error);
      }
    }, true);
  });
}

// The same, and waits for it.
const callSync = (name, parameters = {}) => finish(name, begin(name, parameters));

// What may be called: { tool, description, parameters, conditions } of each.
function list() {
  const fd = native.capOpen();
  if (fd === EACCES || fd === ENOENT) return [];
  if (fd < 0) throw new ToolError('list', nameOf(-fd)[1]);
  const text = native.capList(fd);
  native.close(fd);
  if (typeof text === 'number') throw new ToolError('list', nameOf(-text)[1]);
  return JSON.parse(text);
}

// --- TypeScript

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const key = (name) => (IDENTIFIER.test(name) ? name : JSON.stringify(name));

const comment = (text, indent) => (text ? `${indent}/** ${String(text).replaceAll('*/', '*\\/').replaceAll('\n', `\n${indent} * `)} */\n` : '');

const SIMPLE = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' };

function objectType(schema, indent, depth) {
  const inner = `${indent}  `, required = schema.required ?? [], { additionalProperties: more } = schema;
  const lines = Object.entries(schema.properties ?? {}).map(([name, about]) =>
    `${comment(about?.description, inner)}${inner}${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(about, inner, depth + 1)};\n`);
  if (more !== false && (lines.length === 0 || more !== undefined)) {
    const type = typeof more === 'object' && lines.length === 0 ? typeOf(more, inner, depth + 1) : 'unknown';
    if (lines.length === 0) return `Record<string, ${type}>`;
    lines.push(`${inner}[name: string]: unknown;\n`);
  }
  return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('')}${indent}}`;
}

function typeOf(schema, indent, depth = 0) {
  if (schema === null || typeof schema !== 'object' || depth > 16) return 'unknown';
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ') || 'never';
  for (const [word, glue] of [['anyOf', ' | '], ['oneOf', ' | '], ['allOf', ' & ']]) {
    if (Array.isArray(schema[word])) return schema[word].map((one) => typeOf(one, indent, depth + 1)).join(glue);
  }
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type }, indent, depth + 1)).join(' | ');
  if (SIMPLE[schema.type]) return SIMPLE[schema.type];
  if (schema.type === 'array') return `Array<${typeOf(schema.items, indent, depth + 1)}>`;
  if (schema.type === 'object' || schema.properties) return objectType(schema, indent, depth);
  return 'unknown';
}

const LIBRARY = `declare class ToolDenied extends Error {
  readonly tool: string;
  readonly reason: string;
}
declare class ToolError extends Error {
  readonly tool: string;
  readonly reason: string;
}
`;

// The types of what may be called.
function declarations() {
  const entries = list().map(({ tool, description, parameters, result }) => {
    const type = parameters === undefined ? 'Record<string, unknown>' : typeOf({ type: 'object', ...parameters }, '  ');
    const optional = (parameters?.required ?? []).length === 0 ? '?' : '';
    return `${comment(description, '  ')}  ${key(tool)}(parameters${optional}: ${type}): Promise<${result ? typeOf(result, '  ') : 'any'}>;\n`;
  });
  return `${LIBRARY}declare const tools: {\n${entries.join('')}};\n`;
}

// --- the object

const own = { call, callSync, list, declarations, ToolDenied, ToolError };
const made = new Map();

const handler = {
  get(target, name) {
    if (typeof name !== 'string' || name === 'then' || name === 'toJSON' || name === 'constructor') return target[name];
    if (!made.has(name)) made.set(name, Object.defineProperty((parameters, options) => call(name, parameters, options), 'name', { value: name }));
    return made.get(name);
  },
  has: (target, name) => typeof name === 'string' && list().some(({ tool }) => tool === name),
  ownKeys: () => list().map(({ tool }) => tool),
  getOwnPropertyDescriptor: (target, name) => (handler.has(target, name)
    ? { value: handler.get(target, name), enumerable: true, configurable: true, writable: false } : undefined),
  set: () => false,
  deleteProperty: () => false,
  defineProperty: () => false,
};

module.exports = { ...own };
Object.defineProperty(module.exports, 'tools', { enumerable: true, value: new Proxy(Object.create(null), handler) });
