import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import fc from 'fast-check';
import { Service, Snorky, type SocketClass } from 'snorky/client';
import { Liveness } from '../../../src/client/connection/liveness.js';
import { HeartbeatTimer } from '../../../src/transports/websocket/heartbeat-timer.js';
import { webSocketSettings } from '../../../src/transports/websocket/websocket-options.js';

/** Milliseconds from one end to the other. */
const LATENCY = 40;
const HOUR = 3_600_000;
/** After what silence a proxy cuts. */
const CUT = 60_000;

/** What a proxy in between sees: when something went by, in each direction. */
class Proxy {
  private readonly last = { up: performance.now(), down: performance.now() };
  readonly silence = { up: 0, down: 0 };

  saw(direction: 'up' | 'down'): void {
    const now = performance.now();
    const past = now - this.last[direction];
    this.silence[direction] = Math.max(this.silence[direction], past);
    this.last[direction] = now;
  }
}

/** A page, and a server that pings, with a proxy in between. */
function line(pings: number, heartbeat?: number) {
  const proxy = new Proxy();
  let page: { onopen(): void; onmessage(event: { data: string }): void };
  const down = (text: string): void => {
    setTimeout(() => {
      proxy.saw('down');
      page.onmessage({ data: text });
    }, LATENCY);
  };
  const FakeSocket = class {
    constructor() {
      page = this as unknown as typeof page;
      setTimeout(() => page.onopen(), LATENCY);
    }
    send(text: string): void {
      setTimeout(() => {
        proxy.saw('up');
        const { service, message } = JSON.parse(text) as {
          service: string;
          message: { callId: number };
        };
        const { callId } = message;
        const answer = { type: 'error', callId, message: 'Unknown command' };
        down(JSON.stringify({ service, message: answer }));
      }, LATENCY);
    }
    close(): void {}
  };
  // A browser answers pings, and does not tell the page.
  const server = new HeartbeatTimer<string>(pings, () => {
    proxy.saw('down');
    setTimeout(() => proxy.saw('up'), 2 * LATENCY);
  });
  const snorky = new Snorky(
    FakeSocket as unknown as SocketClass,
    'ws://x',
    { echo: Service },
    heartbeat === undefined ? {} : { heartbeat },
  );
  if (pings > 0) server.add('the connection');
  return {
    proxy,
    snorky,
    say: () => down('{"service":"echo","message":1}'),
    [Symbol.dispose]: () => {
      server.stop();
      snorky.disconnect();
    },
  };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a proxy that cuts what is silent for a minute', () => {
  const { heartbeat } = webSocketSettings({});

  it.each([
    ['by default', heartbeat, undefined],
    ['where only the server asks', heartbeat, 0],
    ['where only the connector asks', 0, undefined],
  ])('cuts nothing in an idle hour %s', (_how, pings, own) => {
    using idle = line(pings, own);
    jest.advanceTimersByTime(HOUR);
    idle.proxy.saw('up');
    idle.proxy.saw('down');
    expect(idle.proxy.silence.up).toBeLessThan(CUT);
    expect(idle.proxy.silence.down).toBeLessThan(CUT);
    expect(idle.snorky.state).toBe('connected');
  });

  it('cuts nothing where a little is said at any times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 }),
        (pauses) => {
          using busy = line(0);
          for (const pause of pauses) {
            jest.advanceTimersByTime(pause);
            busy.say();
          }
          jest.advanceTimersByTime(2 * CUT);
          expect(busy.proxy.silence.down).toBeLessThan(CUT);
          expect(busy.snorky.state).toBe('connected');
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the sign of life', () => {
  it('is asked for when the silence since what came last is long enough', () => {
    const asked: number[] = [];
    const began = performance.now();
    const liveness = new Liveness(
      { heartbeat: 100, heartbeatTimeout: 10 },
      {
        $ask: () => {
          asked.push(performance.now() - began);
          liveness.heard();
          return true;
        },
        $isBusy: () => false,
        $dead: () => {},
      },
    );
    liveness.start();
    // Right after a beat was due: with a fixed tick the next comes 199 later.
    jest.advanceTimersByTime(101);
    expect(asked).toEqual([100]);
    liveness.heard();
    jest.advanceTimersByTime(99);
    expect(asked).toEqual([100]);
    jest.advanceTimersByTime(2);
    expect(asked).toEqual([100, 201]);
    liveness.stop();
    jest.advanceTimersByTime(1000);
    expect(asked).toHaveLength(2);
  });
});

describe('a connector that nobody needs any more', () => {
  it.each([
    ['while it opens', -1],
    ['when it has just opened', 0],
    ['while it is idle', 20_000],
    ['while it asks for a sign of life', 35_000],
  ])('leaves no timer behind: %s', (_when, since) => {
    const sockets: { onopen(): void }[] = [];
    class SilentSocket {
      constructor() {
        sockets.push(this as unknown as { onopen(): void });
      }
      send(): void {}
      close(): void {}
    }
    const snorky = new Snorky(
      SilentSocket as unknown as SocketClass,
      'ws://x',
      { echo: Service },
    );
    if (since >= 0) sockets[0]?.onopen();
    jest.advanceTimersByTime(Math.max(0, since));
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    snorky.disconnect();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is asked for again when the network goes, though the last question was answered', () => {
    const asked: number[] = [];
    const began = performance.now();
    const dead: number[] = [];
    const since = (): number => Math.round(performance.now() - began);
    const liveness = new Liveness(
      { heartbeat: 30_000, heartbeatTimeout: 10_000 },
      {
        $ask: () => {
          asked.push(since());
          return true;
        },
        $isBusy: () => false,
        $dead: () => void dead.push(since()),
      },
    );
    liveness.start();
    jest.advanceTimersByTime(30_000);
    liveness.heard();
    jest.advanceTimersByTime(1000);
    liveness.check(2000);
    expect(asked).toEqual([30_000, 31_000]);
    jest.advanceTimersByTime(2000);
    expect(dead).toEqual([33_000]);
    liveness.stop();
  });

  it('has less time when the network goes while it is asked for, and not more', () => {
    let asked = 0;
    let dead = 0;
    const liveness = new Liveness(
      { heartbeat: 30_000, heartbeatTimeout: 10_000 },
      { $ask: () => ++asked > 0, $isBusy: () => false, $dead: () => dead++ },
    );
    liveness.start();
    liveness.check();
    jest.advanceTimersByTime(5000);
    // Somebody looks at the page: that gives it no more time.
    liveness.check();
    liveness.check(2000);
    expect(asked).toBe(1);
    jest.advanceTimersByTime(1999);
    expect(dead).toBe(0);
    jest.advanceTimersByTime(1);
    expect(dead).toBe(1);
    liveness.stop();
  });
});
