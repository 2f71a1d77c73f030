// process.stdin, process.stdout and process.stderr.
'use strict';

const { Writable } = require('stream');
const { DescriptorReader } = require('descriptor');
const { system } = require('errors');

const S_IFMT = 0o170000, S_IFREG = 0o100000;

// Writes at once, whatever the descriptor is, as processes that share it expect.
class Output extends Writable {
  constructor(fd) {
    super({ decodeStrings: false, emitClose: false, autoDestroy: false });
    this.fd = fd;
    this._type = native.isatty(fd) ? 'tty' : 'pipe';
    if (this._type === 'tty') this.isTTY = true;
  }
  _write(chunk, encoding, callback) {
    if (typeof chunk === 'string' && encoding !== 'utf8' && encoding !== 'utf-8') chunk = Buffer.from(chunk, encoding);
    const result = native.writeAll(this.fd, chunk);
    callback(result < 0 ? system(-result, 'write') : null);
  }
  destroySoon() { this.destroy(); }
  _destroy(error, callback) { callback(error); }
  get columns() { return this.isTTY ? this.getWindowSize()[0] : undefined; }
  get rows() { return this.isTTY ? this.getWindowSize()[1] : undefined; }
  getWindowSize() {
    const size = native.windowSize(this.fd);
    return Array.isArray(size) ? size : [80, 24];
  }
  getColorDepth() {
    if (!this.isTTY || process.env.NO_COLOR !== undefined || process.env.TERM === 'dumb') return 1;
    return /truecolor|24bit/.test(process.env.COLORTERM) ? 24 : /256/.test(process.env.TERM) ? 8 : 4;
  }
  hasColors(count = 16) { return count <= 2 ** this.getColorDepth(); }
  clearLine(direction, callback) { return this.write(direction < 0 ? '\x1b[1K' : direction > 0 ? '\x1b[0K' : '\x1b[2K', callback); }
  cursorTo(x, y, callback) {
    if (typeof y === 'function') [y, callback] = [undefined, y];
    return this.write(y === undefined ? `\x1b[${x + 1}G` : `\x1b[${y + 1};${x + 1}H`, callback);
  }
  moveCursor(dx, dy, callback) {
    const move = (count, less, greater) => (count < 0 ? `\x1b[${-count}${less}` : count > 0 ? `\x1b[${count}${greater}` : '');
    return this.write(move(dx, 'D', 'C') + move(dy, 'A', 'B'), callback);
  }
  clearScreenDown(callback) { return this.write('\x1b[0J', callback); }
}

class Input extends DescriptorReader {
  constructor(fd, options) {
    super(fd, { owns: false, ...options });
    if (native.isatty(fd)) {
      this.isTTY = true;
      this.isRaw = false;
    }
  }
  setRawMode(on) {
    native.setRaw(this.fd, on);
    this.isRaw = !!on;
    return this;
  }
}

function makeInput(fd) {
  const about = native.stat(fd);
  if (typeof about !== 'number' && (about[2] & S_IFMT) === S_IFREG) {
    return require('fs').createReadStream(null, { fd, autoClose: false });
  }
  return new Input(fd);
}

module.exports = { Output, Input, make: (fd) => (fd === 0 ? makeInput(fd) : new Output(fd)) };
