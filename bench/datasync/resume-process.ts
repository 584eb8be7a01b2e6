/**
 * Clients that all disconnect, miss entries, and all come back at once. The
 * process reports when they have disconnected, and waits for the command to
 * connect. It reports when they have connected, and waits for the command to
 * resume.
 */
import { once } from 'node:events';

import { Backend } from './backend.js';
import { Subscriber } from './subscriber.js';

const [port, key, clients, missed] = process.argv.slice(2);
const backend = new Backend(Number(port), key as string, 8);

interface Away {
  readonly token: string;
  readonly position: unknown;
}

const away: Away[] = [];
await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    const token = await backend.authorize('AllEvents', null);
    const subscriber = await Subscriber.connect(Number(port));
    const { position } = (await subscriber.acquire({
      token,
      resume: true,
    })) as Away;
    away.push({ token, position });
    subscriber.cut();
  }),
);
for (let n = 0; n < Number(missed); n++) {
  const data = { id: n, n, at: 0, text: 'x'.repeat(80) };
  await backend.publish([{ type: 'insert', model: 'Event', data }]);
}
process.send?.({ ready: true });
await once(process, 'message');

const connections = await Promise.all(
  away.map(async (one) => ({
    ...one,
    subscriber: await Subscriber.connect(Number(port)),
  })),
);
process.send?.({ connected: true });
await once(process, 'message');

const start = performance.now();
const returned = await Promise.all(
  connections.map(async ({ token, position, subscriber }) => {
    const answer = (await subscriber.acquire({
      token,
      resume: true,
      since: position,
    })) as { recovered: boolean };
    return { subscriber, recovered: answer.recovered };
  }),
);
process.send?.({
  seconds: (performance.now() - start) / 1000,
  recovered: returned.filter(({ recovered }) => recovered).length,
  lost: returned.reduce(
    (sum, { subscriber }) =>
      sum + Math.abs(Number(missed) - subscriber.received),
    0,
  ),
  wrong: returned.reduce((sum, { subscriber }) => sum + subscriber.wrong, 0),
});
