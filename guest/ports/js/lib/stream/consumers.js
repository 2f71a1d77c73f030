// Whole streams as values.
'use strict';

async function buffer(stream) {
  const parts = [];
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part);
  return Buffer.concat(parts);
}
async function text(stream) { return (await buffer(stream)).toString(); }

module.exports = {
  buffer, text,
  async arrayBuffer(stream) {
    const bytes = await buffer(stream);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  },
  async json(stream) { return JSON.parse(await text(stream)); },
  async blob(stream) { return new Blob([await buffer(stream)]); },
};
