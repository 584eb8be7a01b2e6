import {
  BrokerUnavailable,
  BrokerUncertain,
  MemoryBroker,
  type Retention,
  type TopicLog,
} from 'snorky';

/** What it tells of where it is must not leave the server. */
export const cause = new Error('connect ECONNREFUSED 10.0.0.5:6379');

export type Failure = 'none' | 'unavailable' | 'uncertain';

/** Fails at everything but listening, as a test says. */
export class FailingBroker extends MemoryBroker {
  failure: Failure = 'none';
  /** Logs that fail; default: all. */
  which: (name: string) => boolean = () => true;
  /** What of tokens fails; default: all. */
  whichOfTokens: (name: string) => boolean = () => true;
  /** By a promise, as networks do. */
  later = false;

  constructor() {
    super();
    const { topics, tokens } = this;
    const log = topics.log.bind(topics);
    Object.assign(topics, {
      announce: this.failing(topics.announce.bind(topics)),
      log: (name: string, retention: Retention): TopicLog => {
        const inner = log(name, retention);
        const isMeant = (): boolean => this.which(name);
        return {
          publish: this.failing(inner.publish.bind(inner), isMeant),
          position: this.failing(inner.position.bind(inner), isMeant),
          replay: this.failing(inner.replay.bind(inner), isMeant),
          subscribe: inner.subscribe.bind(inner),
        };
      },
    });
    for (const name of ['put', 'claim', 'release', 'remove'] as const) {
      const act = tokens[name].bind(tokens) as (...args: never[]) => unknown;
      Object.assign(tokens, {
        [name]: this.failing(act, () => this.whichOfTokens(name)),
      });
    }
  }

  private failing<Args extends unknown[], Answer>(
    act: (...args: Args) => Answer,
    isMeant = (): boolean => true,
  ) {
    return (...args: Args): Answer => {
      if (this.failure === 'none' || !isMeant()) return act(...args);
      if (this.failure === 'uncertain') act(...args);
      const error =
        this.failure === 'uncertain'
          ? new BrokerUncertain({ cause })
          : new BrokerUnavailable({ cause });
      if (this.later) return Promise.reject(error) as Answer;
      throw error;
    };
  }
}
