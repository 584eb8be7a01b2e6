import type { JsonValue } from '../../../protocol/json.js';
import type { TokenClaim, TokenClaimOptions } from '../../ports/tokens.js';
import { now } from '../../alarm-clock.js';
import type { Alarm, AlarmClock } from '../../alarm-clock.js';
import type { MemoryNode } from './memory-node.js';

interface Token {
  value: JsonValue;
  /** The time to live that was given last, in milliseconds. */
  ttl: number;
  /**
   * The node through which it was put or claimed last. The hold ends with that
   * node.
   */
  node: MemoryNode;
  holder: string | undefined;
  readonly binding: string | undefined;
  /** Set while the token has no holder. */
  expiry: Alarm | undefined;
}

const UNKNOWN: TokenClaim = { claimed: false, reason: 'unknown' };
const OTHER_BINDING: TokenClaim = { claimed: false, reason: 'binding' };
const HELD: TokenClaim = { claimed: false, reason: 'held' };

/** The tokens of a store. */
export class SharedTokens {
  readonly #tokens = new Map<string, Token>();
  readonly #clock: AlarmClock;

  constructor(clock: AlarmClock) {
    this.#clock = clock;
  }

  /** Tokens in memory. */
  get size(): number {
    return this.#tokens.size;
  }

  put(
    name: string,
    value: JsonValue,
    ttl: number,
    binding: string | undefined,
    node: MemoryNode,
  ): void {
    assertTtl(ttl);
    const previous = this.#tokens.get(name);
    if (previous) this.#hold(previous);
    const token: Token = {
      value,
      ttl,
      node,
      holder: undefined,
      binding,
      expiry: undefined,
    };
    this.#tokens.set(name, token);
    this.#setFree(name, token);
  }

  claim(
    name: string,
    holder: string,
    { takeOver, once, binding }: TokenClaimOptions,
    node: MemoryNode,
  ): TokenClaim {
    const token = this.#find(name);
    if (!token) return UNKNOWN;
    if (token.binding !== undefined && token.binding !== binding) {
      return OTHER_BINDING;
    }
    const isTaken = token.holder !== undefined && token.holder !== holder;
    if (isTaken && takeOver !== true) return HELD;
    const claim = { claimed: true, value: token.value } as const;
    this.#hold(token);
    if (once === true) {
      this.#tokens.delete(name);
      return claim;
    }
    token.holder = holder;
    token.node = node;
    return claim;
  }

  update(name: string, holder: string, value: JsonValue): boolean {
    const token = this.#find(name);
    if (!token || token.holder !== holder) return false;
    token.value = value;
    return true;
  }

  release(
    name: string,
    holder: string,
    ttl: number,
    value?: JsonValue,
  ): boolean {
    assertTtl(ttl);
    const token = this.#find(name);
    if (!token || token.holder !== holder) return false;
    if (value !== undefined) token.value = value;
    token.ttl = ttl;
    this.#setFree(name, token);
    return true;
  }

  remove(name: string, heldBy?: string): boolean {
    const token = this.#find(name);
    if (!token) return false;
    if (heldBy !== undefined && token.holder !== heldBy) return false;
    this.#hold(token);
    return this.#tokens.delete(name);
  }

  /**
   * Frees the tokens that are held through a node that is gone: no holder is
   * left.
   */
  releaseNode(node: MemoryNode): void {
    for (const [name, token] of this.#tokens) {
      if (token.holder !== undefined && token.node === node) {
        this.#setFree(name, token);
      }
    }
  }

  /**
   * Finds a token. One whose time has come is gone, even if its alarm has not
   * rung yet: a timer may be late, an answer must not be.
   */
  #find(name: string): Token | undefined {
    const token = this.#tokens.get(name);
    if (token?.expiry && token.expiry.at <= now()) return undefined;
    return token;
  }

  #hold(token: Token): void {
    if (token.expiry) this.#clock.cancel(token.expiry);
    token.expiry = undefined;
  }

  #setFree(name: string, token: Token): void {
    token.holder = undefined;
    token.expiry = this.#clock.set(now() + token.ttl, () => {
      this.#tokens.delete(name);
    });
  }
}

/** `NaN` would upset the order of the alarms. */
function assertTtl(ttl: number): void {
  if (!(ttl >= 0)) {
    throw new RangeError('A time to live must be a number of milliseconds');
  }
}
