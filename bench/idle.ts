import { setTimeout as sleep } from 'node:timers/promises';
import { PubSub, Service, type ServiceClasses, Snorky } from 'snorky/client';
import { WebSocket } from 'ws';

import type { Group, GroupResult, Requirement } from './group.js';
import { StrictProxy } from './idle/strict-proxy.js';
import { ServerProcess } from './server-process.js';

/** Milliseconds of silence after which the proxy cuts, as nginx does. */
const PATIENCE = 60_000;
/** Long enough for two cuts, and for what a fixed tick would lose. */
const IDLE = 135_000;

/** What keeps a page's connection alive, by what the page has. */
const PAGES: Readonly<
  Record<string, { services: ServiceClasses; heartbeat?: number }>
> = {
  'by default, subscribed to a channel': { services: { pubsub: PubSub } },
  'by default, without commands': { services: { calculator: Service } },
  'only the server asks': { services: { pubsub: PubSub }, heartbeat: 0 },
};

interface Silence {
  readonly cut: number;
  /** Seconds. */
  readonly longest: number;
  readonly ends: number;
}

async function stayIdle(server: number, name: string): Promise<Silence> {
  const proxy = await StrictProxy.to(server, PATIENCE);
  const { services, ...options } = PAGES[name] as (typeof PAGES)[string];
  const url = `ws://127.0.0.1:${proxy.port}/ws`;
  const snorky = new Snorky(WebSocket, url, services, options);
  let ends = 0;
  snorky.disconnected.add(() => ends++);
  if (snorky.services['pubsub'] instanceof PubSub) {
    await snorky.services['pubsub'].subscribe({ channel: 'news' });
  }
  await sleep(IDLE);
  const { cut, longest } = proxy;
  const silence = { cut, longest: longest / 1000, ends };
  snorky.disconnect();
  proxy.close();
  return silence;
}

/**
 * Pages that do nothing, with all defaults, behind a proxy that cuts silent
 * connections.
 */
export const idle: Group = {
  name: 'idle',
  async run(): Promise<GroupResult> {
    const server = await ServerProcess.start('snorky');
    const names = Object.keys(PAGES);
    // All at once: they cost only time.
    const pages = await Promise.all(
      names.map((name) => stayIdle(server.port, name)),
    );
    await server.stop();
    const at = `${IDLE / 1000} s idle behind a proxy that cuts after ${PATIENCE / 1000} s`;
    const most = (
      text: string,
      bound: number,
      unit: string,
      measured: number,
    ): Requirement => ({
      text: `${at}: ${text}`,
      bound,
      direction: 'at most',
      unit,
      measured: [measured],
    });
    return {
      tables: [
        {
          title: `idle: ${at}`,
          columns: [
            { key: 'cut', heading: 'cut', digits: 0 },
            { key: 'ends', heading: 'lost', digits: 0 },
            { key: 'longest', heading: 'longest silence, s', digits: 1 },
          ],
          rows: names.map((name, i) => ({
            name,
            samples: [{ ...(pages[i] as Silence) }],
          })),
        },
      ],
      requirements: [
        most(
          'connections lost',
          0,
          'connections',
          pages.reduce((sum, { cut, ends }) => sum + cut + ends, 0),
        ),
        most(
          'longest silence of a direction',
          PATIENCE / 1000,
          's',
          Math.max(...pages.map(({ longest }) => longest)),
        ),
      ],
    };
  },
};
