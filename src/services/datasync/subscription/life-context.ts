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
import type { SubscriptionStore } from '../tokens/store.js';

/** What lives are carried out with. */
export interface LifeContext {
  readonly store: SubscriptionStore;
  readonly engine: DataSyncEngine;
  readonly changes: Changes;
  readonly revocations: Revocations;
  readonly output: DeltaOutput;
  readonly beacon: PositionBeacon;
  readonly notices: Notices;
  readonly schedule: ReplaySchedule;
  /** When what expires does. */
  readonly expiries: AlarmClock;
  readonly retries: Retries;
  compare(left: Position, right: Position): number | undefined;
  /** The key of a client's identity; undefined while it is nobody. */
  identityOf(client: Client): string | undefined;
  clientsOf(identity: JsonValue): Iterable<Client>;
  /** A client has come with a token. */
  arrived(token: string): void;
  /** A client has come with a token that is for somebody else. */
  mismatched(): void;
  /** A client has come with a token of another version of the application. */
  unreadable(): void;
  /** Something failed that nobody waits for. */
  failed(error: unknown): void;
}

/** Tells a life what has happened. Never throws. */
export type Report = (holding: Holding, event: LifeEvent) => void;
