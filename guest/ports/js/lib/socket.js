// A descriptor that is read and written.
'use strict';

const { Duplex } = require('stream');
const { DescriptorReader, DescriptorWriter } = require('descriptor');

// One descriptor has one watcher: reading has it, writing polls through a copy.
exports.fromDescriptor = (fd) => {
  const reader = new DescriptorReader(fd);
  const writer = new DescriptorWriter(native.dup(fd));
  const both = new Duplex({
    read() { reader.resume(); },
    write: (chunk, encoding, callback) => writer.write(chunk, encoding, callback),
    final: (callback) => writer.end(callback),
    destroy(error, callback) {
      reader.destroy();
      writer.destroy();
      callback(error);
    },
  });
  reader.on('data', (chunk) => { if (!both.push(chunk)) reader.pause(); });
  reader.on('end', () => both.push(null));
  reader.pause();
  for (const one of [reader, writer]) one.on('error', (error) => both.destroy(error));
  return both;
};
