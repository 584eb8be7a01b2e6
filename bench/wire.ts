import { isDeepStrictEqual } from 'node:util';

/** The server processes: one file each in servers/. */
export type Peer = 'raw-ws' | 'nest-gateway' | 'socket-io' | 'snorky';

/** The load generator writes the number of each message where this stands. */
const MARK = '@@@@@@';
/** Stands for the number while a message is still an object; also the first number sent. */
export const NUMBER = 100000;

/** A request or publication as text, with the mark in place of its number. */
export const template = (message: unknown, prefix = ''): string =>
  prefix + JSON.stringify(message).replaceAll(String(NUMBER), MARK);

/** How a load process talks to one peer. */
export interface Dialect {
  path: string;
  /** Before a connection takes part: `>text` sends, `<` waits for one message. */
  steps: string[];
  publisherSteps: string[];
  /** The request or publication, as `template` makes it. */
  frame: string;
  /** The first message of each kind that must come back, parsed. */
  expected: Record<string, unknown>;
}

/** Throws unless the first message of each kind was the expected one; the load generator holds all others to it. */
export function verify(
  samples: ReadonlyMap<string, string>,
  dialect: Dialect,
): void {
  for (const [kind, expected] of Object.entries(dialect.expected)) {
    const text = samples.get(kind) ?? '';
    // Socket.IO's packet type and acknowledgement number stand before the JSON.
    const json: unknown = JSON.parse(text.replace(/^\d+(?=[[{])/, '') || '0');
    if (!isDeepStrictEqual(json, expected))
      throw new Error(
        `wrong ${kind}: ${text}, expected ${JSON.stringify(expected)}`,
      );
  }
}

export const CHANNEL = 'news';
const BODY = { number: NUMBER, text: 'Something of ordinary size happened' };

const subscribe = {
  service: 'pubsub',
  message: { command: 'subscribe', params: { channel: CHANNEL }, callId: 1 },
};

/** Raw `ws` and Snorky speak the same JSON. */
const pubSub: Dialect = {
  path: '/ws',
  steps: [`>${JSON.stringify(subscribe)}`, '<'],
  publisherSteps: [],
  frame: template({
    service: 'pubsub',
    message: {
      command: 'publish',
      params: { channel: CHANNEL, message: BODY },
      callId: NUMBER,
    },
  }),
  expected: {
    delivery: {
      service: 'pubsub',
      message: { type: 'message', channel: CHANNEL, message: BODY },
    },
    ack: {
      service: 'pubsub',
      message: { type: 'response', callId: NUMBER, data: null },
    },
  },
};

/** `0{...}` opens Engine.IO, `40` joins the namespace, `42<id>[...]` is an event that wants the acknowledgement `43<id>[...]`. */
const socketIo: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  steps: ['<', '>40', '<', `>421["subscribe","${CHANNEL}"]`, '<'],
  publisherSteps: ['<', '>40', '<'],
  frame: template(
    ['publish', { channel: CHANNEL, message: BODY }],
    `42${MARK}`,
  ),
  expected: {
    delivery: ['message', { channel: CHANNEL, message: BODY }],
    ack: [null],
  },
};

/** What subscribers and publishers say to each peer. */
export const pubSubDialects: Partial<Record<Peer, Dialect>> = {
  'raw-ws': pubSub,
  snorky: pubSub,
  'socket-io': socketIo,
};
