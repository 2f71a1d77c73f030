// assert, where equal is strictEqual.
'use strict';

module.exports = require('assert').strict;
