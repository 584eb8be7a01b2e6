import { LONGEST_TIMER } from '../protocol/longest-timer.js';

/** A function that is called at a set time. */
export interface Alarm {
  /** In the time of its clock. */
  readonly at: number;
}

/** Milliseconds of a clock that never goes back, unlike the time of day. */
export function now(): number {
  return performance.now();
}

/** The time source of an alarm clock. */
export interface ClockTime {
  now(): number;
  /**
   * The longest timer that is set, in milliseconds. The time is read again
   * after it.
   */
  readonly longestDelay: number;
}

/** Longer delays make `setTimeout` fire at once. */
const STEADY: ClockTime = { now, longestDelay: LONGEST_TIMER };

/**
 * Milliseconds since 1970. That clock can be set, and it runs on while the
 * computer sleeps and timers stand still. So the time is read again every
 * minute.
 */
export const TIME_OF_DAY: ClockTime = {
  now: () => Date.now(),
  longestDelay: 60_000,
};

/**
 * Any number of alarms on one timer, which does not keep the process alive.
 * Setting or cancelling one costs the logarithm of their number.
 */
export class AlarmClock {
  /** A binary heap, the earliest first. */
  readonly #heap: Scheduled[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #created = 0;
  #stopped = false;

  constructor(private readonly time: ClockTime = STEADY) {}

  /** Alarms that are set. */
  get size(): number {
    return this.#heap.length;
  }

  /** @param at In the time of the clock; `Infinity` never rings. */
  set(at: number, ring: () => void): Alarm {
    const alarm: Scheduled = { at, order: this.#created++, ring, index: -1 };
    if (at === Infinity) return alarm;
    this.#put(alarm, this.#heap.length);
    this.#raise(alarm);
    this.#arm();
    return alarm;
  }

  /** Cancels an alarm. Does nothing to one that has rung. */
  cancel(alarm: Alarm): void {
    const scheduled = alarm as Scheduled;
    if (scheduled.index < 0) return;
    this.#remove(scheduled);
    // While other alarms are set, the timer stays as it is and wakes up early
    // once: that is cheaper than a new timer for every cancelled alarm.
    if (this.#heap.length === 0) this.#disarm();
  }

  /** Holds the timer back until {@link start}. Alarms stay set. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
  }

  start(): void {
    this.#stopped = false;
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (this.#stopped || first === undefined || first.at >= this.#timerAt) {
      return;
    }
    this.#disarm();
    const { time } = this;
    const delay = Math.min(
      Math.max(Math.ceil(first.at - time.now()), 1),
      time.longestDelay,
    );
    this.#timerAt = first.at;
    this.#timer = setTimeout(() => this.#wake(), delay).unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #wake(): void {
    this.#disarm();
    const time = this.time.now();
    // An alarm that is set while others ring waits for the next turn. Otherwise
    // one that sets itself again for the same moment would ring for ever.
    const created = this.#created;
    try {
      let first;
      while (
        (first = this.#heap[0]) !== undefined &&
        first.at <= time &&
        first.order < created
      ) {
        this.#remove(first);
        first.ring();
      }
    } finally {
      this.#arm();
    }
  }

  #remove(alarm: Scheduled): void {
    const last = this.#heap.pop() as Scheduled;
    if (last !== alarm) {
      this.#put(last, alarm.index);
      this.#raise(last);
      this.#sink(last);
    }
    alarm.index = -1;
  }

  #raise(alarm: Scheduled): void {
    while (alarm.index > 0) {
      const parent = this.#heap[(alarm.index - 1) >> 1] as Scheduled;
      if (!isBefore(alarm, parent)) return;
      this.#swap(alarm, parent);
    }
  }

  #sink(alarm: Scheduled): void {
    for (;;) {
      const left = this.#heap[2 * alarm.index + 1];
      const right = this.#heap[2 * alarm.index + 2];
      if (left === undefined) return;
      const child = right && isBefore(right, left) ? right : left;
      if (!isBefore(child, alarm)) return;
      this.#swap(child, alarm);
    }
  }

  #swap(child: Scheduled, parent: Scheduled): void {
    const { index } = child;
    this.#put(child, parent.index);
    this.#put(parent, index);
  }

  #put(alarm: Scheduled, index: number): void {
    this.#heap[index] = alarm;
    alarm.index = index;
  }
}

interface Scheduled extends Alarm {
  /** Alarms of one time ring in the order in which they were set. */
  readonly order: number;
  readonly ring: () => void;
  /** Its place in the heap; -1 outside, which makes cancelling it safe. */
  index: number;
}

function isBefore(one: Scheduled, other: Scheduled): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
