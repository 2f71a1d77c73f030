// path.
const t = require('./t.cjs');
const path = require('path');

const each = (name, inputs) => t(name, () => inputs.map((input) => path[name](...[input].flat())));
each('normalize', ['', '.', '/', '//', '/a/../..', 'a/../..', './a//b/./c/', 'a/..', '../a/../..', '/a/b/..', 'a/b/', '/..//a']);
each('join', [['a', 'b'], ['', ''], ['/a', '../b'], ['a', '..', '..', 'b'], ['a/', '/b'], ['.'], ['a', ''], ['a', './b', '../c/']]);
each('resolve', [['/a', 'b'], ['/a', '/b'], ['/a/b', '..', 'c'], ['/'], ['/a', ''], ['/a//b/../c']]);
each('relative', [['/a/b/c', '/a/b/d'], ['/a', '/a'], ['/a', '/b/c'], ['/a/b', '/'], ['/', '/a'], ['/foo/bar', '/foo/barbaz']]);
each('dirname', ['', '/', 'a', '/a', 'a/b', '/a/b/', 'a//b', '//a', '/a/b/c', './a', '..']);
each('basename', ['', '/', 'a', '/a/b', '/a/b/', ['a.txt', '.txt'], ['.txt', '.txt'], ['a.txt', 'txt'], 'a//', ['/a/b.js', '.js'], ['b', 'b']]);
each('extname', ['a.b', 'a', '.a', '.a.b', 'a.', 'a.b/c', 'a/b.c.d', '..', 'a..', '/a.b/']);
each('parse', ['/home/a.txt', './a/b', 'a', '/', '', '.a', '/a.b.c', 'a/', '/a/b/']);
each('format', [{ dir: '/a', base: 'b.c' }, { root: '/', name: 'x', ext: '.y' }, { root: '/', base: 'b' }, { name: 'n', ext: 'e' }, { dir: 'd', name: 'n' }]);
each('isAbsolute', ['/a', 'a', '', '.']);
t('constants', () => [path.sep, path.delimiter, path.posix === path, require('path/posix') === path.posix]);
t('no string', () => path.join('a', 1));
t('no string either', () => path.basename({}));
