// console and util: values as text.
const t = require('./t.cjs');
const util = require('util');

const each = (name, values, options) => values.forEach((value, i) => t(`${name} ${i}`, () => util.inspect(value, options)));
class Point { constructor() { this.x = 1; } get y() { return 2; } }
class Empty {}
class List extends Array {}
const circle = { name: 'c', inner: {} };
circle.inner.back = circle;
circle.self = circle;

each('primitives', ['a', "it's", '"', 'a\nb\t\x07', 1, -0, 1n, true, null, undefined, Symbol('s'), NaN, 1e21, '\u{1f600}', `'"`]);
each('objects', [{}, { a: 1, b: 'x' }, { 'a-b': 1, 2: 3, [Symbol('k')]: 4 }, { a: { b: { c: { d: 1 } } } }, Object.create(null), Object.assign(Object.create(null), { a: 1 }), new Point(), new Empty(), { f() {}, g: () => {}, h: function () {}, i: class {}, j: class J extends Point {} }, { get a() { return 1; }, set b(x) {}, get c() { return 1; }, set c(x) {} }, { a: undefined, b: null }, { __proto__: { a: 1 } }, new (class extends Object {})()]);
each('arrays', [[], [1, 2, 3], ['a', [1, [2, [3, [4]]]]], [, 1, , , 2], new Array(3), [1, 2, 3].concat(Array.from({ length: 120 }, (_, i) => i)), Array.from({ length: 30 }, (_, i) => 'item' + i), Object.assign([1], { x: 2 }), List.from([1, 2]), [undefined, null], [[]], Array.from({ length: 7 }, (_, i) => ({ i }))]);
each('long', [{ aaaaaaaaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: 2, cccccccccccccccccccccccccc: 3 }, { a: 'x'.repeat(100) }, { a: [1, 2, { b: 3 }], b: { c: {} } }, Array.from({ length: 10 }, (_, i) => 'x'.repeat(i * 3)), ['a'.repeat(30), 'b'.repeat(30), 'c'.repeat(30)], { list: Array.from({ length: 101 }, (_, i) => i * 1000) }, { text: 'line one is long enough\nline two is long enough\nline three is long enough as well' }]);
each('collections', [new Map([['a', 1], [{ b: 1 }, [2]]]), new Set([1, 'a', {}]), new Map(), new Set(), new WeakMap(), new WeakSet(), new Map([[1, { a: { b: { c: 1 } } }]]), [new Map([[1, 2]])], new Map([[1, 2]]).entries().toString()]);
each('functions', [function name() {}, () => {}, async () => {}, function* g() {}, async function* ag() {}, class {}, class A {}, class B extends Point {}, Object.assign(function f() {}, { x: 1 }), Math.max]);
each('others', [new Date(0), new Date(NaN), /a.b/gi, new Uint8Array([1, 2]), new Float64Array(2), Buffer.from('abc'), new ArrayBuffer(4), new DataView(new ArrayBuffer(2)), Object(1), Object('str'), Object(true), Object(1n), Object(Symbol('b')), (function () { return arguments; })(1, 2), globalThis.Math, JSON, (function* () {})(), new Proxy({ a: 1 }, {}), new Proxy([1], {}), new Proxy(function f() {}, {})]);
each('promises', [Promise.resolve(1), new Promise(() => {}), Promise.resolve({ a: 1 })]);
t('a rejected promise', () => { const p = Promise.reject(3); p.catch(() => {}); return util.inspect(p); });
t('circles', () => util.inspect(circle));
each('options', [{ a: { b: { c: {} } } }, [[[[]]]]], { depth: 0 });
each('depths', [{ a: { b: { c: { d: { e: 1 } } } } }], { depth: Infinity });
each('compact', [{ a: [1, { b: 2 }], c: 'x' }], { compact: false });
each('sorted', [{ b: 1, a: 2 }], { sorted: true });
each('colours', [{ a: 1, b: 'x', c: null, d: undefined, e: [true, 1n], f: Symbol('q'), g: new Date(0), h: /r/, i: () => {} }], { colors: true });
each('hidden', [[1], Object.defineProperty({}, 'h', { value: 1 })], { showHidden: true });
each('limits', [[1, 2, 3, 4], 'x'.repeat(20), new Set([1, 2, 3, 4])], { maxArrayLength: 2, maxStringLength: 5 });
each('getters', [{ get a() { return { b: 1 }; } }], { getters: true });
each('custom', [{ [util.inspect.custom](depth, options) { return `<${depth} ${typeof options.stylize}>`; } }, { a: { [util.inspect.custom]: () => 'inner' } }, { [util.inspect.custom]: () => ({ replaced: 1 }) }, class { static [util.inspect.custom]() { return 'static'; } }]);
t('tags', () => util.inspect({ [Symbol.toStringTag]: 'Tagged', a: 1 }));
t('errors', () => { const e = new TypeError('bad'); e.stack = 'TypeError: bad\n    at x'; return util.inspect([e, Object.assign(new RangeError('r'), { stack: 'RangeError: r\n    at y', extra: 1 })]); });
t('errors without stacks', () => { const e = new Error('m'); e.stack = undefined; delete e.stack; const f = new Error('only'); f.stack = 'Error: only'; return util.inspect(f); });
t('causes', () => { const e = new Error('outer', { cause: new Error('inner') }); e.stack = 'Error: outer\n    at a'; e.cause.stack = 'Error: inner\n    at b'; return util.inspect(e); });
t('format', () => [util.format('%s %d %i %f %j %o %O %c %%', 'a', 1.5, 1.9, '2.5', { a: 1 }, [1], { b: 2 }, 'css'), util.format('a', 'b', { c: 1 }), util.format('%s', null, undefined, 5n, Symbol('x'), () => {}, { toString: () => 'own' }, [1, [2, [3]]]), util.format('%d', '0x10'), util.format(1, 2), util.format('%x %s'), util.format('%s', -0), util.format('%d', 5n), util.format('%s', class A {}), util.format('%%s', 1)]);
t('util.inherits and types', () => [util.types.isDate(new Date()), util.types.isRegExp(/a/), util.types.isPromise(Promise.resolve()), util.types.isProxy(new Proxy({}, {})), util.types.isMap(new Map()), util.types.isTypedArray(new Uint8Array()), util.types.isAsyncFunction(async () => {}), util.types.isGeneratorFunction(function* () {}), util.types.isNativeError(new Error()), util.types.isBoxedPrimitive(Object(1)), util.isArray([])]);
t('isDeepStrictEqual', () => [util.isDeepStrictEqual({ a: [1, new Map([[1, { b: 2 }]])] }, { a: [1, new Map([[1, { b: 2 }]])] }), util.isDeepStrictEqual([1], ['1']), util.isDeepStrictEqual(new Set([{ a: 1 }]), new Set([{ a: 1 }])), util.isDeepStrictEqual(NaN, NaN), util.isDeepStrictEqual(0, -0), util.isDeepStrictEqual(new Date(0), new Date(0)), util.isDeepStrictEqual(circle, circle), util.isDeepStrictEqual([, 1], [undefined, 1])]);
t('promisify and callbackify', async () => [await util.promisify((a, cb) => cb(null, a + 1))(1), await util.promisify((cb) => cb(new Error('no')))().catch((e) => e.message), await new Promise((r) => util.callbackify(async (x) => x * 2)(4, (e, v) => r([e, v])))]);
t('deprecate', () => util.deprecate((x) => x + 1, 'old')(1));
t('parseArgs', () => [util.parseArgs({ args: ['-v', '--name=x', '--list', 'a', '--list', 'b', 'pos'], options: { verbose: { type: 'boolean', short: 'v' }, name: { type: 'string' }, list: { type: 'string', multiple: true } }, allowPositionals: true })]);
t('parseArgs that fails', () => util.parseArgs({ args: ['--nope'], options: {} }));
t('stripVTControlCharacters', () => util.stripVTControlCharacters('\x1b[31mred\x1b[0m'));
t('styleText', () => util.styleText('red', 'x'));
t('console', () => {
  const { Console } = require('console');
  const { PassThrough } = require('stream');
  const out = new PassThrough(), err = new PassThrough();
  const c = new Console(out, err);
  c.log('a %s', 'b', { c: 1 }); c.error('e'); c.group('g'); c.log('in\nner'); c.group(); c.info('deep'); c.groupEnd(); c.groupEnd(); c.warn('w');
  c.count(); c.count('x'); c.count(); c.countReset(); c.count(); c.assert(true, 'no'); c.assert(false, 'yes %d', 1); c.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 }); c.table([{ a: 1, b: 'x' }, { a: 2, c: true }]); c.table([[1, 2], [3, 4]]); c.table([1, 'a']); c.table(5); c.table([{ a: 1, b: 2 }], ['b']);
  return [String(out.read()), String(err.read())];
});
t('the state of modules', () => util.inspect(new Map([['fs', typeof require('fs').readFileSync]])));
