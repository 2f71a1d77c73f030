// Reading and answering line by line.
'use strict';

const { inspect } = require('inspect');
const readline = require('readline');
const { VERSION } = process.hooks;

const HELP = '.exit ends, .help prints this; _ is the last value; await may be used.\n';
const UNFINISHED = /unexpected end|unexpected token in expression: ''|expecting '[)\]}]'|unexpected end of string|expected '[)\]}]'/i;

// Declarations and await of a line, so that they work line by line.
function prepare(text) {
  if (/^\s*\{[^;]*:[^;]*\}\s*$/s.test(text)) return `(${text.trim()})`;
  return text.replace(/^(\s*)(const|let)\s/, '$1var ').replace(/^(\s*)class\s+([\w$]+)/, '$1var $2 = class $2').replace(/^(\s*)(async\s+)?function(\*?)\s+([\w$]+)/, '$1var $4 = $2function$3 $4');
}

function evaluate(text) {
  const prepared = prepare(text);
  if (!/\bawait\b/.test(text)) return native.evaluate(prepared, 'REPL');
  const [, name] = /^\s*var\s+([\w$]+)\s*=/.exec(prepared) ?? [];
  const body = name === undefined ? prepared : prepared.replace(/^\s*var\s+/, 'globalThis.');
  return native.evaluate(`(async () => { return (${body.replace(/;\s*$/, '')}\n); })()`, 'REPL');
}

exports.start = () => {
  require('loader').runText('', '[repl]', false);
  const isTerminal = native.isatty(1);
  const options = { colors: isTerminal && process.env.NO_COLOR === undefined };
  if (isTerminal) native.writeAll(1, `js of Cloche, as Node.js ${VERSION}. Type ".help" for more.\n`);
  const lines = readline.createInterface({ input: process.stdin });
  let pending = '';
  const prompt = () => native.writeAll(1, pending === '' ? '> ' : '... ');
  const show = (value) => {
    if (value !== undefined) globalThis._ = value;
    native.writeAll(1, `${inspect(value, options)}\n`);
  };
  const fail = (error) => native.writeAll(1, `Uncaught ${error instanceof Error ? inspect(error, options) : inspect(error)}\n`);
  process.on('uncaughtException', (error) => {
    fail(error);
    prompt();
  });
  const answer = async (line) => {
    if (pending === '' && line.trim() === '.exit') return process.exit();
    if (pending === '' && line.trim() === '.help') native.writeAll(1, HELP);
    else if (pending !== '' || line.trim() !== '') {
      const text = pending === '' ? line : `${pending}\n${line}`;
      pending = '';
      try {
        let value = evaluate(text);
        if (/\bawait\b/.test(text)) value = await value;
        show(value);
      } catch (error) {
        if (error instanceof SyntaxError && line !== '' && UNFINISHED.test(error.message)) pending = text;
        else fail(error);
      }
    }
    prompt();
  };
  // One after another, also where a line waits for something.
  let last = Promise.resolve();
  lines.on('line', (line) => { last = last.then(() => answer(line)); });
  lines.on('close', () => last.then(() => {
    native.writeAll(1, '\n');
    process.exit();
  }));
  prompt();
};
