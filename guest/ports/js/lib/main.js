// The command line.
'use strict';

const { hooks } = process;

const USAGE = `Usage: js [OPTION...] [FILE | -] [ARGUMENT...]

Runs FILE, or the program on standard input. On a terminal, without FILE: reads and answers line by line.

  -e, --eval TEXT         runs TEXT
  -p, --print TEXT        the same, and prints its value
  -i, --interactive       reads line by line, also where standard input is no terminal
  -c, --check             only looks whether FILE is well-formed
  -r, --require MODULE    loads MODULE before
  --input-type TYPE       module or commonjs: what TEXT or standard input is
  --session FD            runs cells of code that come over descriptor FD, as the host's run_js does
  -v, --version
  -h, --help
`;

function fail(text) {
  native.writeAll(2, `js: ${text}\n`);
  native.exit(9);
}

// Options of node that change nothing here.
const WITHOUT_MEANING = /^--(no-warnings|no-deprecation|trace-uncaught|trace-warnings|enable-source-maps|experimental-|harmony|no-experimental|unhandled-rejections=throw|stack-trace-limit=|max-old-space-size=|preserve-symlinks|disable-warning=|expose-gc|expose_gc|use-strict)/;

function parse(words) {
  const options = { requires: [], args: [] };
  let at = 0;
  const valueOf = (word, inline) => {
    if (inline !== undefined) return inline;
    if (++at >= words.length) fail(`${word} requires an argument`);
    return words[at];
  };
  for (; at < words.length; ++at) {
    const word = words[at];
    if (word === '--') {
      ++at;
      break;
    }
    if (word === '-' || word[0] !== '-') break;
    process.execArgv.push(word);
    const [name, inline] = word.startsWith('--') && word.includes('=') ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word];
    switch (name) {
      case '-e': case '--eval': options.text = valueOf(word, inline); break;
      case '-p': case '--print': case '-pe': options.prints = true; options.text = valueOf(word, inline); break;
      case '-i': case '--interactive': options.isInteractive = true; break;
      case '-c': case '--check': options.onlyChecks = true; break;
      case '-r': case '--require': case '--import': options.requires.push(valueOf(word, inline)); break;
      case '--input-type': options.inputType = valueOf(word, inline); break;
      case '--session': options.session = valueOf(word, inline); break;
      case '-v': case '--version': options.prints = 'version'; break;
      case '-h': case '--help': options.prints = 'help'; break;
      default:
        if (!WITHOUT_MEANING.test(word)) fail(`bad option: ${word}`);
        if (/^--expose[-_]gc/.test(word)) globalThis.gc = native.collect;
    }
  }
  options.args = words.slice(at);
  return options;
}

function follow(promise) {
  if (promise === undefined) return;
  process._mainIsPending = true;
  promise.then(() => { process._mainIsPending = false; }, (error) => {
    process._mainIsPending = false;
    hooks.error(error);
  });
}

function runText(options, text, name) {
  const { value, promise } = require('loader').runText(text, name, options.inputType === 'module');
  if (options.prints === true && promise === undefined) native.writeAll(1, `${typeof value === 'string' ? value : require('inspect').inspect(value)}\n`);
  follow(promise);
}

function readInput() {
  const bytes = require('errors').check(native.readAll(0), 'read');
  return native.decode(bytes, 0, bytes.byteLength, 0);
}

function checkOnly(file) {
  const { readText } = require('loader');
  const text = readText(file);
  new Function(text.replace(/^#!/, '//'));
}

function main(words, variables) {
  hooks.start(words, variables);
  Object.defineProperty(process, '_mainIsPending', { value: false, writable: true, enumerable: false });
  const options = parse(words.slice(1));
  const argv = (first) => { process.argv = [process.execPath, ...first, ...options.args]; };
  if (options.prints === 'help') return native.writeAll(1, USAGE);
  if (options.prints === 'version') return native.writeAll(1, `${hooks.VERSION}\n`);
  for (const name of options.requires) require('loader').Module.createRequire(`${process.cwd()}/x`)(name);
  if (options.session !== undefined) {
    argv([]);
    return require('session').start(Number(options.session));
  }
  if (options.text !== undefined) {
    argv([]);
    return runText(options, options.text, '[eval]');
  }
  const file = options.args[0];
  if (file !== undefined && file !== '-') {
    options.args.shift();
    const full = require('path').resolve(file);
    argv([full]);
    if (options.onlyChecks) return checkOnly(full);
    return follow(require('loader').runFile(findProgram(full)));
  }
  argv([]);
  if (file === undefined && (options.isInteractive || native.isatty(0))) return require('prompt').start();
  if (file === '-') options.args.shift();
  process.argv = [process.execPath, '-', ...options.args];
  return runText(options, readInput(), '[stdin]');
}

function findProgram(file) {
  try {
    return require('loader').Module._resolveFilename(file);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    error.message = `Cannot find module '${file}'`;
    throw require('errors').coded(Error, 'MODULE_NOT_FOUND', `Cannot find module '${file}'`);
  }
}

module.exports = { main };
