// Lines of a stream.
'use strict';

const EventEmitter = require('events');
const { StringDecoder } = require('string_decoder');

class Interface extends EventEmitter {
  #decoder = new StringDecoder('utf8'); #rest = ''; #questions = []; #prompt; #hasPiece = false;
  constructor(input, output, completer, terminal) {
    super();
    const options = input?.input !== undefined ? input : { input, output, completer, terminal };
    this.input = options.input;
    this.output = options.output;
    this.terminal = options.terminal ?? !!options.output?.isTTY;
    this.closed = false;
    this.line = '';
    this.cursor = 0;
    this.history = [];
    this.#prompt = options.prompt ?? '> ';
    this._onData = (chunk) => this.#feed(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk));
    this._onEnd = () => {
      const last = this.#rest + this.#decoder.end();
      this.#rest = '';
      if (last !== '') this.#give(last);
      this.close();
    };
    this.input.on('data', this._onData);
    this.input.on('end', this._onEnd);
    this.input.on('error', (error) => this.emit('error', error));
    this.input.resume();
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
  }
  #feed(text) {
    // A line may end with \r\n, in two pieces, too.
    if (this.#hasPiece && text.startsWith('\n')) text = text.slice(1);
    this.#hasPiece = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (this.closed) break;
      this.#give(line);
    }
  }
  #give(line) {
    const question = this.#questions.shift();
    if (question !== undefined) question(line);
    else this.emit('line', line);
  }
  getPrompt() { return this.#prompt; }
  setPrompt(prompt) { this.#prompt = String(prompt); }
  prompt() {
    if (this.closed) throw require('errors').coded(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    this.resume();
    this.output?.write(this.#prompt);
  }
  question(query, options, callback) {
    if (typeof options === 'function') [options, callback] = [{}, options];
    if (this.closed) throw require('errors').coded(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    this.output?.write(query);
    this.#questions.push(callback);
    options?.signal?.addEventListener('abort', () => { this.#questions = this.#questions.filter((one) => one !== callback); }, { once: true });
    this.resume();
  }
  write(text) { this.#feed(String(text)); }
  pause() {
    this.input.pause();
    this.emit('pause');
    return this;
  }
  resume() {
    this.input.resume();
    return this;
  }
  close() {
    if (this.closed) return;
    this.closed = true;
    this.input.removeListener('data', this._onData);
    this.input.removeListener('end', this._onEnd);
    this.input.pause();
    this.emit('close');
  }
  async* [Symbol.asyncIterator]() {
    const lines = [];
    let wake = () => {}, ended = this.closed;
    const onLine = (line) => {
      lines.push(line);
      wake();
    };
    this.on('line', onLine);
    this.once('close', () => {
      ended = true;
      wake();
    });
    try {
      for (;;) {
        while (lines.length > 0) yield lines.shift();
        if (ended) return;
        await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      this.removeListener('line', onLine);
      this.close();
    }
  }
}
Interface.prototype.question[Symbol.for('nodejs.util.promisify.custom')] = function (query, options) {
  return new Promise((resolve) => this.question(query, options ?? {}, resolve));
};

const escape = (stream, text, callback) => {
  stream?.write(text);
  if (callback) process.nextTick(callback);
  return true;
};

module.exports = {
  Interface, createInterface: (...args) => new Interface(...args),
  clearLine: (stream, direction, callback) => escape(stream, direction < 0 ? '\x1b[1K' : direction > 0 ? '\x1b[0K' : '\x1b[2K', callback),
  clearScreenDown: (stream, callback) => escape(stream, '\x1b[0J', callback),
  cursorTo: (stream, x, y, callback) => escape(stream, typeof y === 'number' ? `\x1b[${y + 1};${x + 1}H` : `\x1b[${x + 1}G`, typeof y === 'function' ? y : callback),
  moveCursor: (stream, dx, dy, callback) => escape(stream, (dx < 0 ? `\x1b[${-dx}D` : dx > 0 ? `\x1b[${dx}C` : '') + (dy < 0 ? `\x1b[${-dy}A` : dy > 0 ? `\x1b[${dy}B` : ''), callback),
  emitKeypressEvents() {},
};
Object.defineProperty(module.exports, 'promises', { get: () => require('readline/promises'), enumerable: true });
