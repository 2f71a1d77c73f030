// Modules: require, import, and where both find files.
'use strict';

const { coded, check } = require('errors');
const path = require('path');

const PUBLIC = ['assert', 'assert/strict', 'buffer', 'child_process', 'console', 'constants', 'crypto',
  'diagnostics_channel', 'events', 'fs', 'fs/promises', 'module', 'os', 'path', 'path/posix', 'perf_hooks', 'process',
  'punycode', 'querystring', 'readline', 'readline/promises', 'stream', 'stream/consumers', 'stream/promises', 'string_decoder', 'timers',
  'timers/promises', 'tools', 'tty', 'url', 'util', 'util/types', 'v8', 'vm'];
const ABSENT = {
  async_hooks: 'the engine does not tell of asynchronous work',
  net: 'no network capability', http: 'no network capability', https: 'no network capability', http2: 'no network capability',
  dgram: 'no network capability', dns: 'no network capability', 'dns/promises': 'no network capability', tls: 'no network capability',
  worker_threads: 'there are no threads: use child_process', cluster: 'there are no sockets: use child_process',
  zlib: 'not there: use the programs gzip and gunzip', inspector: 'there is no debugger', wasi: 'there is no WebAssembly inside',
  repl: 'only as the program itself', sqlite: 'not there: use the program sqlite3', test: 'not there',
};
const ONLY_WITH_PREFIX = new Set(['test', 'sqlite', 'tools']);
const available = new Set(PUBLIC);

const bareName = (name) => (name.startsWith('node:') ? name.slice(5) : name);
const isBuiltin = (name) => available.has(bareName(name));

function builtin(name) {
  name = bareName(name);
  if (ABSENT[name] !== undefined) throw coded(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: ${name} (${ABSENT[name]})`);
  if (!available.has(name)) throw coded(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: node:${name}`);
  return require(name);
}

// A name that means something of ours, which no file can take.
const isOurs = (name) => name.startsWith('node:') || (available.has(name) || (ABSENT[name] !== undefined && !ONLY_WITH_PREFIX.has(name)));

// --- files

function kindOf(name) {
  const about = native.stat(name, true);
  if (typeof about === 'number') return undefined;
  const type = about[2] & 0o170000;
  return type === 0o040000 ? 'folder' : 'file';
}

function readText(name) {
  const fd = check(native.open(name, 0, 0), 'open', name);
  try {
    const bytes = check(native.readAll(fd), 'read', name);
    const text = native.decode(bytes, 0, bytes.byteLength, 0);
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  } finally {
    native.close(fd);
  }
}

const packages = new Map();  // folder: what its package.json says, or null

function packageIn(folder) {
  let found = packages.get(folder);
  if (found === undefined) {
    const name = path.join(folder, 'package.json');
    found = null;
    if (kindOf(name) === 'file') {
      try {
        found = JSON.parse(readText(name));
      } catch (error) {
        throw coded(Error, 'ERR_INVALID_PACKAGE_CONFIG', `Invalid package config ${name}. ${error.message}`);
      }
    }
    packages.set(folder, found);
  }
  return found;
}

// The package that a file belongs to, and its folder.
function packageOf(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (path.basename(folder) === 'node_modules') return {};
    const config = packageIn(folder);
    if (config !== null) return { config, folder };
    if (folder === '/') return {};
  }
}

function asFile(name) {
  if (kindOf(name) === 'file') return name;
  for (const suffix of ['.js', '.json', '.mjs', '.cjs']) if (kindOf(name + suffix) === 'file') return name + suffix;
  return undefined;
}

function asFolder(name) {
  if (kindOf(name) !== 'folder') return undefined;
  const main = packageIn(name)?.main;
  if (typeof main === 'string' && main !== '') {
    const file = path.join(name, main);
    const found = asFile(file) ?? asFile(path.join(file, 'index'));
    if (found !== undefined) return found;
  }
  return asFile(path.join(name, 'index'));
}

