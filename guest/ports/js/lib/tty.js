// Terminals.
'use strict';

const { Input, Output } = require('stdio');

module.exports = { isatty: (fd) => Number.isInteger(fd) && fd >= 0 && native.isatty(fd), ReadStream: Input, WriteStream: Output };
