import { isPromiseLike } from '../../../core/promise-like.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { LifeEvent, Question } from '../life/events.js';
import type { Holding } from './holding.js';
import type { LifeContext, Report } from './life-context.js';

/**
 * Requests that no call waits for. The failure of any other request fails its
 * call.
 */
const NOBODY_WAITS: ReadonlySet<Question> = new Set([
  'ask',
  'record',
  'release',
  'remove',
]);

/**
 * Makes requests to the broker for lives (see `life.ts`), and tells the lives
 * the answers.
 */
export class Asking {
  constructor(
    private readonly context: LifeContext,
    private readonly report: Report,
  ) {}

  /**
   * Makes a request and reports the answer, at once if it is at hand.
   *
   * @param eventOf The event that the answer is to the life; undefined if none.
   */
  put<Answer>(
    holding: Holding,
    question: Question,
    act: () => MaybePromise<Answer>,
    eventOf: (answer: Answer) => LifeEvent | undefined,
  ): void {
    const answered = (answer: Answer): void => {
      const event = eventOf(answer);
      if (event !== undefined) this.report(holding, event);
    };
    const failed = (error: unknown): void => {
      if (NOBODY_WAITS.has(question)) this.context.failed(error);
      this.report(holding, { type: 'failed', at: question, error });
    };
    let answer: MaybePromise<Answer>;
    try {
      answer = act();
    } catch (error) {
      failed(error);
      return;
    }
    if (isPromiseLike(answer)) {
      answer.then(answered, failed);
    } else {
      answered(answer);
    }
  }
}