// What `exports` or `imports` of a package say for a key, under conditions.
function pickTarget(target, conditions, star) {
  if (typeof target === 'string') return target.replaceAll('*', star ?? '*');
  if (Array.isArray(target)) {
    for (const one of target) {
      const found = pickTarget(one, conditions, star);
      if (found) return found;
    }
    return undefined;
  }
  if (target === null || typeof target !== 'object') return target;
  for (const [condition, inner] of Object.entries(target)) {
    if (condition !== 'default' && !conditions.includes(condition)) continue;
    const found = pickTarget(inner, conditions, star);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lookUp(table, key, conditions) {
  if (Object.hasOwn(table, key) && !key.includes('*')) return pickTarget(table[key], conditions);
  let best, star;
  for (const pattern of Object.keys(table)) {
    const at = pattern.indexOf('*');
    if (at < 0 || !key.startsWith(pattern.slice(0, at)) || !key.endsWith(pattern.slice(at + 1)) || key.length < pattern.length) continue;
    if (best !== undefined && best.indexOf('*') >= at) continue;
    best = pattern;
    star = key.slice(at, key.length - (pattern.length - at - 1));
  }
  return best === undefined ? undefined : pickTarget(table[best], conditions, star);
}

function fromExports(folder, config, subpath, conditions) {
  const { exports: table } = config;
  const isTable = table !== null && typeof table === 'object' && !Array.isArray(table) && Object.keys(table)[0]?.startsWith('.');
  const target = isTable ? lookUp(table, subpath, conditions) : subpath === '.' ? pickTarget(table, conditions) : undefined;
  if (typeof target !== 'string') {
    throw coded(Error, 'ERR_PACKAGE_PATH_NOT_EXPORTED', subpath === '.'
      ? `No "exports" main defined in ${path.join(folder, 'package.json')}`
      : `Package subpath '${subpath}' is not defined by "exports" in ${path.join(folder, 'package.json')}`);
  }
  return path.join(folder, target);
}

function splitName(specifier) {
  const parts = specifier.split('/'), count = specifier[0] === '@' ? 2 : 1;
  return [parts.slice(0, count).join('/'), ['.', ...parts.slice(count)].join('/')];
}

// A package of the folders node_modules above `from`; `files` finds what the package itself does not say.
function fromPackages(specifier, from, conditions, files) {
  const [name, subpath] = splitName(specifier);
  const { config: own, folder: ownFolder } = packageOf(path.join(from, 'x'));
  if (own?.name === name && own.exports !== undefined) return fromExports(ownFolder, own, subpath, conditions);
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (path.basename(folder) !== 'node_modules') {
      const home = path.join(folder, 'node_modules', name);
      if (kindOf(home) === 'folder') {
        const config = packageIn(home);
        if (config?.exports !== undefined && config.exports !== null) return fromExports(home, config, subpath, conditions);
        const found = files(path.join(home, subpath));
        if (found !== undefined) return found;
      } else {
        const found = files(path.join(folder, 'node_modules', specifier));
        if (found !== undefined) return found;
      }
    }
    if (folder === '/') return undefined;
  }
}

function fromImports(specifier, from, conditions) {
  const { config, folder } = packageOf(path.join(from, 'x'));
  const target = config?.imports && lookUp(config.imports, specifier, conditions);
  if (typeof target !== 'string') {
    throw coded(TypeError, 'ERR_PACKAGE_IMPORT_NOT_DEFINED', `Package import specifier "${specifier}" is not defined`);
  }
  return target.startsWith('.') ? path.join(folder, target) : { again: target };
}

const real = (name) => {
  const found = native.realpath(name);
  return typeof found === 'string' ? found : name;
};

// --- require

const cache = Object.create(null);
const CONDITIONS = ['node', 'require', 'module-sync'];

function resolveRequired(specifier, from) {
  const folder = path.dirname(from);
  let found;
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..') {
    const name = path.resolve(folder, specifier);
    found = (specifier.endsWith('/') || /(^|\/)\.{1,2}$/.test(specifier) ? undefined : asFile(name)) ?? asFolder(name);
  } else if (specifier[0] === '#') {
    const target = fromImports(specifier, folder, CONDITIONS);
    if (target.again !== undefined) return isOurs(target.again) ? target.again : resolveRequired(target.again, from);
    found = target;
  } else {
    found = fromPackages(specifier, folder, CONDITIONS, (name) => asFile(name) ?? asFolder(name));
    if (found !== undefined && kindOf(found) !== 'file') found = undefined;
  }
  if (found !== undefined) return real(found);
  const error = coded(Error, 'MODULE_NOT_FOUND', `Cannot find module '${specifier}'\nRequire stack:\n- ${from}`);
  error.requireStack = [from];
  throw error;
}

