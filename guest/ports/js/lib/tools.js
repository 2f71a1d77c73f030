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

// --- the object

const own = { call, callSync, list, ToolDenied, ToolError };
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
