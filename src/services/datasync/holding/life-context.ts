import type { AlarmClock } from '../../../broker/alarm-clock.js';
import type { Position } from '../../../broker/ports/log.js';
import type { Client } from '../../../core/clients/client.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { DataSyncEngine } from '../datasync.engine.js';
import type { DeltaOutput } from '../delivery/delta-output.js';
import type { Changes } from '../log/changes.js';
import type { Revocations } from '../log/revocations.js';
import type { Holding } from './holding.js';
import type { LifeEvent } from '../life/events.js';
import type { Notices } from '../delivery/notices.js';
import type { PositionBeacon } from '../delivery/position-beacon.js';
import type { ReplaySchedule } from '../log/replay-schedule.js';
import type { Retries } from './retries.js';
import type { TokenStore } from '../tokens/token-store.js';

/** What carrying out lives needs. */
export interface LifeContext {
  readonly store: TokenStore;
  readonly engine: DataSyncEngine;
  readonly changes: Changes;
  readonly revocations: Revocations;
  readonly output: DeltaOutput;
  readonly beacon: PositionBeacon;
  readonly notices: Notices;
  readonly schedule: ReplaySchedule;
  /** The alarms of subscriptions that expire. */
  readonly expiries: AlarmClock;
  readonly retries: Retries;
  compare(left: Position, right: Position): number | undefined;
  /** The key of a client's identity; undefined if it has none. */
  identityOf(client: Client): string | undefined;
  clientsOf(identity: JsonValue): Iterable<Client>;
  /** There is a token more that clients hold or claim, or one less. */
  counted(by: 1 | -1): void;
  /** A client has come with a token. */
  arrived(token: string): void;
  /** A client has come with a token that is for another identity. */
  mismatched(): void;
  /**
   * A client has come with a token that another version of the application has
   * written.
   */
  unreadable(): void;
  /** Something failed that nobody waits for. */
  failed(error: unknown): void;
}

/** Tells a life of an event. Never throws. */
export type Report = (holding: Holding, event: LifeEvent) => void;
