import { describe, expect, it } from '@jest/globals';
import type { Client } from '../../../src/core/clients/client.js';
import { SUPPORTED_FEATURES } from '../../../src/core/registry/negotiation.js';
import { Service } from '../../../src/core/service.js';
import { ServiceRegistry } from '../../../src/core/registry/service-registry.js';
import { FEATURE_BITS } from '../../../src/protocol/features.js';
import type { JsonValue } from '../../../src/protocol/json.js';
import { deferred } from '../../support/waiting/deferred.js';
import { LocalClient, LogLines } from '../../support/servers/local-client.js';

class Echo extends Service {
  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

function hello(params: JsonValue, callId: JsonValue = 0): JsonValue {
  return { command: 'hello', params, callId };
}

function setUp(service: Service = new Echo()) {
  const log = new (class extends LogLines {
    override debug(line: string): void {
      this.lines.push(`debug ${line}`);
    }
  })();
  const registry = new ServiceRegistry('frontend', log);
  registry.register('echo', service);
  return { registry, log, client: new LocalClient() };
}

describe('The negotiation of a connection', () => {
  it('grants what the server has, and only that', () => {
    const { registry, client } = setUp();
    registry.connect(client);
    client.tell(registry, 'snorky', hello({ features: ['errors', 'more'] }));
    expect(client.texts).toEqual([
      '{"service":"snorky","message":{"type":"response","callId":0,"data":{"features":["errors"]}}}',
    ]);
    expect(client.has('errors')).toBe(true);
    expect(client.has('taken')).toBe(false);
  });

  it('grants nothing to a connection that did not ask', () => {
    const { registry, client } = setUp();
    registry.connect(client);
    client.tell(registry, 'echo', 1);
    for (const name of SUPPORTED_FEATURES) expect(client.has(name)).toBe(false);
  });

  it('has a bit of its own for each feature', () => {
    const bits = Object.values(FEATURE_BITS);
    const all = bits.reduce((sum, bit) => sum | bit, 0);
    expect(all).toBe(2 ** bits.length - 1);
  });

  it('has its turn while hooks hold messages back', async () => {
    const ready = deferred<void>();
    class Slow extends Echo {
      override onClientConnected(): Promise<void> {
        return ready.promise;
      }
    }
    const { registry, client } = setUp(new Slow());
    registry.connect(client);
    client.tell(registry, 'snorky', hello({ features: ['errors'] }));
    client.tell(registry, 'echo', 1);
    client.tell(registry, 'nope', { command: 'x', params: {}, callId: 1 });
    client.tell(registry, 'snorky', hello({ features: [] }, 2));
    expect(client.texts).toEqual([]);
    ready.resolve();
    await new Promise(setImmediate);
    expect(client.messages).toEqual([
      { type: 'response', callId: 0, data: { features: ['errors'] } },
      1,
      { type: 'error', callId: 1, message: 'No such service' },
      { type: 'error', callId: 2, message: 'Invalid params' },
    ]);
  });

  it('is no service of the application', () => {
    const { registry } = setUp();
    expect(registry.serviceNames()).toEqual(['echo']);
    expect(registry.service('snorky')).toBeUndefined();
    expect(() => registry.register('snorky', new Echo())).toThrow(
      '"snorky" is the name under which registries are reached themselves. Give the service another one.',
    );
  });

  it('tells the log, for debugging, who it was and why not', () => {
    const { registry, client, log } = setUp();
    registry.connect(client);
    const params = { features: ['errors'], client: 'page/1.0\n' };
    client.tell(registry, 'snorky', hello(params));
    client.tell(registry, 'snorky', hello(params));
    expect(log.lines).toEqual([
      'debug 192.0.2.1 is "page/1.0\\n", with: errors',
      expect.stringMatching(
        /^debug Invalid params, it is not the first message: snorky\.hello/,
      ),
    ]);
  });

  it('has nothing for a client that has gone', () => {
    const { registry, client } = setUp();
    registry.connect(client);
    client.tell(registry, 'snorky', hello({ features: ['errors'] }));
    client.close();
    registry.disconnect(client);
    client.texts.length = 0;
    client.tell(registry, 'snorky', hello({ features: ['errors'] }));
    expect(client.messages).toEqual([
      { type: 'error', callId: 0, message: 'Connection required' },
    ]);
  });
});
