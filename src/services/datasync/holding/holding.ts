import type { Alarm } from '../../../broker/alarm-clock.js';
import type { Position } from '../../../broker/ports/log.js';
import type { Client } from '../../../core/clients/client.js';
import type { CatchUp } from '../log/catch-up.js';
import type { Result } from '../life/effects.js';
import type { LifeEvent } from '../life/events.js';
import type { Life, Wish } from '../life/states.js';
import type { Authorization } from '../tokens/authorization.js';
import type { Subscription } from '../delivery/subscription.js';

/** The call that waits for an acquisition. */
export interface AcquisitionCall {
  answer(result: Result): void;
  refuse(error: unknown): void;
}

/** The call that waits for a cancellation. */
export interface CancellationCall {
  resolve(): void;
  reject(error: unknown): void;
}

let created = 0;

/**
 * A client that came with a token, and the state of its subscription: see
 * `life.ts`.
 */
export class Holding {
  /**
   * The name under which the broker knows the token's holder. Each life has its
   * own, even for one client: late effects of a life that is over must not
   * touch the next one.
   */
  readonly holder: string;
  /** The present state. */
  life: Life;
  /** The value of the token; present once the claim is answered. */
  authorization: Authorization | undefined;
  /** The position in the log of revocations up to which none concerns it. */
  clearedTo: Position | undefined;
  /** The value that the token gets when the life ends. */
  record: Authorization | undefined;
  /** Rings when the subscription expires. */
  expiry: Alarm | undefined;
  /** Present once the replay has begun. */
  subscription: Subscription | undefined;
  /** Present while one of the logs is being read for it. */
  catchUp: CatchUp | undefined;
  cancellation: CancellationCall | undefined;
  /**
   * The claim of the same token before this one, if it is still in the index.
   */
  older: Holding | undefined;
  /**
   * Whether another connection may have the token without this node having
   * heard. The client need not have moved to that connection.
   */
  isDoubted = false;
  /** Events that wait for their turn. */
  readonly events: LifeEvent[] = [];
  isRunning = false;
  /** Failed attempts so far. */
  attempts = 0;

  constructor(
    readonly token: string,
    readonly client: Client,
    readonly wish: Wish,
    readonly call: AcquisitionCall,
    life: Life,
  ) {
    this.holder = `${client.id}/${(created++).toString(36)}`;
    this.life = life;
  }
}
