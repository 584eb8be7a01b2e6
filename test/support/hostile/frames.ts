import {
  clientFrame,
  Opcode,
  type FrameOptions,
} from '../sockets/raw-socket.js';
import type { Random } from '../../../harness/random.js';

/** Calls that a server takes; what is sent is made of them by damaging them. */
const MESSAGES: readonly [object, ...object[]] = [
  call('calc', 'sum', { a: 1, b: 2 }),
  call('calc', 'later', { value: [1, 'two', null] }),
  call('calc', 'refuse', { why: { code: 7 } }),
  call('calc', 'text', { size: 300 }),
  call('calc', 'fail', {}),
  call('calc', 'twice', {}),
  call('calc', 'never', {}),
  call('calc', 'guarded', { value: 'held back' }),
  call('pubsub', 'subscribe', { channel: 'fuzz' }),
  call('pubsub', 'subscribe', { channel: { deep: ['fuzz', 1] } }),
  call('pubsub', 'unsubscribe', { channel: 'fuzz' }),
  call('pubsub', 'publish', { channel: 'fuzz', message: { text: '\u2713' } }),
  { service: 'echo', message: { any: ['thing', 1, true, null] } },
  { service: 'explode', message: 'now' },
  { service: 'nobody', message: {} },
];

const KEYS: readonly [string, ...string[]] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'then',
  'hasOwnProperty',
  'length',
  'service',
  'message',
  'command',
  'params',
  'callId',
  'channel',
  'a',
  '',
  '\u0000',
  '\ud800',
];

/** JSON texts that somebody may not have thought of. */
const VALUES: readonly [string, ...string[]] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '1e-999',
  '1e999',
  '-1e999',
  '9007199254740993',
  '123456789012345678901234567890',
  'NaN',
  'Infinity',
  'undefined',
  '""',
  '"__proto__"',
  '"constructor"',
  '"\\ud800"',
  '"\\u0000\\r\\n"',
  '"\u2028</script>"',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"then":"x","toJSON":"y","length":-1}',
  '{"a":1,"a":2}',
];

function call(service: string, command: string, params: object): object {
  return { service, message: { command, params, callId: 1 } };
}

/** The text of a message with something wrong, or at least odd, about it. */
export function damagedText(random: Random): string {
  let text = JSON.stringify(random.pick(MESSAGES));
  const times = 1 + random.below(2);
  for (let i = 0; i < times; i++) text = random.pick(DAMAGES)(text, random);
  return text;
}

type Damage = (text: string, random: Random) => string;

const DAMAGES: readonly [Damage, ...Damage[]] = [
  (text) => text,
  // Characters changed, removed, doubled
  (text, random) => {
    const at = random.below(text.length);
    const other = String.fromCharCode(random.below(0x180));
    return text.slice(0, at) + other + text.slice(at + 1);
  },
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => text.slice(random.below(text.length)),
  (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + text.slice(at + random.below(8));
  },
  (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + text.slice(at - random.below(8));
  },
  (text, random) => random.pick(['\ufeff', ' ', '\n', '[', '\u0000']) + text,
  (text) => text + text,
  // Values of other types
  (text, random) => replaceOne(text, /"[^"]*"(?!\s*:)/g, random),
  (text, random) => replaceOne(text, /\b\d+\b|null|true/g, random),
  (text, random) => replaceOne(text, /\{[^{}]*\}|\[[^[\]]*\]/g, random),
  // Keys added, doubled, dropped, renamed
  (text, random) => {
    const key = JSON.stringify(random.pick(KEYS));
    return text.replaceAll('{', (brace) =>
      random.chance(0.4) ? `{${key}:${random.pick(VALUES)},` : brace,
    );
  },
  (text, random) =>
    text.replace(/"(\w+)":/g, (whole, key: string) =>
      random.chance(0.3) ? `"${key}":${random.pick(VALUES)},${whole}` : whole,
    ),
  (text, random) =>
    text.replace(/"\w+":/g, (whole) =>
      random.chance(0.3) ? `${JSON.stringify(random.pick(KEYS))}:` : whole,
    ),
  (text, random) =>
    text.replace(/"\w+":("[^"]*"|\d+),/g, (whole) =>
      random.chance(0.5) ? '' : whole,
    ),
  // Depth and length
  (text, random) => {
    const depth = random.pick([10, 990, 1000, 1010, 3000]);
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ]) as [string, string];
    const deep = open.repeat(depth) + random.pick(VALUES) + close.repeat(depth);
    return text.replace(/"callId":1|"fuzz"|"now"/, (whole) =>
      whole.startsWith('"callId"') ? `"callId":${deep}` : deep,
    );
  },
  (text, random) =>
    text.replace('fuzz', () => 'x'.repeat(random.pick([126, 3000, 70_000]))),
];

