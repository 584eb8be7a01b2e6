import { EventEmitter, once } from 'node:events';
import type { CommandReport, ServiceRegistry } from 'snorky';

/** What each command adds to what is held. */
const HELD: Readonly<Record<string, number>> = {
  acquireSubscription: 1,
  cancelSubscription: -1,
  subscribe: 1,
  unsubscribe: -1,
};

/** The subscriptions of a server's clients, to rows and channels, since it is there. */
export class Held implements Disposable {
  /** What clients have asked for, and got. */
  readonly commands: string[] = [];
  private readonly calls = new EventEmitter();
  private readonly stop: () => void;

  constructor(registry: ServiceRegistry) {
    this.stop = registry.observe({ command: (report) => this.add(report) });
  }

  /** How many were made, less those that were ended. */
  get size(): number {
    return this.commands.reduce((sum, name) => sum + (HELD[name] ?? 0), 0);
  }

  /** Settles when there is none. */
  async none(): Promise<void> {
    while (this.size > 0) await once(this.calls, 'call');
  }

  /** Settles when a command was heard. */
  async heard(command: string): Promise<void> {
    while (!this.commands.includes(command)) await once(this.calls, 'call');
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private add({ command = '', outcome }: CommandReport): void {
    if (outcome !== 'answered' || !(command in HELD)) return;
    this.commands.push(command);
    this.calls.emit('call');
  }
}
