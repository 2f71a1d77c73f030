// events, EventTarget and aborting.
const t = require('./t.cjs');
const EventEmitter = require('events');
const { once, on } = EventEmitter;

t('on, once and off', () => { const e = new EventEmitter(), out = []; const f = (x) => out.push('f' + x); e.on('a', f); e.once('a', (x) => out.push('o' + x)); e.emit('a', 1); e.emit('a', 2); e.off('a', f); return [out, e.emit('a', 3)]; });
t('prepend', () => { const e = new EventEmitter(), out = []; e.on('a', () => out.push(1)); e.prependListener('a', () => out.push(0)); e.prependOnceListener('a', () => out.push(-1)); e.emit('a'); e.emit('a'); return out; });
t('this and arguments', () => { const e = new EventEmitter(); let got; e.on('a', function (...x) { got = [this === e, x]; }); e.emit('a', 1, 2, 3); return got; });
t('an error without a listener', () => new EventEmitter().emit('error', new TypeError('e')));
t('an error that is none', () => new EventEmitter().emit('error', { a: 1 }));
t('newListener and removeListener', () => { const e = new EventEmitter(), out = []; e.on('newListener', (n) => out.push('+' + n)); e.on('removeListener', (n) => out.push('-' + n)); const f = () => {}; e.on('a', f); e.removeListener('a', f); e.once('b', f); e.emit('b'); return out; });
t('counting', () => { const e = new EventEmitter(); const f = () => {}; e.on('a', f).on('a', f).on(Symbol.for('s'), f); return [e.listenerCount('a'), e.eventNames(), e.listeners('a').length, e.rawListeners('a').length, e.getMaxListeners()]; });
t('removing while emitting', () => { const e = new EventEmitter(), out = []; const b = () => out.push('b'); e.on('x', () => { out.push('a'); e.off('x', b); }); e.on('x', b); e.emit('x'); e.emit('x'); return out; });
t('removeAllListeners', () => { const e = new EventEmitter(); e.on('a', () => {}); e.on('b', () => {}); e.removeAllListeners('a'); const n = e.eventNames(); e.removeAllListeners(); return [n, e.eventNames()]; });
t('wrong listeners', () => new EventEmitter().on('a', 1));
t('once as a promise', async () => { const e = new EventEmitter(); setTimeout(() => e.emit('a', 1, 2), 1); return once(e, 'a'); });
t('once and errors', async () => { const e = new EventEmitter(); setTimeout(() => e.emit('error', new Error('no')), 1); return once(e, 'a'); });
t('events as an iterator', async () => { const e = new EventEmitter(), out = []; setTimeout(() => { e.emit('a', 1); e.emit('a', 2); e.emit('a', 3); }, 1); for await (const [x] of on(e, 'a')) { out.push(x); if (x === 3) break; } return out; });
t('inheritance', () => { class A extends EventEmitter {} function B() { EventEmitter.call(this); } require('util').inherits(B, EventEmitter); const b = new B(); let n = 0; b.on('x', () => ++n); b.emit('x'); return [new A() instanceof EventEmitter, n, B.super_ === EventEmitter]; });
t('captured rejections', async () => { const e = new EventEmitter({ captureRejections: true }); const got = once(e, 'error').catch((x) => x); e.on('a', async () => { throw new Error('later'); }); const wait = new Promise((r) => e.on('error', r)); e.emit('a'); return (await wait).message; });
t('EventTarget', () => { const e = new EventTarget(), out = []; e.addEventListener('a', (x) => out.push(x.type, x.target === e)); e.addEventListener('a', { handleEvent: (x) => out.push(x.detail) }, { once: true }); e.dispatchEvent(new Event('a')); e.dispatchEvent(new CustomEvent('a', { detail: 5 })); return out; });
t('cancelling', () => { const e = new EventTarget(); e.addEventListener('a', (x) => x.preventDefault()); return [e.dispatchEvent(new Event('a')), e.dispatchEvent(new Event('a', { cancelable: true }))]; });
t('stopping', () => { const e = new EventTarget(); let n = 0; e.addEventListener('a', (x) => { ++n; x.stopImmediatePropagation(); }); e.addEventListener('a', () => ++n); e.dispatchEvent(new Event('a')); return n; });
t('aborting', () => { const c = new AbortController(); let n = 0; c.signal.addEventListener('abort', () => ++n); c.signal.onabort = () => ++n; c.abort(); c.abort(); return [c.signal.aborted, n, c.signal.reason.name, c.signal.reason.code, c.signal.reason.message]; });
t('a reason', () => { const c = new AbortController(); c.abort('why'); try { c.signal.throwIfAborted(); } catch (e) { return e; } return 0; });
t('AbortSignal.timeout', async () => { const s = AbortSignal.timeout(5); const keep = setTimeout(() => {}, 1000); await new Promise((r) => { s.onabort = r; }); clearTimeout(keep); return s.reason.name; });
t('AbortSignal.any and abort', () => { const a = new AbortController(); const s = AbortSignal.any([a.signal]); a.abort(1); return [s.aborted, s.reason, AbortSignal.abort(2).reason]; });
t('error monitor', () => { const e = new EventEmitter(), out = []; e.on(EventEmitter.errorMonitor, (x) => out.push('m' + x.message)); e.on('error', (x) => out.push('e' + x.message)); e.emit('error', new Error('q')); return out; });
