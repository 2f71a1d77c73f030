// Paths, of POSIX systems only.
'use strict';

const { argumentType } = require('errors');

function check(path, name = 'path') {
  if (typeof path !== 'string') throw argumentType(name, 'string', path);
}

// Takes . and .. out of the segments between slashes.
function segments(path, isAbsolute) {
  const kept = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!isAbsolute) kept.push('..');
  }
  return kept.join('/');
}

function normalize(path) {
  check(path);
  if (path === '') return '.';
  const isAbsolute = path[0] === '/';
  let result = segments(path, isAbsolute);
  if (result === '' && !isAbsolute) result = '.';
  if (result !== '' && path.endsWith('/')) result += '/';
  return isAbsolute ? '/' + result : result;
}

function join(...paths) {
  for (const path of paths) check(path);
  const joined = paths.filter((path) => path !== '').join('/');
  return joined === '' ? '.' : normalize(joined);
}

function resolve(...paths) {
  let result = '';
  for (let i = paths.length - 1; i >= 0 && result[0] !== '/'; --i) {
    check(paths[i], `paths[${i}]`);
    if (paths[i] !== '') result = result === '' ? paths[i] : `${paths[i]}/${result}`;
  }
  if (result[0] !== '/') result = `${process.cwd()}/${result}`;
  return '/' + segments(result, true);
}

function relative(from, to) {
  check(from, 'from');
  check(to, 'to');
  const source = resolve(from).split('/').filter(Boolean), target = resolve(to).split('/').filter(Boolean);
  let common = 0;
  while (common < source.length && common < target.length && source[common] === target[common]) ++common;
  return [...source.slice(common).fill('..'), ...target.slice(common)].join('/');
}

// Where the last segment begins and ends, without slashes after it.
function last(path) {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') --end;
  return [path.lastIndexOf('/', end - 1) + 1, end];
}

function dirname(path) {
  check(path);
  if (path === '') return '.';
  const end = last(path)[0] - 1;
  if (end < 0) return '.';
  if (end <= 1 && path[0] === '/') return path.slice(0, end + (end === 0 || path[1] === '/' ? 1 : 0));
  return path.slice(0, end);
}

function basename(path, suffix) {
  check(path);
  if (suffix !== undefined) check(suffix, 'suffix');
  if (suffix === path) return '';
  const [start, end] = last(path);
  const name = path.slice(start, end);
  if (name === '/') return '';
  return suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function extname(path) {
  check(path);
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 || name === '..' ? '' : name.slice(dot);
}

function parse(path) {
  check(path);
  const isAbsolute = path[0] === '/';
  const base = basename(path), ext = extname(path);
  let dir = dirname(path);
  if (dir === '.' && !path.startsWith('./')) dir = '';
  if (isAbsolute && dir === '.') dir = '/';
  return { root: isAbsolute ? '/' : '', dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
}

function format(parts) {
  if (parts === null || typeof parts !== 'object') throw argumentType('pathObject', 'Object', parts);
  const dir = parts.dir || parts.root;
  const ext = parts.ext ? (parts.ext[0] === '.' ? '' : '.') + parts.ext : '';
  const base = parts.base || `${parts.name || ''}${ext}`;
  if (!dir) return base;
  return dir === parts.root ? dir + base : `${dir}/${base}`;
}

// A glob of path.matchesGlob().
function matchesGlob(path, pattern) { return require('glob').toRegExp(pattern).test(path); }

const posix = {
  resolve, normalize, isAbsolute(path) { check(path); return path[0] === '/'; }, join, relative,
  toNamespacedPath: (path) => path, dirname, basename, extname, format, parse, matchesGlob,
  sep: '/', delimiter: ':', win32: null, posix: null,
};
posix.posix = posix;
module.exports = posix;
