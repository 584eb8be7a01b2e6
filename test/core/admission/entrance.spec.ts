import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type {
  Admission,
  Admit,
} from '../../../src/core/admission/admission.js';
import {
  Entrance,
  type EntranceRules,
} from '../../../src/core/admission/entrance.js';
import { UpgradeRefused } from '../../../src/core/admission/upgrade-refused.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import { deferred } from '../../support/waiting/deferred.js';
import { LogLines } from '../../support/servers/local-client.js';

const settled = (): Promise<void> => new Promise(setImmediate);

/** An entrance, and what becomes of those who come. */
function setUp(rules: Partial<EntranceRules> = {}, failure?: Error) {
  const registry = new ServiceRegistry('frontend', new LogLines());
  const inside = new Set<unknown>();
  const entrance = new Entrance(registry, inside, {
    maxConnections: Infinity,
    handshakeTimeout: 10_000,
    ...rules,
  });
  return {
    registry,
    entrance,
    inside,
    enter(headers: Readonly<Record<string, string>> = {}) {
      const request = new IncomingMessage(new Socket());
      Object.assign(request.headers, { host: 'example.com' }, headers);
      const line = new EventEmitter();
      const outcomes: unknown[] = [];
      entrance.enter(request, line, {
        accept: (admission: Admission) => {
          if (failure !== undefined) throw failure;
          outcomes.push(admission.identity);
        },
        refuse: ({ status, message }) => outcomes.push([status, message]),
      });
      return { line, outcomes };
    },
  };
}

describe('An entrance', () => {
  it('lets everybody in, as nobody, where nobody decides', () => {
    const { enter } = setUp();
    expect(enter({ origin: 'https://evil.example' }).outcomes).toEqual([null]);
  });

  it('asks for the same origin where somebody decides, before that', () => {
    let asked = 0;
    const admit: Admit = () => {
      asked++;
      return { identity: 'ann' };
    };
    const { enter, registry } = setUp({ admit });
    expect(enter({ origin: 'https://evil.example' }).outcomes).toEqual([
      [403, 'Origin not allowed'],
    ]);
    expect([asked, registry.counters.refused]).toEqual([0, 1]);
    expect(enter({ origin: 'https://example.com' }).outcomes).toEqual(['ann']);
  });

  it('counts whom it waits for among those who are there', async () => {
    const decision = deferred<Admission>();
    const admit: Admit = () => decision.promise;
    const { enter, inside } = setUp({ admit, maxConnections: 2 });
    inside.add('somebody');
    const first = enter();
    const full = [[503, 'Too many connections']];
    expect(enter().outcomes).toEqual(full);
    first.line.emit('close');
    const second = enter();
    decision.resolve({ identity: 'ann' });
    await settled();
    expect([first.outcomes, second.outcomes]).toEqual([[], ['ann']]);
  });

  it('refuses those who wait when it closes, and whoever comes later', async () => {
    const decision = deferred<Admission>();
    const { enter, entrance } = setUp({ admit: () => decision.promise });
    const { outcomes } = enter();
    entrance.close();
    const refused = [[503, 'The server is shutting down']];
    expect([outcomes, enter().outcomes]).toEqual([refused, refused]);
    decision.resolve({ identity: 'ann' });
    await settled();
    expect(outcomes).toEqual(refused);
  });

  it('refuses an identity that JSON cannot express, before it is accepted', () => {
    const admit: Admit = () => ({ identity: 1n as never });
    const { enter, registry } = setUp({ admit });
    expect(enter().outcomes).toEqual([[500, 'Internal Server Error']]);
    expect(registry.counters.failures).toBe(1);
  });

  it('gives the transport the identity as it is kept: a frozen copy', () => {
    const identity = { id: 'ann', roles: ['admin'] };
    const { outcomes } = setUp({ admit: () => ({ identity }) }).enter();
    identity.roles.push('root');
    expect(outcomes).toEqual([{ id: 'ann', roles: ['admin'] }]);
    expect(Object.isFrozen(outcomes[0])).toBe(true);
  });

  it('refuses once whom the transport does not take after all', async () => {
    const failure = new UpgradeRefused(400, 'An upgrade request has no body');
    for (const answer of [
      { identity: 'ann' },
      Promise.resolve({ identity: 'ann' }),
    ]) {
      const admit: Admit = () => answer;
      const { enter, registry } = setUp({ admit }, failure);
      const { outcomes } = enter();
      await settled();
      expect(outcomes).toEqual([[400, failure.message]]);
      expect(registry.counters.refused).toBe(1);
    }
  });

  it('tells nobody what an application throws', async () => {
    const secrets: Admit[] = [
      () => {
        throw new Error('secret');
      },
      () => Promise.reject(new Error('secret')),
    ];
    for (const admit of secrets) {
      const { outcomes } = setUp({ admit }).enter();
      await settled();
      expect(outcomes).toEqual([[500, 'Internal Server Error']]);
    }
  });
});
