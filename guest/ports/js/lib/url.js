// URL and URLSearchParams (the URL standard), and Node's old functions.
'use strict';

const { argumentType, coded } = require('errors');

const SPECIAL = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
const isSpecial = (protocol) => SPECIAL[protocol] !== undefined;

// What is written as %XX in each part.
const C0 = /[\x00-\x1f\x7f-\uffff]/;
const FRAGMENT = /[\x00-\x20\x7f-\uffff"<>`]/, QUERY = /[\x00-\x20\x7f-\uffff"#<>]/, SPECIAL_QUERY = /[\x00-\x20\x7f-\uffff"#<>']/;
const PATH = /[\x00-\x20\x7f-\uffff"#<>?^`{}]/, USER = /[\x00-\x20\x7f-\uffff"#<>?`{}/:;=@[\\\]^|]/;

function percent(text, set) {
  let out = '';
  for (const character of text) {
    if (!set.test(character)) {
      out += character;
      continue;
    }
    for (const byte of new Uint8Array(native.encode(character, 0))) out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function decodePercent(text) {
  if (!text.includes('%')) return text;
  const bytes = new Uint8Array(native.encode(text, 0)), out = [];
  for (let i = 0; i < bytes.length; ++i) {
    const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1], bytes[i + 2]) : '';
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      out.push(parseInt(hex, 16));
      i += 2;
    } else {
      out.push(bytes[i]);
    }
  }
  return native.decode(Uint8Array.from(out), 0, out.length, 0);
}

// --- hosts

function parseIPv4(host) {
  const parts = host.split('.');
  if (parts.at(-1) === '' && parts.length > 1) parts.pop();
  const last = parts.at(-1);
  if (!/^(\d+|0[xX][0-9a-fA-F]*)$/.test(last)) return undefined;
  if (parts.length > 4) return null;
  const numbers = parts.map((part) => {
    if (part === '') return NaN;
    if (/^0[xX][0-9a-fA-F]*$/.test(part)) return part.length === 2 ? 0 : parseInt(part, 16);
    if (/^0[0-7]+$/.test(part)) return parseInt(part, 8);
    return /^\d+$/.test(part) ? +part : NaN;
  });
  if (numbers.some(Number.isNaN) || numbers.slice(0, -1).some((number) => number > 255)) return null;
  if (numbers.at(-1) >= 256 ** (5 - numbers.length)) return null;
  let value = numbers.pop();
  numbers.forEach((number, i) => { value += number * 256 ** (3 - i); });
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

function parseIPv6(text) {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const pieces = (part) => (part === '' ? [] : part.split(':').flatMap((piece, i, all) => {
    if (piece.includes('.')) {
      const numbers = piece.split('.').map((n) => (/^(0|[1-9]\d{0,2})$/.test(n) && +n < 256 ? +n : NaN));
      if (i !== all.length - 1 || numbers.length !== 4) return [NaN];
      return [numbers[0] * 256 + numbers[1], numbers[2] * 256 + numbers[3]];
    }
    return [/^[0-9a-fA-F]{1,4}$/.test(piece) ? parseInt(piece, 16) : NaN];
  }));
  const [before, after] = [pieces(halves[0]), halves.length === 2 ? pieces(halves[1]) : []];
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...before, ...new Array(missing).fill(0), ...after];
  if (all.some(Number.isNaN)) return null;
  let best = [-1, 1];
  for (let i = 0; i < 8; ++i) {
    let end = i;
    while (end < 8 && all[end] === 0) ++end;
    if (end - i > best[1]) best = [i, end - i];
    if (end > i) i = end;
  }
  const hex = (list) => list.map((piece) => piece.toString(16)).join(':');
  return best[0] < 0 ? hex(all) : `${hex(all.slice(0, best[0]))}::${hex(all.slice(best[0] + best[1]))}`;
}

function parseHost(text, special) {
  if (text.startsWith('[')) {
    const inner = text.endsWith(']') ? parseIPv6(text.slice(1, -1)) : null;
    return inner === null ? null : `[${inner}]`;
  }
  if (!special) return /[\0\t\n\r #/:<>?@[\\\]^|]/.test(text) ? null : percent(text, C0);
  let host = decodePercent(text).toLowerCase().normalize('NFC');
  if (/[^\x00-\x7f]/.test(host)) host = require('punycode').toASCII(host);
  if (host === '' || /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(host)) return null;
  const address = parseIPv4(host);
  return address === undefined ? host : address;
}

// --- parsing

function cleanPath(path, protocol) {
  const segments = (isSpecial(protocol) ? path.replaceAll('\\', '/') : path).split('/').slice(1), kept = [];
  segments.forEach((segment, i) => {
    const plain = segment.replace(/%2e/gi, '.'), isLast = i === segments.length - 1;
    if (plain === '..') {
      kept.pop();
      if (isLast) kept.push('');
    } else if (plain === '.') {
      if (isLast) kept.push('');
    } else {
      kept.push(percent(segment, PATH));
    }
  });
  return `/${kept.join('/')}`;
}

function parsePort(text, protocol) {
  if (text === '') return '';
  if (!/^\d+$/.test(text) || +text > 65535) return null;
  return String(+text) === SPECIAL[protocol] ? '' : String(+text);
}

function parseAuthority(url, text) {
  const at = text.lastIndexOf('@');
  if (at >= 0) {
    const [, user, , password = ''] = /^([^:]*)(:(.*))?$/s.exec(text.slice(0, at));
    url.username = percent(user, USER);
    url.password = percent(password, USER);
    text = text.slice(at + 1);
    if (text === '') return false;
  }
  const [, name, , port = ''] = /^(\[[^\]]*\]|[^:]*)(:(.*))?$/s.exec(text) ?? [];
  if (name === undefined) return false;
  if (name === '' && (isSpecial(url.protocol) && url.protocol !== 'file:' || port !== '' || at >= 0)) return false;
  const number = parsePort(port, url.protocol);
  const host = name === '' ? '' : parseHost(name, isSpecial(url.protocol));
  if (host === null || number === null) return false;
  url.hostname = url.protocol === 'file:' && host === 'localhost' ? '' : host;
  url.port = number;
  return true;
}

const blank = (protocol) => ({ protocol, username: '', password: '', hostname: null, port: '', pathname: '', search: '', hash: '' });

function parse(input, base) {
  let text = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
  let hash = '';
  const mark = text.indexOf('#');
  if (mark >= 0) {
    hash = text.length > mark + 1 ? `#${percent(text.slice(mark + 1), FRAGMENT)}` : '';
    text = text.slice(0, mark);
  }
  const [, scheme] = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text) ?? [];
  const protocol = scheme === undefined ? base?.protocol : `${scheme.toLowerCase()}:`;
  if (protocol === undefined) return null;
  let rest = scheme === undefined ? text : text.slice(scheme.length + 1);
  const special = isSpecial(protocol), slash = special ? /^[/\\]/ : /^\//;
  const isRelative = scheme === undefined || (special && protocol === base?.protocol && !slash.test(rest) && protocol !== 'file:');
  const url = blank(protocol);
  url.hash = hash;
  const query = rest.indexOf('?');
  let search = '';
  if (query >= 0) {
    search = rest.length > query + 1 ? `?${percent(rest.slice(query + 1), special ? SPECIAL_QUERY : QUERY)}` : '';
    rest = rest.slice(0, query);
  }
  url.search = search;
  const slashes = special ? /^[/\\]{2}/ : /^\/\//;
  if (!isRelative && special && protocol !== 'file:') {
    rest = `//${rest.replace(/^[/\\]*/, '')}`;
  }
  if (slashes.test(rest)) {
    const [, authority, path] = (special ? /^[/\\]{2}([^/\\]*)(.*)$/s : /^\/\/([^/]*)(.*)$/s).exec(rest);
    if (!parseAuthority(url, authority)) return null;
    url.pathname = path === '' ? (special ? '/' : '') : cleanPath(path, protocol);
    return url;
  }
  if (isRelative) return relativeTo(url, rest, base, query >= 0, mark >= 0);
  if (protocol === 'file:') {
    url.hostname = '';
    if (!slash.test(rest) && base?.protocol === 'file:') return relativeTo(url, rest, base, query >= 0, mark >= 0);
    url.pathname = cleanPath(slash.test(rest) ? rest : `/${rest}`, protocol);
    return url;
  }
  url.pathname = rest.startsWith('/') ? cleanPath(rest, protocol) : percent(rest, C0);
  return url;
}

