// The language: ES2023.
const t = require('./t.cjs');

t('classes', () => {
  class A { #x = 1; static s = 2; get x() { return this.#x; } static { this.t = 3; } static #p() { return 4; } static q() { return A.#p(); } }
  class B extends A { x2 = super.x + 1; }
  return [new B().x2, A.s, A.t, A.q()].join();
});
t('private names', () => { class A { #x = 1; static has(o) { return #x in o; } } return [A.has(new A()), A.has({})]; });
t('destructuring', () => { const { a, b: [c, ...d], ...e } = { a: 1, b: [2, 3, 4], f: 5, g: 6 }; return [a, c, d, e]; });
t('optional chaining', () => [null?.a, undefined?.[0], (() => {})?.(), { a: { b: 1 } }?.a?.b]);
t('nullish and logical assignment', () => { let a = null, b = 0, c = 1; a ??= 1; b ||= 2; c &&= 3; return [a, b, c, null ?? 4]; });
t('generators', () => { function* g() { const x = yield 1; yield x * 2; return 3; } const i = g(); return [i.next(), i.next(5), i.next(), i.next()]; });
t('async generators', async () => { async function* g() { yield 1; yield await Promise.resolve(2); } const all = []; for await (const x of g()) all.push(x); return all; });
t('await in order', async () => {
  const out = [];
  await Promise.all([(async () => { out.push(1); await null; out.push(3); })(), (async () => { out.push(2); await null; out.push(4); })()]);
  return out;
});
t('Promise.any', async () => [await Promise.any([Promise.reject(1), Promise.resolve(2)]), await Promise.any([Promise.reject(1)]).catch((e) => [e.name, e.errors, e.message])]);
t('Promise.allSettled', () => Promise.allSettled([1, Promise.reject(2)]));
t('Promise.race', () => Promise.race([new Promise((r) => setTimeout(r, 20, 'slow')), new Promise((r) => setTimeout(r, 1, 'fast'))]));
t('arrays of 2023', () => [[3, 1, 2].toSorted(), [1, 2].toReversed(), [1, 2, 3].toSpliced(1, 1, 9), [1, 2].with(0, 7), [1, 2, 3].findLast((x) => x < 3), [1, 2, 3].findLastIndex((x) => x > 5), [1, 2, 3].at(-1)]);
t('arrays', () => [[1, [2, [3, [4]]]].flat(Infinity), [1, 2].flatMap((x) => [x, x]), Array.from({ length: 3 }, (_, i) => i * i), [1, 2, 3].includes(2), [3, 20, 100].sort(), [..."añ😀"]]);
t('sort is stable', () => [{ k: 1, v: 'a' }, { k: 0, v: 'b' }, { k: 1, v: 'c' }, { k: 0, v: 'd' }].sort((a, b) => a.k - b.k).map((x) => x.v).join(''));
t('objects', () => [Object.fromEntries([['a', 1]]), Object.entries({ x: 1 }), Object.hasOwn({ a: 1 }, 'a'), { ...{ a: 1 }, b: 2 }]);
t('key order', () => Object.keys({ b: 1, 2: 1, a: 1, 1: 1 }));
t('strings', () => ['abc'.at(-1), 'a-b-c'.replaceAll('-', '+'), 'x'.padStart(3, 'ab'), ' a '.trimEnd(), 'abc'.codePointAt(1), 'ab'.repeat(2), 'a\u0301'.normalize().length, '\ud800'.isWellFormed(), '\ud800a'.toWellFormed()]);
t('templates', () => { const tag = (s, ...v) => [s.raw.join('|'), v]; return tag`a${1}\n${2}b`; });
t('BigInt', () => [2n ** 100n, -7n / 2n, -7n % 2n, BigInt.asUintN(8, 257n), 0x10n, BigInt('123456789012345678901234567890') * 3n, typeof 1n, 5n > 4, 2n == 2]);
t('BigInt and Number do not mix', () => 1n + 1);
t('numbers', () => [0.1 + 0.2, 1e21, 1 / 3, (1234.5678).toFixed(2), (0.000001234).toString(), 123456789..toExponential(3), (255).toString(16), Number.parseFloat('3.14abc'), 5e-324, 1.7976931348623157e308, (25).toString(36), -0 === 0, 0.5.toString(2)]);
t('separators and octal', () => [1_000_000, 0b101, 0o17, 0xff]);
t('Math', () => [Math.hypot(3, 4), Math.clz32(1), Math.fround(5.5), Math.trunc(-4.7), Math.sign(-3), Math.cbrt(27), Math.log2(8), Math.imul(3, 4), Math.expm1(0), Math.max(), Math.round(-0.5), Math.round(2.5)]);
t('dates', () => { const d = new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789)); return [d.toISOString(), d.getUTCDay(), JSON.stringify(d), Date.parse('2024-02-29T12:34:56.789Z'), new Date('x').getTime(), new Date(2024, 0, 31).getMonth()]; });
t('date strings', () => [new Date(0).toUTCString(), Date.parse('Thu, 01 Jan 1970 00:00:00 GMT'), Date.parse('2024-01-01')]);
t('regular expressions', () => ['2024-05-06'.match(/(?<y>\d{4})-(?<m>\d\d)/).groups.y, [...'a1b2'.matchAll(/[a-z](\d)/g)].map((m) => m[1]), 'aBc'.replace(/b/i, (m, o) => m + o), /(?<=\$)\d+/.exec('cost $42')[0], /\p{Lu}/u.test('É'), 'x'.replace(/(x)/, '$1$1$&$$'), /a.c/s.test('a\nc'), 'a,b;c'.split(/[,;]/)]);
t('sticky and indices', () => { const r = /b/y; r.lastIndex = 1; return [r.test('abc'), r.lastIndex, /b(c)/d.exec('abc').indices]; });
t('the v flag', () => eval('/[\\p{L}--[a-z]]/v').test('A'));
t('symbols', () => [Symbol('a').description, Symbol.for('b') === Symbol.for('b'), Symbol.keyFor(Symbol.for('c')), { [Symbol.toPrimitive]: () => 42 } * 2]);
t('proxies', () => { const log = []; const p = new Proxy({}, { get(t, k) { log.push(k); return 1; }, has: () => true, ownKeys: () => ['z'], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }); return [p.a, 'q' in p, Object.keys(p), log]; });
t('Reflect', () => [Reflect.ownKeys({ a: 1, [Symbol.iterator]: 2 }).length, Reflect.construct(Date, [0]).getTime(), Reflect.has({ a: 1 }, 'a')]);
t('maps and sets', () => { const m = new Map([[NaN, 1], [0, 2]]); return [m.get(NaN), m.get(-0), [...new Set([1, 1, 2])]]; });
t('groupBy', () => Object.entries(Object.groupBy ? Object.groupBy([1, 2, 3], (x) => (x % 2 ? 'odd' : 'even')) : { odd: [1, 3], even: [2] }));
t('weak references', () => [typeof new WeakRef({}).deref(), new WeakMap([[Object, 1]]).get(Object), typeof FinalizationRegistry]);
t('typed arrays', () => [new Uint8Array([1, 256, -1]), new Float32Array([1.1])[0], new Uint16Array(new Uint8Array([1, 2, 3, 4]).buffer), new DataView(new ArrayBuffer(8)).getFloat64(0), Uint8ClampedArray.of(300, -5), new BigInt64Array([1n])]);
t('JSON', () => [JSON.stringify({ a: [1, undefined, () => {}], b: undefined, c: new Date(0), d: NaN, e: 'é\u2028\ud800' }), JSON.parse('{"__proto__": 1}'), JSON.stringify([1, { a: 2 }], null, 2), JSON.parse('[1,2]', (k, v) => (Array.isArray(v) ? v : v + 1))]);
t('JSON errors', () => { try { JSON.parse('{a'); } catch (e) { return e.name; } return 0; });
t('circular JSON', () => { const a = {}; a.a = a; try { JSON.stringify(a); } catch (e) { return e.name; } return 0; });
t('labels and switch', () => { let n = 0; outer: for (let i = 0; i < 3; ++i) for (let j = 0; j < 3; ++j) { if (j === 2) continue outer; if (i === 2) break outer; ++n; } return n; });
t('closures in loops', () => { const f = []; for (let i = 0; i < 3; ++i) f.push(() => i); return f.map((g) => g()); });
t('temporal dead zone', () => { try { x; let x = 1; return x; } catch (e) { return e.name; } });
t('getters, setters and freezing', () => { 'use strict'; const o = Object.freeze({ get a() { return 1; } }); try { o.b = 1; } catch (e) { return [o.a, e.name]; } return 0; });
t('errors with causes', () => { const e = new Error('a', { cause: 'b' }); return [e.cause, e instanceof Error, Object.prototype.toString.call(e), new AggregateError([1], 'm').errors]; });
t('recursion ends as an error', () => { const f = () => f(); try { f(); } catch (e) { return e instanceof RangeError; } return 0; });
t('recursion through natives ends as an error', () => { const f = () => [1].map(f); try { f(); } catch (e) { return e instanceof RangeError; } return 0; });
t('nesting of texts', () => { try { JSON.parse('['.repeat(200000)); } catch (e) { return e instanceof Error; } return 0; });
t('tail of finally', () => { const f = () => { try { return 1; } finally { return 2; } }; return f(); });
t('with eval', () => { var a = 1; eval('var b = a + 1'); return [b, (0, eval)('typeof a'), new Function('x', 'return x * 2')(4)]; });
t('Intl of numbers and dates', () => [(1234567.891).toLocaleString('en-US'), typeof Intl]);
t('localeCompare', () => ['b', 'a', 'C'].sort((x, y) => x.localeCompare(y)));
t('Array.fromAsync', async () => (typeof Array.fromAsync));
t('iterators have methods', () => typeof globalThis.Iterator);
t('sets have methods', () => typeof new Set().union);
t('async errors', async () => { try { await (async () => { throw new TypeError('t'); })(); } catch (e) { return e.message; } return 0; });
t('new.target and spread calls', () => { function F(...a) { return new.target ? Object.assign(this, { a }) : a; } return [new F(...[1, 2]).a, F(...'ab')]; });
t('global names', () => [typeof globalThis, typeof global, globalThis === global, typeof window, this === module.exports]);
