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

/** A client that came with a token, and how it goes: see `life.ts`. */
export class Holding {
  /**
   * The name by which the broker knows the token's holder. Each life has its own,
   * also for one client: late effects of a life that is over must not touch the
   * next one.
   */
  readonly holder: string;
  /** As it is from the first event on. */
  life: Life;
  /** What is known under the token, from the claim's answer on. */
  authorization: Authorization | undefined;
  /** The place in the log of revocations up to which none concerns it. */
  clearedTo: Position | undefined;
  /** What is to be known under the token, once it has ended here. */
  record: Authorization | undefined;
  /** Rings when its time has come. */
  expiry: Alarm | undefined;
  /** Present from the replay on. */
  subscription: Subscription | undefined;
  /** Present while one of the logs is being read for it. */
  catchUp: CatchUp | undefined;
  cancellation: CancellationCall | undefined;
  /** An earlier one of this node with the same token, if it is still in the index. */
  older: Holding | undefined;
  /**
   * Whether another connection may have the token without this node having heard.
   * The holder need not be where the client is then.
   */
  isDoubted = false;
  /** What has happened and is not dealt with. */
  readonly events: LifeEvent[] = [];
  isRunning = false;
  /** Attempts at what failed. */
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
