import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { admit } from '../../../src/core/admission/admission.js';
import type { Client } from '../../../src/core/clients/client.js';
import { RpcService } from '../../../src/core/rpc/rpc-service.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import { LONGEST_TIMER } from '../../../src/protocol/longest-timer.js';
import { LocalClient } from '../../support/servers/local-client.js';

const EXPIRED = [4100, 'Identity expired'];

describe('A client that is let in', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function enter(validFor?: number): {
    registry: ServiceRegistry;
    client: LocalClient;
  } {
    const registry = new ServiceRegistry('frontend');
    const client = new LocalClient();
    admit(registry, client, {
      identity: 'ann',
      expiresAt: validFor === undefined ? undefined : Date.now() + validFor,
    });
    return { registry, client };
  }

  it('has its identity before any service hears of it', () => {
    const heard: unknown[] = [];
    class Visitors extends RpcService {
      override onClientConnected(client: Client): void {
        heard.push(client.identity);
      }
    }
    const registry = new ServiceRegistry('frontend');
    registry.register('visitors', new Visitors());
    admit(registry, new LocalClient(), { identity: 'ann' });
    expect(heard).toEqual(['ann']);
  });

  it('is closed when its identity expires, and not before', () => {
    const { registry, client } = enter(1000);
    jest.advanceTimersByTime(999);
    expect(client.closings).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(client.closings).toEqual([EXPIRED]);
    expect(registry.counters.closedExpired).toBe(1);
  });

  it('is closed at once when its identity has expired before', () => {
    const { client } = enter(-1000);
    jest.advanceTimersByTime(0);
    expect(client.closings).toEqual([EXPIRED]);
  });

  it('is closed in time when that is later than timers can wait', () => {
    const { client } = enter(2 * LONGEST_TIMER + 5000);
    jest.advanceTimersByTime(LONGEST_TIMER);
    jest.advanceTimersByTime(LONGEST_TIMER);
    jest.advanceTimersByTime(4999);
    expect(client.closings).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(client.closings).toEqual([EXPIRED]);
  });

  it('stays for ever when nothing expires', () => {
    const { client } = enter();
    expect(jest.getTimerCount()).toBe(0);
    expect(client.closings).toEqual([]);
  });

  it('leaves no timer behind when it goes', () => {
    const { registry, client } = enter(1000);
    registry.disconnect(client);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is not counted as expired when it was closing anyway', () => {
    const { registry, client } = enter(1000);
    client.close(4200, 'Logged out');
    jest.advanceTimersByTime(1000);
    expect(client.closings).toEqual([[4200, 'Logged out']]);
    expect(registry.counters.closedExpired).toBe(0);
  });
});
