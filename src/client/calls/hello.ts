import {
  HELLO,
  type Feature,
  type HelloParams,
} from '../../protocol/features.js';
import type { Features } from '../connector-host.js';
import type { ConnectorError } from '../errors.js';
import { RPCService } from './rpc-service.js';
import { VERSION } from '../version.js';

/** Sends `hello`, as the first message of each connection. */
export class Hello extends RPCService implements Features {
  readonly #asked = new Set<Feature>(['errors']);
  #granted: readonly unknown[] = [];

  ask(...features: readonly Feature[]): void {
    for (const feature of features) this.#asked.add(feature);
  }

  granted(feature: Feature): boolean {
    return this.#granted.includes(feature);
  }

  override $connected(): void {
    const params: HelloParams = {
      features: [...this.#asked],
      client: `snorky/${VERSION}`,
    };
    const resolve = (answer: unknown): void => {
      const { features } = Object(answer) as { readonly features?: unknown };
      this.#granted = Array.isArray(features) ? features : [];
    };
    const settle = { resolve, reject() {}, $isOnce: true };
    this.$call(HELLO, params, { timeout: 0 }, settle);
  }

  override $lost(error: ConnectorError, final: boolean): void {
    super.$lost(error, final);
    this.#granted = [];
    // The server of the next connection may be one that never answers.
    this.$isHeard = false;
  }
}
