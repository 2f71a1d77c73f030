// console.table.
'use strict';

const { inspect } = require('inspect');
const { width } = require('width');

const cell = (value) => inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth: value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0 });

function rowsOf(data) {
  if (data instanceof Map) return { name: '(iteration index)', rows: [...data].map(([key, value], i) => [String(i), { Key: key, Values: value }]), flat: true };
  if (data instanceof Set) return { name: '(iteration index)', rows: [...data].map((value, i) => [String(i), value]) };
  return { name: '(index)', rows: Object.entries(data) };
}

exports.table = (data, only) => {
  const { name, rows } = rowsOf(data);
  const names = [];
  let hasValues = false;
  for (const [, row] of rows) {
    if (row !== null && typeof row === 'object' && typeof row !== 'function') {
      for (const key of Object.keys(row)) if (!names.includes(key)) names.push(key);
    } else {
      hasValues = true;
    }
  }
  const columns = only ?? names;
  const head = [name, ...columns, ...(hasValues ? ['Values'] : [])];
  const body = rows.map(([index, row]) => {
    const isObject = row !== null && typeof row === 'object';
    return [index, ...columns.map((key) => (isObject && Object.hasOwn(row, key) ? cell(row[key]) : '')),
      ...(hasValues ? [isObject ? '' : cell(row)] : [])];
  });
  const widths = head.map((title, i) => Math.max(width(title), ...body.map((row) => width(row[i]))) + 2);
  const line = (row) => `│${row.map((text, i) => ` ${text}${' '.repeat(widths[i] - width(text) - 1)}`).join('│')}│`;
  const rule = (left, middle, right) => left + widths.map((size) => '─'.repeat(size)).join(middle) + right;
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...body.map(line), rule('└', '┴', '┘')].join('\n');
};
