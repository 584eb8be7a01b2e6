import { Observable } from 'rxjs';

/** How an answer may end other than by being sent. */
export interface AnswerFate {
  /** The handler failed. Called before anybody else hears of the error. */
  failed(): void;
  /** Nobody waits for the handler any more: something else is answered. */
  abandoned(): void;
}

/** Passes an answer on, and reports if it is not what will be answered. */
export function wholeAnswer<Value>(
  source: Observable<Value>,
  fate: AnswerFate,
): Observable<Value> {
  return new Observable<Value>((subscriber) => {
    let over = false;
    subscriber.add(() => {
      if (!over) fate.abandoned();
    });
    const subscription = source.subscribe({
      next: (value) => {
        // A subscriber that leaves while it gets a value has what it wanted, as
        // with `first()`.
        over = true;
        subscriber.next(value);
        over = false;
      },
      error: (error: unknown) => {
        over = true;
        fate.failed();
        subscriber.error(error);
      },
      complete: () => {
        over = true;
        subscriber.complete();
      },
    });
    subscriber.add(subscription);
  });
}
