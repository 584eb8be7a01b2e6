import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SnorkyModule } from 'snorky';
import { rpc, Snorky } from 'snorky/client';
import { WebSocket } from 'ws';
import { startApp, type RunningApp } from '../../support/servers/app.js';
import type { CalculatorApi } from './calculator-api.js';
import { Calculator } from './server/calculator.service.js';

const AT = '2026-12-24T18:00:00.000Z';

function connect({ ws }: RunningApp) {
  return new Snorky(WebSocket, `${ws}/ws`, {
    calculator: rpc<CalculatorApi>(),
  });
}

describe('A service and its clients that share an interface', () => {
  let app: RunningApp;
  let snorky: ReturnType<typeof connect>;

  beforeAll(async () => {
    app = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
      ],
      providers: [Calculator],
    });
    snorky = connect(app);
  });

  afterAll(async () => {
    snorky.disconnect();
    await app[Symbol.asyncDispose]();
  });

  it('agree on commands, parameters and results', async () => {
    const { calculator } = snorky.services;
    const sum: number = await calculator.sum({ number1: 2, number2: 3 });
    expect(sum).toBe(5);
    const log: number = await calculator.log({ number: 8, base: 2 });
    expect(log).toBe(3);
    const pong: string = await calculator.ping();
    expect(pong).toBe('pong');
    const nothing: null = await calculator.clear();
    expect(nothing).toBeNull();
  });

  it('agree on what becomes of a date', async () => {
    const { calculator } = snorky.services;
    const next = calculator.next();
    const kept = await calculator.keep({ result: 5, at: AT });
    const same: typeof kept = await next;
    expect(kept).toEqual({
      result: 5,
      at: AT satisfies typeof kept.at,
      note: expect.stringMatching(/^by /),
    });
    expect(same).toEqual(kept);
    expect(await calculator.history()).toEqual([kept]);
    expect(await calculator.history({ limit: 0 })).toEqual([]);
  });

  it('disagree with whoever goes around the types', async () => {
    const { calculator } = snorky.services;
    const invalid = { message: expect.stringContaining('Invalid params') };
    await expect(
      // @ts-expect-error: a text.
      calculator.sum({ number1: 2, number2: '3' }),
    ).rejects.toMatchObject(invalid);
    await expect(
      // @ts-expect-error: no such command.
      (calculator.plus as typeof calculator.sum)({ number1: 2, number2: 3 }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('Unknown command'),
    });
  });
});
