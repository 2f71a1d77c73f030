// Streams by promises.
'use strict';

const stream = require('stream');

exports.pipeline = (...parts) => new Promise((resolve, reject) => {
  stream.pipeline(...parts, (error, value) => (error ? reject(error) : resolve(value)));
});
exports.finished = (one, options = {}) => new Promise((resolve, reject) => {
  stream.finished(one, options, (error) => (error ? reject(error) : resolve()));
});
