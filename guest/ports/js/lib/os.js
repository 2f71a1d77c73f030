// The machine, as far as a sandbox has one.
'use strict';

const { SIGNALS } = process.hooks;
const { SYSTEM, check } = require('errors');

const uname = () => check(native.uname(), 'uname');
const text = (get) => Object.assign(get, { [Symbol.toPrimitive]: get });

function userInfo() {
  const uid = native.uid(), gid = native.gid();
  let row;
  try {
    row = require('fs').readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find((fields) => fields[2] === String(uid));
  } catch {
    row = undefined;
  }
  return { uid, gid, username: row?.[0] ?? String(uid), homedir: row?.[5] ?? '/', shell: row?.[6] ?? null };
}

module.exports = {
  EOL: '\n', devNull: '/dev/null',
  arch: text(() => process.arch), platform: text(() => 'linux'), type: text(() => uname()[0]), release: text(() => uname()[2]),
  version: text(() => uname()[3]), machine: text(() => uname()[4]), hostname: text(() => uname()[1]), endianness: text(() => 'LE'),
  homedir: text(() => process.env.HOME ?? userInfo().homedir),
  tmpdir: text(() => (process.env.TMPDIR ?? process.env.TMP ?? process.env.TEMP ?? '/tmp').replace(/(.)\/$/, '$1')),
  uptime: text(() => native.usage()[5]), totalmem: text(() => native.usage()[3]), freemem: text(() => native.usage()[4]),
  loadavg: () => native.usage().slice(6, 9),
  availableParallelism: () => native.processors(),
  cpus: () => Array.from({ length: native.processors() }, () => ({ model: 'wasm32', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } })),
  networkInterfaces: () => ({}),
  userInfo, getPriority: () => 0, setPriority() {},
  constants: {
    signals: { ...SIGNALS }, priority: { PRIORITY_LOW: 19, PRIORITY_BELOW_NORMAL: 10, PRIORITY_NORMAL: 0, PRIORITY_ABOVE_NORMAL: -7, PRIORITY_HIGH: -14, PRIORITY_HIGHEST: -20 },
    errno: Object.fromEntries(Object.entries(SYSTEM).map(([number, [name]]) => [name, +number])),
  },
};
