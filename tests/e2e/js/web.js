// URL, structuredClone, crypto, os, querystring, assert.
const t = require('./t.cjs');
const url = require('url');
const crypto = require('crypto');
const os = require('os');
const qs = require('querystring');
const assert = require('assert');

const parts = (u) => [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.pathname, u.search, u.hash].join(' ');
const each = (list) => list.forEach(([input, base]) => t(`URL ${input}${base ? ` of ${base}` : ''}`, () => parts(new URL(input, base))));
each([['https://user:pa%20ss@example.com:8080/a/b?x=1&y=2#z'], ['HTTP://EXAMPLE.com:80/../a/./b/../c'], ['file:///home/a%20b'], ['/x?y', 'https://a.b/c/d'], ['d', 'https://a.b/c/x'], ['../up', 'https://a.b/c/d/e'], ['?q', 'https://a.b/c?d'], ['#h', 'https://a.b/c?d'], ['//other/p', 'https://a.b'], ['mailto:a@b.c'], ['data:text/plain,hi there'], ['https://münchen.de/ü?ü#ü'], ['http://[::1]:3000/'], ['http://192.168.257'], ['http://0x7f.1/'], ['https://a.b/c d"e<f>`g{h}'], ['https:a.b/c'], ['\thttps://a.b\n'], ['https://a.b?x'], ['javascript:alert(1)'], ['https://a%41.com'], ['nope'], ['http://'], ['http://a:99999/'], ['http://a b/'], ['https://EXAMPLE.com./'], ['blob:https://a.b/c'], ['file://host/p'], ['', 'https://a.b/c']]);
t('setters', () => { const u = new URL('https://a.b/c?d#e'); u.protocol = 'http'; u.host = 'x.y:81'; u.port = '82'; u.pathname = 'p q'; u.search = 'r=s t'; u.hash = ''; u.username = 'me@'; u.password = ':'; return u.href; });
t('searchParams', () => { const u = new URL('https://a.b/?x=1&y=2&x=3'); const p = u.searchParams; p.append('z', 'a b&c'); p.delete('y'); p.set('x', '9'); return [u.href, [...p], p.get('z'), p.getAll('x'), p.has('q'), p.size]; });
t('URLSearchParams', () => [String(new URLSearchParams({ a: 1, b: 'x y' })), String(new URLSearchParams([['a', 'é'], ['b', '*-._~']])), [...new URLSearchParams('?a=%41+b&c&=d')], (() => { const p = new URLSearchParams('b=1&a=2&b=0'); p.sort(); return String(p); })()]);
t('URL as text', () => [require('util').inspect(new URL('https://a.b/c')), JSON.stringify(new URL('https://a.b')), URL.canParse('x:y'), URL.canParse('nope')]);
t('URLSearchParams as text', () => require('util').inspect(new URLSearchParams('a=1&b=2')));
t('fileURLToPath', () => [url.fileURLToPath('file:///a%20b/c'), url.pathToFileURL('/a b#c?d%').href]);
t('fileURLToPath of others', () => url.fileURLToPath('https://a.b'));
t('url.parse', () => { const { protocol, auth, host, port, hostname, hash, search, query, pathname, path, href } = url.parse('http://u:p@h.x:80/p/a?q=1#f'); return [protocol, auth, host, port, hostname, hash, search, query, pathname, path, href]; });
t('url.format and resolve', () => [url.format({ protocol: 'http', host: 'a.b', pathname: 'c', query: { d: 1 } }), url.resolve('/one/two', '../three'), url.resolve('http://a.b/c', 'd')]);
t('structuredClone', () => { const o = { a: [1, { b: new Date(0) }], m: new Map([[1, new Set([2])]]), r: /x/g, u: new Uint8Array([1]), n: null, x: undefined, e: new RangeError('r') }; o.self = o; const c = structuredClone(o); return [c.a, c.m, c.r, c.u, c.self === c, c.a !== o.a, c.e instanceof RangeError, 'x' in c]; });
t('structuredClone of a function', () => structuredClone({ f() {} }));
t('structuredClone of classes', () => structuredClone(new (class A { x = 1; })()).constructor === Object);
t('transfer', () => { const b = new ArrayBuffer(4); const c = structuredClone(b, { transfer: [b] }); return [b.byteLength, c.byteLength]; });
t('random', () => [crypto.randomBytes(8).length, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.getRandomValues(new Uint8Array(4)).length, crypto.randomInt(5) < 5, crypto.randomInt(3, 4), typeof Math.random(), globalThis.crypto.randomUUID().length]);
t('random numbers differ', () => new Set(Array.from({ length: 100 }, () => Math.random())).size === 100 && !crypto.randomBytes(16).equals(crypto.randomBytes(16)));
t('getRandomValues of too much', () => crypto.getRandomValues(new Uint8Array(65537)));
for (const name of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']) {
  t(name, () => [crypto.createHash(name).update('').digest('hex'), crypto.createHash(name).update('abc').update('x'.repeat(200)).digest('base64'), crypto.createHmac(name, 'key').update('data').digest('hex')]);
}
t('hash lengths', () => [55, 56, 63, 64, 65, 111, 112, 127, 128].map((n) => crypto.createHash('sha512').update('a'.repeat(n)).digest('hex').slice(0, 8) + crypto.createHash('sha256').update('a'.repeat(n)).digest('hex').slice(0, 8)));
t('pbkdf2', () => crypto.pbkdf2Sync('p', 's', 3, 40, 'sha256').toString('hex'));
t('hash errors', () => crypto.createHash('nope'));
t('timingSafeEqual', () => [crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')), crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('b'))]);
t('subtle.digest', async () => Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc'))).toString('hex'));
t('os', () => [os.EOL, os.platform(), os.type(), typeof os.hostname(), os.tmpdir(), os.cpus().length > 0, os.totalmem() > 0, os.freemem() > 0, typeof os.uptime(), os.endianness(), os.constants.signals.SIGINT, typeof os.userInfo().username, os.homedir().startsWith('/'), os.loadavg().length, typeof os.release(), os.devNull, os.availableParallelism() > 0]);
t('querystring', () => [qs.parse('a=1&b=2&a=3&c=%20+x'), qs.stringify({ a: [1, 2], b: 'x y&', c: '' }), qs.escape('a b/é'), qs.unescape('a%20b')]);
t('assert', () => { const out = []; for (const f of [() => assert(0, 'no'), () => assert.strictEqual(1, 2), () => assert.deepStrictEqual({ a: 1 }, { a: 1 }), () => assert.equal(1, '1'), () => assert.notStrictEqual(1, 1), () => assert.throws(() => {}), () => assert.throws(() => { throw new TypeError('x'); }, TypeError), () => assert.throws(() => { throw new Error('abc'); }, /b/), () => assert.throws(() => { throw new Error('abc'); }, { message: 'abc' }), () => assert.deepEqual([1, '2'], [1, 2]), () => assert.match('abc', /x/), () => assert.fail('boom'), () => assert.ifError(null), () => assert.doesNotThrow(() => {}), () => assert.strict.equal(1, '1')]) { try { f(); out.push('ok'); } catch (e) { out.push([e.name, e.code, e.operator, e.actual, e.expected, e.generatedMessage]); } } return out; });
t('messages of assert', () => { const m = (f) => { try { f(); } catch (e) { return e.message; } return ''; }; return [m(() => assert.strictEqual(1, 2)), m(() => assert.strictEqual(1, 2, 'mine')), m(() => assert.equal(1, 2)), m(() => assert.notStrictEqual(1, 1)), m(() => assert.match('a', /b/)), m(() => assert.throws(() => {})), m(() => assert.fail())]; });
t('assert.rejects', async () => [await assert.rejects(Promise.reject(new Error('x')), /x/), await assert.rejects(async () => {}).catch((e) => e.code)]);
t('DOMException', () => { const e = new DOMException('m', 'AbortError'); return [e.name, e.message, e.code, e instanceof Error, String(e)]; });
t('what is not there says so', async () => [typeof fetch, await fetch('http://127.0.0.1:1/').catch((e) => e.name)]);
