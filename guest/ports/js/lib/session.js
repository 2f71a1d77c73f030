// A session of the host (docs/sessions.md): cells of code that come over a descriptor, one at a time, and what
// became of each.
//
// A frame from the host: the size of a JSON text, then the text: { id, name, code, limit, input }. One to the host: the
// size of a JSON text and that of bytes, then both: { id, kind, repr, displays, exit_code, error }, where the
// bytes are the value that `kind` is about. Sizes are 32 bits, little-endian.
'use strict';

const { inspect } = require('inspect');

const POLLIN = 1, AGAIN = -11, EINTR = -4;
const PIECE = 65536, KEPT_CELLS = 1000, SHOWN_LINE = 300;
const MAX_REPR = 1 << 20, MAX_TEXT = 1 << 18;  // of a repr; of an error's texts

const INTERRUPTED = 130;
const cells = new Map();  // name: text, the newest
let channel, hadInput = false;
let current;  // the cell that runs: { id, limit, displays, done }

// What process.exit() throws.
class Exit extends Error {
  constructor(code) {
    super(`process.exit(${code})`);
    this.code = code;
  }
}

const cut = (text, size) => (text.length > size ? `${text.slice(0, size)}…` : text);

// --- values

const PLAIN = new Set(['Object', 'Array', 'String', 'Number', 'Boolean', 'Date', 'Proxy']);

// Whether JSON says all of it.
function isPlain(value, above = []) {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || !PLAIN.has(native.kind(value)) || above.includes(value)) return false;
  if (typeof value.toJSON === 'function') return true;
  const inner = [...above, value];
  return Object.values(value).every((item) => item === undefined || typeof item === 'function' || isPlain(item, inner));
}

function bytesOf(value) {
  if (value instanceof ArrayBuffer) return value;
  if (!(value instanceof Uint8Array)) return undefined;
  return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
}

const encode = (text) => native.encode(text, 0);

// [kind, ArrayBuffer]
function encodeValue(value) {
  if (value === undefined) return ['none', new ArrayBuffer(0)];
  const bytes = bytesOf(value);
  if (bytes !== undefined) return ['bytes', bytes];
  let text;
  try {
    if (isPlain(value)) text = JSON.stringify(value);
  } catch (error) {
    if (isInterrupt(error)) throw error;
  }
  return text === undefined ? ['text', encode(inspect(value))] : ['json', encode(text)];
}

// --- rich forms

const DISPLAY = Symbol.for('Jupyter.display');

const isBundle = (value) => value !== null && typeof value === 'object' && Object.keys(value).some((name) => /^[\w.+-]+\/[\w.+-]+$/.test(name));

function formOf(type, data) {
  const bytes = bytesOf(data);
  if (bytes !== undefined) return Buffer.from(bytes).toString('base64');
  return /[/+]json$/.test(type) ? JSON.stringify(data) ?? 'null' : String(data);
}

const bundleOf = (forms) => Object.fromEntries(Object.entries(forms).map(([type, data]) => [type, formOf(type, data)]));

// What a value says of itself; undefined: nothing.
async function richForms(value) {
  if (value === null || typeof value !== 'object' || typeof value[DISPLAY] !== 'function') return undefined;
  const forms = await value[DISPLAY]();
  return isBundle(forms) ? bundleOf(forms) : undefined;
}

// display(value), display({ 'image/png': bytes }, { raw: true }): shows it with the cell's result.
async function display(value, { raw = false } = {}) {
  const cell = current;
  const forms = raw ? bundleOf(value) : await richForms(value) ?? { 'text/plain': cut(inspect(value), MAX_REPR) };
  cell?.displays.push(forms);
}

// --- errors

const isInterrupt = (error) => error instanceof InternalError && error.message === 'interrupted';

