import type { JsonValue } from '../../../src/protocol/json.js';
import type { CaseRun } from './case-run.js';
import {
  actionOf,
  expandText,
  type ClientAction,
  type ClientStep,
} from './case-format.js';
import { match } from './pattern.js';
import { fill, fillText } from './variables.js';
import type { WireClient } from './wire-client.js';

type Action = (
  client: WireClient,
  step: ClientStep,
  run: CaseRun,
) => Promise<void> | void;

/** Does one step of one client. */
export async function doClientStep(
  step: ClientStep,
  run: CaseRun,
): Promise<void> {
  const action = actionOf(step);
  const client =
    action === 'connect'
      ? await connect(step, run)
      : await run.client(step.client);
  await ACTIONS[action](client, step, run);
}

const ACTIONS: Record<ClientAction, Action> = {
  connect: (client, { expectSubprotocol }) => {
    if (expectSubprotocol === undefined) return;
    const selected = client.subprotocol ?? null;
    if (selected === expectSubprotocol) return;
    throw new Error(`the server selected the subprotocol ${selected}`);
  },
  send: (client, { send = null }, run) => {
    client.sendText(JSON.stringify(fill(send, run.variables)));
  },
  raw: (client, { raw = '' }, run) => {
    client.sendText(fillText(expandText(raw), run.variables));
  },
  fragments: (client, { fragments = [] }, run) => {
    client.sendFragments(fragments.map((it) => fillText(it, run.variables)));
  },
  binaryBase64: (client, { binaryBase64 = '' }) => {
    client.sendBinary(Buffer.from(binaryBase64, 'base64'));
  },
  expect: async (client, { expect = null }, run) => {
    run.expect(expect, parse(await nextMessage(client, run)));
  },
  expectRaw: async (client, { expectRaw = '' }, run) => {
    const text = await nextMessage(client, run);
    const expected = fillText(expectRaw, run.variables);
    if (text !== expected) throw new Error(`expected ${expected}, got ${text}`);
  },
  expectSet: async (client, { expectSet = [] }, run) => {
    const messages: JsonValue[] = [];
    while (messages.length < expectSet.length) {
      messages.push(parse(await nextMessage(client, run, messages)));
    }
    run.expect({ $unordered: expectSet }, messages);
  },
  expectEventually: async (client, { expectEventually = null }, run) => {
    const skipped: JsonValue[] = [];
    for (;;) {
      const message = parse(await nextMessage(client, run, skipped));
      const found = match(expectEventually, message, run.variables);
      if (found.matches) {
        run.variables = found.variables;
        return;
      }
      skipped.push(message);
    }
  },
  expectNothing: async (client, { expectNothing = 0 }) => {
    const message = await client.messages.take(expectNothing);
    if (message !== undefined) throw new Error(`got ${message}`);
  },
  expectPing: async (client, { expectPing = 0 }) => {
    const payload = await client.pings.take(expectPing);
    if (payload === undefined) throw new Error('no ping came');
    const text = payload.toString();
    if (text !== '') throw new Error(`a ping with payload ${text}`);
  },
  expectNoPing: async (client, { expectNoPing = 0 }) => {
    const payload = await client.pings.take(expectNoPing);
    if (payload !== undefined) throw new Error('a ping came');
  },
  expectClose: async (client, { client: name, expectClose }, run) => {
    const ending = await client.endings.take(run.patience);
    if (ending === undefined) throw new Error('the connection stays open');
    run.forget(name);
    const codes = [expectClose?.code ?? 1006].flat();
    if (codes.includes(ending.code)) return;
    throw new Error(`closed with ${ending.code} ${ending.reason}`);
  },
  close: async (client, { client: name }, run) => {
    run.forget(name);
    const ending = await client.close(run.patience);
    if (ending?.code === 1000) return;
    throw new Error(`no closing handshake, but ${JSON.stringify(ending)}`);
  },
};

function connect(step: ClientStep, run: CaseRun): Promise<WireClient> {
  const { subprotocols = [], expectSubprotocol, headers = {} } = step;
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    fillText(value, run.variables),
  ]);
  return run.open(step.client, fillText(step.path ?? '/ws', run.variables), {
    headers: Object.fromEntries(filled) as Record<string, string>,
    subprotocols,
    selects: typeof expectSubprotocol === 'string',
  });
}

/** @param before What came before it in the same step, for the error. */
async function nextMessage(
  client: WireClient,
  run: CaseRun,
  before: readonly JsonValue[] = [],
): Promise<string> {
  const message = await client.messages.take(run.patience);
  if (message !== undefined) return message;
  const [ending] = client.endings.drain();
  const state =
    ending === undefined ? '' : `; the connection ended with ${ending.code}`;
  const came =
    before.length === 0 ? 'no message' : `only ${JSON.stringify(before)}`;
  throw new Error(`${came} came within ${run.patience} ms${state}`);
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new Error(`got a message that is not JSON: ${text}`);
  }
}
