// Timers, ticks and the order of things.
const t = require('./t.cjs');
const { setTimeout: wait, setInterval: every, setImmediate: now } = require('timers/promises');

t('the order of a turn', () => new Promise((done) => {
  const out = [];
  setTimeout(() => out.push('timer'), 1);
  setImmediate(() => out.push('immediate'));
  process.nextTick(() => out.push('tick'));
  Promise.resolve().then(() => out.push('micro')).then(() => out.push('micro 2'));
  queueMicrotask(() => out.push('queued'));
  out.push('sync');
  setTimeout(() => done(out.filter((x) => x !== 'immediate')), 20);
}));
t('ticks come before microtasks', () => new Promise((done) => setImmediate(() => {
  const out = [];
  Promise.resolve().then(() => { out.push('p1'); process.nextTick(() => out.push('t2')); }).then(() => out.push('p2'));
  process.nextTick(() => { out.push('t1'); process.nextTick(() => out.push('t1b')); });
  setImmediate(() => done(out));
})));
t('timers in order of their time', () => new Promise((done) => {
  const out = [];
  for (const n of [30, 10, 20, 10]) setTimeout(() => out.push(n), n);
  setTimeout(() => done(out), 60);
}));
t('arguments', () => new Promise((done) => setTimeout((...a) => done(a), 1, 1, 'b')));
t('clearing', async () => { let n = 0; clearTimeout(setTimeout(() => ++n, 1)); clearImmediate(setImmediate(() => ++n)); const i = setInterval(() => { if (++n === 3) clearInterval(i); }, 1); await wait(40); clearTimeout(undefined); clearTimeout(null); clearTimeout(12345); return n; });
t('by number', async () => { let n = 0; const timer = setTimeout(() => ++n, 1); clearTimeout(+timer); await wait(10); return [n, typeof +timer]; });
t('ref and unref', () => { const timer = setTimeout(() => {}, 1); const out = [timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef()]; clearTimeout(timer); return out; });
t('refresh', async () => { let n = 0; const timer = setTimeout(() => ++n, 30); await wait(15); timer.refresh(); await wait(20); const before = n; await wait(30); return [before, n]; });
t('immediates of immediates come a turn later', () => new Promise((done) => { const out = []; setImmediate(() => { out.push(1); setImmediate(() => done([...out, 3])); }); setImmediate(() => out.push(2)); }));
t('promises', async () => [await wait(1, 'a'), await now('b')]);
t('an interval', async () => { let n = 0; for await (const x of every(1, 'v')) if (++n === 3) return [n, x]; return 0; });
t('aborted', async () => { const c = new AbortController(); setTimeout(() => c.abort(), 1); return wait(1000, null, { signal: c.signal }); });
t('no function', () => setTimeout('x', 1));
t('no function for a tick', () => process.nextTick(1));
t('a timer takes its time', async () => { const start = performance.now(); await wait(30); const passed = performance.now() - start; return passed >= 29 && passed < 5000; });
t('performance', () => { performance.mark('a'); performance.mark('b'); const m = performance.measure('m', 'a', 'b'); return [m.entryType, m.duration >= 0, performance.now() > 0, performance.timeOrigin > 1e12]; });
t('an error in a timer does not stop others', () => new Promise((done) => {
  const out = [];
  process.once('uncaughtException', (e) => out.push(e.message));
  setTimeout(() => { throw new Error('lost'); }, 1);
  setTimeout(() => out.push('next'), 2);
  setTimeout(() => done(out), 20);
}));