class Module {
  constructor(id = '', parent) {
    this.id = id;
    this.path = path.dirname(id);
    this.exports = {};
    this.filename = null;
    this.loaded = false;
    this.children = [];
    this.paths = nodeModulesAbove(this.path);
    Object.defineProperty(this, 'parent', { value: parent, enumerable: false, writable: true });
    parent?.children?.push(this);
  }
  require(specifier) { return requireFrom(this, specifier); }
  _compile(text, filename) { runCommonJs(this, text, filename); }
}

function nodeModulesAbove(folder) {
  const all = [];
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (path.basename(at) !== 'node_modules') all.push(path.join(at, 'node_modules'));
    if (at === '/') return all;
  }
}

function makeRequire(module) {
  const result = (specifier) => requireFrom(module, specifier);
  result.resolve = (specifier) => (isOurs(specifier) ? specifier : resolveRequired(specifier, module.filename ?? module.id));
  result.resolve.paths = () => module.paths;
  result.main = mainModule;
  result.cache = cache;
  result.extensions = Module._extensions;
  return result;
}

function requireFrom(parent, specifier) {
  if (typeof specifier !== 'string') throw require('errors').argumentType('id', 'string', specifier);
  if (specifier === '') throw require('errors').argumentValue('id', specifier, 'must be a non-empty string');
  if (isOurs(specifier)) return builtin(specifier);
  return requireFile(resolveRequired(specifier, parent.filename ?? parent.id), parent).exports;
}

function requireFile(filename, parent) {
  const known = cache[filename];
  if (known !== undefined) return known;
  const module = new Module(filename, parent);
  module.filename = filename;
  cache[filename] = module;
  let done = false;
  try {
    const load = Module._extensions[path.extname(filename)] ?? Module._extensions['.js'];
    load(module, filename);
    done = true;
  } finally {
    if (!done) delete cache[filename];
  }
  module.loaded = true;
  return module;
}

const PARAMETERS = '(function (exports, require, module, __filename, __dirname) { ';

// The function of a file; the lines of the file keep their numbers.
function compileCommonJs(text, filename) {
  if (text.startsWith('#!')) text = `//${text.slice(2)}`;
  return native.evaluate(`${PARAMETERS}${text}\n})`, filename);
}

function runCommonJs(module, text, filename) {
  runFunction(module, compileCommonJs(text, filename), filename);
}

function runFunction(module, body, filename) {
  body.call(module.exports, module.exports, makeRequire(module), module, filename, path.dirname(filename));
}

Module._extensions = Object.assign(Object.create(null), {
  '.js'(module, filename) {
    const format = formatOf(filename);
    if (format.kind === 'module') throw requiredModule(filename);
    if (format.body) runFunction(module, format.body, filename);
    else runCommonJs(module, readText(filename), filename);
  },
  '.cjs'(module, filename) { runCommonJs(module, readText(filename), filename); },
  '.mjs'(module, filename) { throw requiredModule(filename); },
  '.json'(module, filename) {
    try {
      module.exports = JSON.parse(readText(filename));
    } catch (error) {
      error.message = `${filename}: ${error.message}`;
      throw error;
    }
  },
  '.node'(module, filename) { throw coded(Error, 'ERR_DLOPEN_FAILED', `${filename}: there are no native modules`); },
});

const requiredModule = (filename) => coded(Error, 'ERR_REQUIRE_ESM', `require() of ES Module ${filename} not supported: use import()`);

// --- what a file is