// The line that an error is about, as a program's own errors show it.
function sourceOf(stack) {
  const [, name, line, column] = /at (?:[^\n(]*\()?(<cell \d+>):(\d+):(\d+)\)?/.exec(stack) ?? [];
  const text = cells.get(name)?.split('\n')[line - 1];
  if (text === undefined || text.length > SHOWN_LINE) return '';
  return `${name}:${line}\n${text}\n${' '.repeat(Math.max(0, column - 1))}^\n`;
}

// Without the frames below the cell.
const ownFrames = (text) => text.split('\n').filter((line) => !/^ +at .*(node:internal\/|\(native\)$)/.test(line)).join('\n');

function describe(error) {
  if (isInterrupt(error)) return { type: 'Interrupted', message: 'the code was interrupted', traceback: 'Interrupted: the code was interrupted\n' };
  if (!(error instanceof Error)) {
    const message = inspect(error);
    return { type: typeof error, message: cut(message, MAX_TEXT), traceback: cut(`Uncaught ${message}\n`, MAX_TEXT) };
  }
  const text = ownFrames(inspect(error));
  return {
    type: String(error.name), message: cut(String(error.message), MAX_TEXT),
    traceback: cut(`${sourceOf(String(error.stack))}Uncaught ${text}\n`, MAX_TEXT),
  };
}

function safely(describeIt, otherwise) {
  try {
    return describeIt();
  } catch (error) {
    return otherwise;
  }
}

const FAILED_TWICE = { type: 'Error', message: 'an error that cannot be shown', traceback: 'Uncaught: an error that cannot be shown\n' };

function report(error) {
  const about = safely(() => describe(error), FAILED_TWICE);
  native.writeAll(2, about.traceback);
  return about;
}

// --- cells

function send(header, body) {
  const text = encode(JSON.stringify(header));
  const sizes = new Uint32Array([text.byteLength, body.byteLength]);
  for (const part of [sizes.buffer, text, body]) {
    if (part.byteLength > 0 && native.writeAll(channel, part) < 0) native.exit(70);
  }
}

const tooLarge = (size, limit) => new RangeError(`the value has ${size} bytes, more than the limit value_bytes (${limit})`);

// Sends what became of a cell, once.
function finish(cell, reply, body = new ArrayBuffer(0)) {
  if (current !== cell) return;
  native.armInterrupt(false);
  current = undefined;
  const { exitCode } = process;
  process.exitCode = undefined;
  const displays = JSON.stringify(cell.displays).length > cell.limit ? [] : cell.displays;
  send({ id: cell.id, kind: 'none', repr: '', exit_code: exitCode ?? 0, displays, ...reply }, body);
}

function fail(cell, error) {
  if (current !== cell) return;
  // What it waited for may have failed for the interrupt before that itself was seen.
  if (native.armInterrupt(true) && !(error instanceof Exit)) error = new InternalError('interrupted');
  if (error instanceof Exit) finish(cell, { exit_code: error.code });
  else finish(cell, { exit_code: isInterrupt(error) ? INTERRUPTED : 1, error: report(error) });
}

async function succeed(cell, value) {
  const [kind, body] = encodeValue(value);
  if (body.byteLength > cell.limit) throw tooLarge(body.byteLength, cell.limit);
  const forms = await richForms(value);
  if (forms !== undefined) cell.displays.push(forms);
  if (value !== undefined) Object.defineProperty(globalThis, '_', { value, writable: true, configurable: true, enumerable: false });
  const repr = kind === 'none' ? '' : cut(inspect(value), Math.min(MAX_REPR, cell.limit));
  finish(cell, { kind, repr }, body);
}

// An object is meant where the grammar sees a block.
function asExpression(code) {
  const text = code.trim();
  if (text[0] !== '{' || text.at(-1) !== '}') return code;
  return native.compiles(`(${code}\n)`) ? `(${code}\n)` : code;
}

async function run(cell, name, code) {
  try {
    const { value } = await native.evaluateCell(asExpression(code), name);
    await succeed(cell, value);
  } catch (error) {
    fail(cell, error);
  }
}

// Nothing is left of what an earlier cell was given.
function renewInput() {
  const about = Object.getOwnPropertyDescriptor(process, 'stdin');
  if (about.get !== undefined) return;
  about.value?.destroy?.();
  process._stream('stdin', 0);
}

function begin(text) {
  const { id, name, code, limit, input } = JSON.parse(text);
  if (cells.size >= KEPT_CELLS) cells.delete(cells.keys().next().value);
  cells.set(name, code);
  current = { id, limit, displays: [] };
  if (input || hadInput) renewInput();
  hadInput = input;
  native.armInterrupt(true, true);  // also for what came since the cell was read
  run(current, name, code);
}

// --- frames

let parts = [], size = 0;

function take(count) {
  const all = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  parts = [all.subarray(count)];
  size -= count;
  return all.subarray(0, count);
}

function receive() {
  if (current === undefined) native.armInterrupt(false);  // what came was for the cell before
  const bytes = Buffer.allocUnsafe(PIECE);
  const got = native.read(channel, bytes, 0, bytes.length, -1);
  if (got === AGAIN || got === EINTR) return;
  if (got <= 0) native.exit(0);  // the session is over
  parts.push(bytes.subarray(0, got));
  size += got;
  while (size >= 4) {
    if (parts[0].length < 4) parts = [Buffer.concat(parts)];
    const length = parts[0].readUInt32LE(0);
    if (size < 4 + length) return;
    const frame = take(4 + length);
    begin(frame.toString('utf8', 4));
  }
}

function interrupt() {
  if (current !== undefined) fail(current, new InternalError('interrupted'));
}

exports.start = (fd) => {
  require('loader').runText('', '[session]', false);
  channel = native.enterSession(fd);
  if (channel < 0) {
    native.writeAll(2, `js: --session ${fd}: no descriptor of a session\n`);
    native.exit(9);
  }
  process.exit = (code) => {
    if (code !== undefined) process.exitCode = code;
    const number = process.exitCode ?? 0;
    process.exitCode = undefined;
    throw new Exit(number);
  };
  Object.defineProperty(globalThis, 'display', { value: display, writable: true, configurable: true, enumerable: false });
  process._onInterrupt(interrupt);
  process.on('uncaughtException', (error) => {
    if (current !== undefined && (isInterrupt(error) || error instanceof Exit)) fail(current, error);
    else if (!(error instanceof Exit)) report(error);
  });
  native.watch(channel, POLLIN, receive, true);
};
