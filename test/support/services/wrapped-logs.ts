import type { Broker, Retention, TopicLog } from 'snorky';

/**
 * Puts something around each log of a broker, to have it late, deaf or failing.
 *
 * @param around What a log does in place of its own; what it leaves out is as it was.
 */
export function wrapLogs<Wrapped extends Broker>(
  broker: Wrapped,
  around: (log: TopicLog, name: string) => Partial<TopicLog>,
): Wrapped {
  const { topics } = broker;
  const log = topics.log.bind(topics);
  Object.assign(topics, {
    log: (name: string, retention: Retention): TopicLog => {
      const inner = log(name, retention);
      return {
        publish: (...args) => inner.publish(...args),
        subscribe: (...args) => inner.subscribe(...args),
        position: () => inner.position(),
        replay: (...args) => inner.replay(...args),
        ...around(inner, name),
      };
    },
  });
  return broker;
}
