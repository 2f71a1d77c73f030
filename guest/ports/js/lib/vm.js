// Scripts. There is one context only.
'use strict';

const { coded } = require('errors');

const nameOf = (options) => (typeof options === 'string' ? options : options?.filename ?? 'evalmachine.<anonymous>');
const oneContext = () => coded(Error, 'ERR_NOT_SUPPORTED', 'there is one context only; it is no boundary anyway: use a child process');

class Script {
  #text; #name;
  constructor(text, options) {
    this.#text = String(text);
    this.#name = nameOf(options);
  }
  runInThisContext() { return native.evaluate(this.#text, this.#name); }
  runInNewContext() { throw oneContext(); }
  runInContext() { throw oneContext(); }
}

module.exports = {
  Script, runInThisContext: (text, options) => native.evaluate(String(text), nameOf(options)), isContext: () => false,
  compileFunction: (text, parameters = []) => new Function(...parameters, text),
  createContext() { throw oneContext(); }, runInNewContext() { throw oneContext(); }, runInContext() { throw oneContext(); },
};