function replaceOne(text: string, pattern: RegExp, random: Random): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: old, index } = found[
    random.below(found.length)
  ] as RegExpExecArray;
  return (
    text.slice(0, index) + random.pick(VALUES) + text.slice(index + old.length)
  );
}

/**
 * Frames that keep to the protocol of WebSocket, whatever is in them: after any
 * number of them the connection must still be of use.
 */
export function hostileMessage(random: Random): Buffer {
  const kind = random.next();
  if (kind < 0.05) {
    // Bytes that are no UTF-8 may only come as binary.
    const bytes = random.bytes(random.below(200));
    return clientFrame(bytes, { opcode: Opcode.binary });
  }
  if (kind < 0.08) {
    const bytes = random.bytes(random.below(126));
    const opcode = random.pick([Opcode.ping, Opcode.pong]);
    return clientFrame(bytes, { opcode });
  }
  const payload = Buffer.from(damagedText(random));
  const opcode = random.pick([Opcode.text, Opcode.binary]);
  if (kind < 0.14) return fragmented(payload, opcode, random);
  if (kind < 0.18 && opcode === Opcode.binary) {
    const at = random.below(payload.length);
    if (payload.length > 0) payload[at] = random.below(256);
  }
  const lengthBits = random.chance(0.05) ? 64 : undefined;
  return clientFrame(payload, {
    opcode,
    ...(lengthBits && { lengthBits }),
  });
}

/** In fragments, some of them empty, with pings between. */
function fragmented(payload: Buffer, opcode: number, random: Random): Buffer {
  const frames: Buffer[] = [];
  let at = 0;
  for (let more = random.below(20); more >= 0; more--) {
    const length = more === 0 ? payload.length : random.below(payload.length);
    const part = payload.subarray(at, at + length);
    at += part.length;
    frames.push(
      clientFrame(part, {
        opcode: frames.length === 0 ? opcode : Opcode.continuation,
        fin: more === 0,
      }),
    );
    if (random.chance(0.1)) {
      frames.push(clientFrame('', { opcode: Opcode.ping }));
    }
  }
  return Buffer.concat(frames);
}

/** Bytes that break the protocol: the server must end the connection. */
export function brokenFrame(random: Random): Buffer {
  return random.pick(BREAKS)(random);
}

const wrong = (payload: string | Buffer, options: FrameOptions): Buffer =>
  clientFrame(payload, options);

const BREAKS: readonly [
  (random: Random) => Buffer,
  ...((random: Random) => Buffer)[],
] = [
  // Reserved opcodes and bits
  (random) =>
    wrong('{}', { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) }),
  (random) => wrong('{}', { rsv: 1 + random.below(7) }),
  // Unmasked
  () => wrong('{"service":"echo","message":1}', { masked: false }),
  (random) => Buffer.from([random.below(256), random.below(128)]),
  // Control frames that are too long, or in fragments
  (random) =>
    wrong(random.bytes(126 + random.below(400)), {
      opcode: random.pick([Opcode.ping, Opcode.pong, Opcode.close]),
    }),
  (random) =>
    wrong('x', {
      opcode: random.pick([Opcode.ping, Opcode.pong, Opcode.close]),
      fin: false,
    }),
  // Close frames with half a code, or one that may not be sent
  () => wrong('x', { opcode: Opcode.close }),
  (random) => {
    const code = Buffer.alloc(2);
    code.writeUInt16BE(
      random.pick([0, 999, 1004, 1005, 1006, 1015, 2999, 65535]),
    );
    return wrong(code, { opcode: Opcode.close });
  },
  // A continuation of nothing, a message within a message
  () => wrong('{}', { opcode: Opcode.continuation }),
  () =>
    Buffer.concat([
      wrong('{"service"', { fin: false }),
      wrong('{"service"', { fin: true }),
    ]),
  // Too large: by one byte, by far, and beyond what numbers can express
  (random) =>
    wrong('', {
      length: random.pick([10 * 1024 * 1024 + 1, 0x7fff_ffff, 2 ** 53]),
      lengthBits: 64,
    }),
  () => wrong('', { length: 0xffff_ffff_ffff_ffffn, lengthBits: 64 }),
  // Text that is no text
  (random) =>
    wrong(Buffer.concat([Buffer.from([0xff, 0xc0]), random.bytes(8)]), {
      opcode: Opcode.text,
    }),
];

/** A frame that never comes to its end. */
export function unfinishedFrame(random: Random): Buffer {
  const whole = clientFrame(damagedText(random));
  if (random.chance(0.3)) return whole.subarray(0, random.below(6));
  if (random.chance(0.3)) return clientFrame('{"ser', { length: 9_000_000 });
  if (random.chance(0.3)) return clientFrame('{"ser', { fin: false });
  return whole.subarray(0, Math.max(1, random.below(whole.length)));
}
