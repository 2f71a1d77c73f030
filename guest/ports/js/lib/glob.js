// Patterns of paths.
'use strict';

// *, ?, [..], {a,b} and ** as a whole segment.
function source(pattern) {
  let out = '';
  for (let i = 0; i < pattern.length; ++i) {
    const c = pattern[i];
    if (c === '*' && pattern[i + 1] === '*' && (i === 0 || pattern[i - 1] === '/') && (pattern[i + 2] === '/' || i + 2 === pattern.length)) {
      out += pattern[i + 2] === '/' ? '(?:[^/]+/)*' : '.*';
      i += pattern[i + 2] === '/' ? 2 : 1;
    } else if (c === '*') {
      out += '[^/]*';
    } else if (c === '?') {
      out += '[^/]';
    } else if (c === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end < 0) {
        out += '\\[';
      } else {
        out += `[${pattern.slice(i + 1, end).replace(/^!/, '^').replace(/\\/g, '\\\\')}]`;
        i = end;
      }
    } else if (c === '{') {
      const end = pattern.indexOf('}', i);
      if (end < 0) {
        out += '\\{';
      } else {
        out += `(?:${pattern.slice(i + 1, end).split(',').map(source).join('|')})`;
        i = end;
      }
    } else {
      out += c.replace(/[.+^$()|\\{}\]]/g, '\\$&');
    }
  }
  return out;
}

const toRegExp = (pattern) => new RegExp(`^${source(pattern)}$`, 's');

async function* find(pattern, { cwd = '.' } = {}) {
  const tests = [pattern].flat().map(toRegExp);
  for (const name of require('fs').readdirSync(cwd, { recursive: true })) if (tests.some((test) => test.test(name))) yield name;
}

module.exports = { toRegExp, find };
