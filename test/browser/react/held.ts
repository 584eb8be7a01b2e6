import { EventEmitter, once } from 'node:events';
import type { CommandReport, ServiceRegistry } from 'snorky';

/** How many subscriptions the clients of a server hold that came since. */
export class Held implements Disposable {
  size = 0;
  private readonly calls = new EventEmitter();
  private readonly stop: () => void;

  constructor(registry: ServiceRegistry) {
    this.stop = registry.observe({ command: (report) => this.count(report) });
  }

  /** Settles when there is none. */
  async none(): Promise<void> {
    while (this.size > 0) await once(this.calls, 'call');
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private count({ command, outcome }: CommandReport): void {
    if (outcome !== 'answered') return;
    if (command === 'acquireSubscription') this.size++;
    if (command === 'cancelSubscription') this.size--;
    this.calls.emit('call');
  }
}