const LOOKS_LIKE_MODULE = /(^|[\n;}])\s*(import\s*[\w{*'"]|export\s*[\w{*])|\bimport\.meta\b|\bawait\b/;

function formatOf(filename) {
  switch (path.extname(filename)) {
    case '.mjs': return { kind: 'module' };
    case '.cjs': return { kind: 'commonjs' };
    case '.json': return { kind: 'json' };
    case '.node': return { kind: 'native' };
    case '.wasm': throw coded(TypeError, 'ERR_UNKNOWN_FILE_EXTENSION', `${filename}: there is no WebAssembly inside; run it as a program of its own`);
  }
  const type = packageOf(filename).config?.type;
  if (type === 'module' && path.extname(filename) !== '') return { kind: 'module' };
  if (type === 'commonjs') return { kind: 'commonjs' };
  return detect(readText(filename), filename);
}

// Nothing says it: it is what compiles.
function detect(text, filename) {
  try {
    return { kind: 'commonjs', body: compileCommonJs(text, filename) };
  } catch (error) {
    if (!(error instanceof SyntaxError) || !LOOKS_LIKE_MODULE.test(text)) throw error;
    return { kind: 'module', text };
  }
}

// --- import

const importConditions = ['node', 'import', 'module-sync'];
const synthetic = new Map();  // name: what it exports

function notFound(name, importer) {
  return coded(Error, 'ERR_MODULE_NOT_FOUND', `Cannot find module '${name}' imported from ${importer}`);
}

function resolveImport(importer, specifier) {
  if (isOurs(specifier)) {
    builtin(specifier);
    return `node:${bareName(specifier)}`;
  }
  if (specifier.startsWith('data:')) return specifier;
  if (importer.startsWith('file:')) importer = require('url').fileURLToPath(importer);
  const folder = path.dirname(importer);
  let found;
  if (specifier.startsWith('file:')) found = require('url').fileURLToPath(specifier);
  else if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..') found = path.resolve(folder, decode(specifier));
  else if (specifier[0] === '#') {
    found = fromImports(specifier, folder, importConditions);
    if (found.again !== undefined) return resolveImport(importer, found.again);
  } else if (/^[a-z][a-z+.-]*:/.test(specifier)) {
    throw coded(Error, 'ERR_UNSUPPORTED_ESM_URL_SCHEME', `Only URLs with a scheme in: file, data, and node are supported. Received protocol '${specifier.split(':')[0]}:'`);
  } else {
    found = fromPackages(specifier, folder, importConditions, (name) => (kindOf(name) === 'file' ? name : asFolder(name)));
    if (found === undefined) throw coded(Error, 'ERR_MODULE_NOT_FOUND', `Cannot find package '${splitName(specifier)[0]}' imported from ${importer}`);
  }
  const kind = kindOf(found);
  if (kind === 'folder') throw coded(Error, 'ERR_UNSUPPORTED_DIR_IMPORT', `Directory import '${found}' is not supported resolving ES modules imported from ${importer}`);
  if (kind === undefined) throw notFound(found, importer);
  return real(found);
}

const decode = (specifier) => (specifier.includes('%') ? decodeURIComponent(specifier) : specifier).replace(/[?#].*$/s, '');

function namespaceOf(value) {
  const names = { default: value };
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
    for (const key of Object.keys(value)) if (key !== 'default') names[key] = value[key];
  }
  return names;
}

// For the engine: the text of an ES module, or what another kind of module exports.
function loadImport(name) {
  const known = synthetic.get(name);
  if (known !== undefined) return known;
  let value;
  if (name.startsWith('node:')) {
    value = namespaceOf(builtin(name));
  } else if (name.startsWith('data:')) {
    return fromDataUrl(name);
  } else {
    const format = formatOf(name);
    if (format.kind === 'module') return prepare(format.text ?? readText(name));
    value = format.kind === 'json' ? { default: JSON.parse(readText(name)) } : namespaceOf(requireFile(name).exports);
  }
  synthetic.set(name, value);
  return value;
}

function fromDataUrl(name) {
  const [, type, isBase64, data] = /^data:([^,;]*)(?:;charset=[^,;]*)?(;base64)?,(.*)$/s.exec(name) ?? [];
  if (data === undefined) throw coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL');
  const text = isBase64 ? require('buffer').Buffer.from(decodeURIComponent(data), 'base64').toString() : decodeURIComponent(data);
  if (type === 'application/json') return { default: JSON.parse(text) };
  if (type !== 'text/javascript') throw coded(RangeError, 'ERR_UNKNOWN_MODULE_FORMAT', `Unknown module format: ${type} for URL ${name}`);
  return text;
}

// The engine does not know `with { type: 'json' }`, which says nothing that the name of the file does not.
const ATTRIBUTES = /(\bfrom\s*|\bimport\s*)(["'][^"'\n]*["'])\s*(?:with|assert)\s*\{[^{}]*\}/g;
const prepare = (text) => (/\b(with|assert)\s*\{/.test(text) ? text.replace(ATTRIBUTES, '$1$2') : text);

function fillMeta(name, meta) {
  if (name[0] === '/') {
    meta.dirname = path.dirname(name);
    meta.filename = name;
    meta.url = require('url').pathToFileURL(name).href;
  } else {
    meta.url = name;
  }
  meta.resolve = (specifier) => {
    const found = resolveImport(name, specifier);
    return found[0] === '/' ? require('url').pathToFileURL(found).href : found;
  };
  meta.main = name === mainName;
}

// --- the program

let mainModule, mainName;

// Runs a file as the program; a promise if it is an ES module.
function runFile(filename) {
  filename = real(filename);
  mainName = filename;
  const format = formatOf(filename);
  if (format.kind === 'module') return native.evaluateModule(prepare(format.text ?? readText(filename)), filename);
  mainModule = new Module('.', undefined);
  mainModule.filename = filename;
  mainModule.path = path.dirname(filename);
  mainModule.paths = nodeModulesAbove(mainModule.path);
  process.mainModule = mainModule;
  cache[filename] = mainModule;
  if (format.kind === 'json') throw new SyntaxError(`${filename} is no program`);
  if (format.body) runFunction(mainModule, format.body, filename);
  else runCommonJs(mainModule, readText(filename), filename);
  mainModule.loaded = true;
  return undefined;
}

// Runs a text as the program. Its value, or a promise if it is an ES module.
function runText(text, name, asModule) {
  const filename = path.join(process.cwd(), name);
  const module = new Module(name, undefined);
  module.filename = filename;
  module.paths = nodeModulesAbove(process.cwd());
  for (const [key, value] of Object.entries({
    module, exports: module.exports, require: makeRequire(module), __filename: name, __dirname: '.',
  })) {
    Object.defineProperty(globalThis, key, { value, writable: true, configurable: true, enumerable: false });
  }
  for (const key of PUBLIC) {
    if (key.includes('/') || Object.hasOwn(globalThis, key)) continue;
    Object.defineProperty(globalThis, key, {
      get: () => require(key), set(value) { Object.defineProperty(globalThis, key, { value, writable: true, configurable: true, enumerable: true }); },
      configurable: true, enumerable: false,
    });
  }
  if (!asModule) {
    try {
      return { value: native.evaluate(text, filename) };
    } catch (error) {
      if (!(error instanceof SyntaxError) || !LOOKS_LIKE_MODULE.test(text)) throw error;
    }
  }
  return { promise: native.evaluateModule(prepare(text), filename) };
}

Module.builtinModules = PUBLIC.filter((name) => name !== 'tools');
Module.isBuiltin = isBuiltin;
Module.createRequire = (from) => {
  const filename = typeof from === 'object' || from.startsWith('file:') ? require('url').fileURLToPath(from) : from;
  const module = new Module(filename);
  module.filename = filename;
  return makeRequire(module);
};
Module._cache = cache;
Module._load = (specifier, parent) => requireFrom(parent ?? new Module(path.join(process.cwd(), 'x')), specifier);
Module._resolveFilename = (specifier, parent) => (isOurs(specifier) ? specifier : resolveRequired(specifier, parent?.filename ?? path.join(process.cwd(), 'x')));
Module._nodeModulePaths = nodeModulesAbove;
Module.Module = Module;
Module.globalPaths = [];
Module.wrap = (text) => `${PARAMETERS}${text}\n});`;
Module.syncBuiltinESMExports = () => {};

module.exports = { Module, builtin, isBuiltin, resolveImport, loadImport, fillMeta, runFile, runText, readText };
