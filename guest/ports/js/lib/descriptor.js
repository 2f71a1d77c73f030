// Streams of descriptors that can be waited for: pipes, terminals, sockets.
'use strict';

const { Readable, Writable } = require('stream');
const { system } = require('errors');

const IN = 1, OUT = 4;
const AGAIN = -11, PIECE = 65536;

// Reads when there is something. `owns`: closes it in the end.
class DescriptorReader extends Readable {
  constructor(fd, { owns = true, ...options } = {}) {
    super({ highWaterMark: PIECE, ...options });
    this.fd = fd;
    this._owns = owns;
    this._counts = true;
  }
  _read() {
    if (!this._isWatched) this._watch();
  }
  _watch() {
    this._isWatched = true;
    native.watch(this.fd, IN, () => this._get(), this._counts);
  }
  _stop() {
    if (!this._isWatched) return;
    this._isWatched = false;
    native.unwatch(this.fd);
  }
  _get() {
    const bytes = Buffer.allocUnsafe(PIECE);
    const got = native.read(this.fd, bytes, 0, PIECE, -1);
    if (got === AGAIN) return;
    if (got < 0) {
      // A terminal whose other side is gone.
      if (got === -5 && native.isatty(this.fd)) return this._finish();
      return this.destroy(system(-got, 'read'));
    }
    if (got === 0) return this._finish();
    if (!this.push(got < PIECE / 2 ? Buffer.from(bytes.subarray(0, got)) : bytes.subarray(0, got))) this._stop();
  }
  _finish() {
    this._stop();
    this.push(null);
  }
  pause() {
    super.pause();
    // Whoever reads on has this program's data, too.
    if (!this._owns) this._stop();
    return this;
  }
  resume() {
    super.resume();
    if (!this._isWatched && this._r.reading && !this._r.ended) this._watch();
    return this;
  }
  ref() { return this._count(true); }
  unref() { return this._count(false); }
  _count(counts) {
    this._counts = counts;
    if (this._isWatched) this._watch();
    return this;
  }
  _destroy(error, callback) {
    this._stop();
    if (this._owns && this.fd >= 0) native.close(this.fd);
    this.fd = -1;
    callback(error);
  }
}

// Writes as much as there is room for, then waits. The descriptor is this program's alone.
class DescriptorWriter extends Writable {
  constructor(fd, options) {
    super({ decodeStrings: true, ...options });
    this.fd = fd;
    native.setFlags(fd, native.getFlags(fd) | 0o4000);
  }
  _write(bytes, encoding, callback) {
    const done = native.write(this.fd, bytes, 0, bytes.length, -1);
    if (done === bytes.length) return callback();
    if (done < 0 && done !== AGAIN) return callback(system(-done, 'write'));
    const rest = bytes.subarray(Math.max(0, done));
    native.watch(this.fd, OUT, () => {
      native.unwatch(this.fd);
      this._write(rest, encoding, callback);
    }, true);
  }
  _destroy(error, callback) {
    native.unwatch(this.fd);
    if (this.fd >= 0) native.close(this.fd);
    this.fd = -1;
    callback(error);
  }
  ref() { return this; }
  unref() { return this; }
}

module.exports = { DescriptorReader, DescriptorWriter };
