/**
 * Calls `beat` for each member every `interval` milliseconds, counted from when
 * it was added. One timer is enough: all members have the same interval, so the
 * map holds them in the order in which they are due.
 */
export class HeartbeatTimer<Member> {
  private readonly due = new Map<Member, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly interval: number,
    private readonly beat: (member: Member) => void,
  ) {}

  add(member: Member): void {
    this.due.set(member, performance.now() + this.interval);
    this.schedule();
  }

  delete(member: Member): void {
    this.due.delete(member);
    if (this.due.size === 0) this.stop();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    const first = this.due.values().next();
    if (first.done) return;
    this.timer = setTimeout(
      this.run,
      Math.max(1, Math.ceil(first.value - performance.now())),
    );
    // Only sockets keep the process alive; their heartbeat must not.
    this.timer.unref();
  }

  private readonly run = (): void => {
    this.timer = undefined;
    const now = performance.now();
    for (const [member, due] of this.due) {
      if (due > now) break;
      this.due.delete(member);
      // After the whole process was paused, there is one beat and not all that
      // were missed.
      this.due.set(
        member,
        Math.max(due, now - this.interval / 2) + this.interval,
      );
      this.beat(member);
    }
    this.schedule();
  };
}