function relativeTo(url, rest, base, hasQuery, hasHash) {
  if (base === undefined) return null;
  if (base.hostname === null && !base.pathname.startsWith('/')) {
    if (rest !== '' || hasQuery || !hasHash) return null;
    return Object.assign(url, { pathname: base.pathname, search: base.search });
  }
  for (const key of ['username', 'password', 'hostname', 'port']) url[key] = base[key];
  if (rest === '') {
    url.pathname = base.pathname;
    if (!hasQuery) url.search = base.search;
  } else if (/^[/\\]/.test(rest) && (rest[0] === '/' || isSpecial(url.protocol))) {
    url.pathname = cleanPath(rest, url.protocol);
  } else {
    url.pathname = cleanPath(base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1) + rest, url.protocol);
  }
  return url;
}

function serialize(url) {
  let text = url.protocol;
  if (url.hostname !== null) {
    text += '//';
    if (url.username !== '' || url.password !== '') text += `${url.username}${url.password === '' ? '' : `:${url.password}`}@`;
    text += url.hostname + (url.port === '' ? '' : `:${url.port}`);
  } else if (url.pathname.startsWith('//')) {
    text += '/.';
  }
  return text + url.pathname + url.search + url.hash;
}

// --- URL

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

class URL {
  #url; #params;
  constructor(input, base) {
    if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "url" argument must be specified');
    const from = base === undefined ? undefined : parse(String(base));
    const parsed = from === null ? null : parse(String(input), from);
    if (parsed === null) {
      const error = coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL');
      error.input = String(input);
      if (base !== undefined) error.base = String(base);
      throw error;
    }
    this.#url = parsed;
  }
  static canParse(input, base) { return URL.parse(input, base) !== null; }
  static parse(input, base) {
    try {
      return new URL(input, base);
    } catch {
      return null;
    }
  }
  get href() { return serialize(this.#url); }
  set href(value) {
    this.#url = new URL(value).#url;
    this.#renew();
  }
  get origin() {
    const { protocol, pathname } = this.#url;
    if (protocol === 'blob:') return URL.parse(pathname)?.origin ?? 'null';
    return isSpecial(protocol) && protocol !== 'file:' ? `${protocol}//${this.host}` : 'null';
  }
  get protocol() { return this.#url.protocol; }
  set protocol(value) {
    const [, scheme] = /^([a-zA-Z][a-zA-Z0-9+.-]*):?/.exec(String(value)) ?? [];
    const protocol = scheme && `${scheme.toLowerCase()}:`;
    if (protocol === undefined || isSpecial(protocol) !== isSpecial(this.#url.protocol)) return;
    this.#url.protocol = protocol;
    if (this.#url.port === SPECIAL[protocol]) this.#url.port = '';
  }
  get username() { return this.#url.username; }
  set username(value) { if (this.#url.hostname) this.#url.username = percent(String(value), USER); }
  get password() { return this.#url.password; }
  set password(value) { if (this.#url.hostname) this.#url.password = percent(String(value), USER); }
  get host() { return (this.#url.hostname ?? '') + (this.#url.port === '' ? '' : `:${this.#url.port}`); }
  set host(value) {
    const copy = { ...this.#url };
    if (parseAuthority(copy, String(value).replace(/[/?#].*$/s, ''))) {
      this.#url.hostname = copy.hostname;
      if (/:\d/.test(String(value))) this.#url.port = copy.port;
    }
  }
  get hostname() { return this.#url.hostname ?? ''; }
  set hostname(value) {
    const host = parseHost(String(value), isSpecial(this.#url.protocol));
    if (host !== null && this.#url.hostname !== null) this.#url.hostname = host;
  }
  get port() { return this.#url.port; }
  set port(value) {
    const [digits] = /^\d*/.exec(String(value));
    const port = parsePort(digits, this.#url.protocol);
    if (port !== null && (digits !== '' || String(value) === '')) this.#url.port = port;
  }
  get pathname() { return this.#url.pathname; }
  set pathname(value) {
    if (this.#url.hostname === null && !this.#url.pathname.startsWith('/')) return;
    const text = String(value);
    this.#url.pathname = cleanPath(/^[/\\]/.test(text) ? text : `/${text}`, this.#url.protocol);
  }
  get search() { return this.#url.search; }
  set search(value) {
    const text = String(value).replace(/^\?/, '');
    this.#url.search = text === '' ? '' : `?${percent(text, isSpecial(this.#url.protocol) ? SPECIAL_QUERY : QUERY)}`;
    this.#renew();
  }
  get searchParams() {
    this.#params ??= new URLSearchParams(this.#url.search, (text) => { this.#url.search = text === '' ? '' : `?${text}`; });
    return this.#params;
  }
  get hash() { return this.#url.hash; }
  set hash(value) {
    const text = String(value).replace(/^#/, '');
    this.#url.hash = text === '' ? '' : `#${percent(text, FRAGMENT)}`;
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
  #renew() { this.#params?._reset(this.#url.search); }
  [INSPECT](depth, options, inspect) {
    const shown = {};
    for (const key of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) shown[key] = this[key];
    return `URL ${inspect(shown, options)}`;
  }
}
for (const name of Object.getOwnPropertyNames(URL.prototype)) {
  if (name !== 'constructor') Object.defineProperty(URL.prototype, name, { enumerable: true });
}
Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true });

// --- URLSearchParams

const FORM = /[^A-Za-z0-9*\-._ ]/;
const toForm = (text) => percent(text.toWellFormed(), FORM).replaceAll(' ', '+');
const fromForm = (text) => decodePercent(text.replaceAll('+', ' '));

class URLSearchParams {
  #list = []; #tell;
  constructor(init, tell) {
    if (typeof tell === 'function') this.#tell = tell;
    if (init === undefined || init === null) return;
    if (typeof init === 'object' || typeof init === 'function') {
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const [key, value, ...more] = pair;
          if (value === undefined || more.length > 0) throw coded(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
          this.#list.push([String(key), String(value)]);
        }
      } else {
        for (const key of Object.keys(init)) this.#list.push([key, String(init[key])]);
      }
      return;
    }
    this._reset(String(init));
  }
  _reset(text) {
    this.#list = text.replace(/^\?/, '').split('&').filter(Boolean).map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [fromForm(part), ''] : [fromForm(part.slice(0, at)), fromForm(part.slice(at + 1))];
    });
  }
  #changed() { this.#tell?.(this.toString()); }
  append(name, value) {
    this.#list.push([String(name), String(value)]);
    this.#changed();
  }
  delete(name, value) {
    this.#list = this.#list.filter(([key, item]) => key !== String(name) || (value !== undefined && item !== String(value)));
    this.#changed();
  }
  get(name) { return this.#list.find(([key]) => key === String(name))?.[1] ?? null; }
  getAll(name) { return this.#list.filter(([key]) => key === String(name)).map(([, value]) => value); }
  has(name, value) { return this.#list.some(([key, item]) => key === String(name) && (value === undefined || item === String(value))); }
  set(name, value) {
    const at = this.#list.findIndex(([key]) => key === String(name));
    if (at < 0) {
      this.#list.push([String(name), String(value)]);
    } else {
      this.#list[at][1] = String(value);
      this.#list = this.#list.filter(([key], i) => i <= at || key !== String(name));
    }
    this.#changed();
  }
  sort() {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }
  forEach(callback, self) { for (const [key, value] of this.#list) callback.call(self, value, key, this); }
  *entries() { for (const pair of this.#list) yield [...pair]; }
  *keys() { for (const [key] of this.#list) yield key; }
  *values() { for (const [, value] of this.#list) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  get size() { return this.#list.length; }
  toString() { return this.#list.map(([key, value]) => `${toForm(key)}=${toForm(value)}`).join('&'); }
  [INSPECT](depth, options, inspect) {
    if (this.#list.length === 0) return 'URLSearchParams {}';
    return `URLSearchParams { ${this.#list.map(([key, value]) => `${inspect(key, options)} => ${inspect(value, options)}`).join(', ')} }`;
  }
}
Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: 'URLSearchParams', configurable: true });

// --- Node's functions

function fileURLToPath(value) {
  const url = typeof value === 'string' ? new URL(value) : value;
  if (url?.protocol === undefined) throw argumentType('path', ['string', 'URL'], value);
  if (url.protocol !== 'file:') throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
  if (url.hostname !== '') throw coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  if (/%2f/i.test(url.pathname)) throw coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
  return decodeURIComponent(url.pathname);
}

function pathToFileURL(file) {
  let resolved = require('path').resolve(file);
  if (file.endsWith('/') && !resolved.endsWith('/')) resolved += '/';
  return new URL(`file://${resolved.replace(/[%\\\n\r\t?#]/g, (c) => encodeURIComponent(c))}`);
}

// The old parser, which takes everything.
function urlParse(text, parsesQuery = false, slashesDenoteHost = false) {
  const result = { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null, pathname: null, path: null, href: '' };
  let rest = String(text).trim();
  const hash = rest.indexOf('#');
  if (hash >= 0) {
    result.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const query = rest.indexOf('?');
  if (query >= 0) {
    result.search = rest.slice(query);
    result.query = rest.slice(query + 1);
    rest = rest.slice(0, query);
  }
  const [scheme] = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(rest) ?? [];
  if (scheme) {
    result.protocol = scheme.toLowerCase();
    rest = rest.slice(scheme.length);
  }
  if (rest.startsWith('//') && (scheme || slashesDenoteHost)) {
    result.slashes = true;
    const [, authority, path] = /^\/\/([^/]*)(.*)$/s.exec(rest);
    const at = authority.lastIndexOf('@');
    if (at >= 0) result.auth = decodePercent(authority.slice(0, at));
    const [, name, , port] = /^(\[[^\]]*\]|[^:]*)(:(\d*))?/.exec(authority.slice(at + 1));
    result.hostname = name.toLowerCase().replace(/^\[|\]$/g, '');
    result.port = port || null;
    result.host = name.toLowerCase() + (port ? `:${port}` : '');
    rest = path || (isSpecial(result.protocol) ? '/' : '');
  }
  result.pathname = rest || null;
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname ?? '') + (result.search ?? '');
  if (parsesQuery) {
    result.query = require('querystring').parse(result.query ?? '');
    result.search ??= '';
  }
  result.href = urlFormat(result);
  return Object.setPrototypeOf(result, Url.prototype);
}
function Url() {}
Url.prototype.format = function format() { return urlFormat(this); };

function urlFormat(value, options = {}) {
  if (typeof value === 'string') value = urlParse(value);
  if (value instanceof URL) {
    const copy = new URL(value.href);
    if (options.fragment === false) copy.hash = '';
    if (options.search === false) copy.search = '';
    if (options.auth === false) copy.username = copy.password = '';
    return copy.href;
  }
  const protocol = value.protocol ? value.protocol.replace(/:?$/, ':') : '';
  const auth = value.auth ? `${encodeURIComponent(value.auth).replace(/%3A/i, ':')}@` : '';
  const host = value.host ? auth + value.host : value.hostname
    ? auth + (value.hostname.includes(':') ? `[${value.hostname}]` : value.hostname) + (value.port ? `:${value.port}` : '') : null;
  let search = value.search ?? (value.query && typeof value.query === 'object' && Object.keys(value.query).length > 0 ? `?${require('querystring').stringify(value.query)}` : '');
  if (search && search[0] !== '?') search = `?${search}`;
  let pathname = (value.pathname ?? '').replace(/[?#]/g, encodeURIComponent);
  let text = protocol;
  if (host !== null && (value.slashes || protocol === '' || isSpecial(protocol))) {
    text += `//${host}`;
    if (pathname !== '' && pathname[0] !== '/') pathname = `/${pathname}`;
  } else if (host !== null) {
    text += host;
  } else if (value.slashes) {
    text += '//';
  }
  const hash = value.hash ? value.hash.replace(/^#?/, '#') : '';
  return text + pathname + search.replaceAll('#', '%23') + hash;
}

function urlResolve(from, to) {
  const resolved = new URL(to, new URL(from, 'resolve://'));
  return resolved.protocol === 'resolve:' ? resolved.pathname + resolved.search + resolved.hash : resolved.href;
}

module.exports = {
  URL, URLSearchParams, Url, fileURLToPath, pathToFileURL, parse: urlParse, format: urlFormat, resolve: urlResolve,
  domainToASCII: (name) => parseHost(name, true) ?? '', domainToUnicode: (name) => require('punycode').toUnicode(name),
  urlToHttpOptions: (url) => ({ protocol: url.protocol, hostname: url.hostname, hash: url.hash, search: url.search, pathname: url.pathname,
    path: url.pathname + url.search, href: url.href, ...(url.port !== '' ? { port: +url.port } : {}) }),
};
