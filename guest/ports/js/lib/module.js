// The module `module`.
'use strict';

module.exports = require('loader').Module;
