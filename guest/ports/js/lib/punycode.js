// Punycode (RFC 3492).
'use strict';

const BASE = 36, LOW = 1, HIGH = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST = 128;

function adapt(delta, count, isFirst) {
  let k = 0;
  delta = isFirst ? Math.floor(delta / DAMP) : delta >> 1;
  delta += Math.floor(delta / count);
  for (; delta > ((BASE - LOW) * HIGH) >> 1; k += BASE) delta = Math.floor(delta / (BASE - LOW));
  return Math.floor(k + ((BASE - LOW + 1) * delta) / (delta + SKEW));
}

const digit = (value) => String.fromCharCode(value < 26 ? value + 97 : value + 22);
const limit = (k, bias) => (k <= bias ? LOW : k >= bias + HIGH ? HIGH : k - bias);

function encode(text) {
  const codes = Array.from(text, (c) => c.codePointAt(0));
  let out = codes.filter((code) => code < FIRST).map((code) => String.fromCharCode(code)).join('');
  const basic = out.length;
  let done = basic, n = FIRST, delta = 0, bias = FIRST_BIAS;
  if (basic > 0) out += '-';
  while (done < codes.length) {
    const next = Math.min(...codes.filter((code) => code >= n));
    delta += (next - n) * (done + 1);
    n = next;
    for (const code of codes) {
      if (code < n) ++delta;
      if (code !== n) continue;
      let q = delta;
      for (let k = BASE; ; k += BASE) {
        const t = limit(k, bias);
        if (q < t) break;
        out += digit(t + ((q - t) % (BASE - t)));
        q = Math.floor((q - t) / (BASE - t));
      }
      out += digit(q);
      bias = adapt(delta, done + 1, done === basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++n;
  }
  return out;
}

function decode(text) {
  const at = text.lastIndexOf('-'), codes = at > 0 ? Array.from(text.slice(0, at), (c) => c.codePointAt(0)) : [];
  let n = FIRST, bias = FIRST_BIAS, i = 0;
  for (let next = at > 0 ? at + 1 : 0; next < text.length;) {
    const before = i;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const value = parseInt(text[next++], 36), number = Number.isNaN(value) ? NaN : value < 10 ? value + 26 : value - 10;
      if (Number.isNaN(number)) throw new RangeError('Invalid input');
      i += number * weight;
      const t = limit(k, bias);
      if (number < t) break;
      weight *= BASE - t;
    }
    bias = adapt(i - before, codes.length + 1, before === 0);
    n += Math.floor(i / (codes.length + 1));
    i %= codes.length + 1;
    codes.splice(i++, 0, n);
  }
  return String.fromCodePoint(...codes);
}

module.exports = {
  encode, decode,
  toASCII: (name) => name.split(/[.\u3002\uff0e\uff61]/).map((label) => (/[^\0-\x7f]/.test(label) ? `xn--${encode(label)}` : label)).join('.'),
  toUnicode: (name) => name.split('.').map((label) => (label.startsWith('xn--') ? decode(label.slice(4).toLowerCase()) : label)).join('.'),
  ucs2: { decode: (text) => Array.from(text, (c) => c.codePointAt(0)), encode: (codes) => String.fromCodePoint(...codes) },
};
