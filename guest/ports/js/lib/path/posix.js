// The same as path.
'use strict';

module.exports = require('path');
