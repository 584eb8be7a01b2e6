import {
  createElement,
  useEffect,
  useLayoutEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { log } from './log.js';
import { snorky } from './live.js';

/** Where the connection stands, and how the last one has ended. */
export function Connection() {
  const { state, retryAt, close } = useSyncExternalStore(
    snorky.subscribe,
    snorky.getSnapshot,
  );
  const text = close === undefined ? state : `${state} ${close.code}`;
  useLayoutEffect(() => log(text));
  return createElement(
    'header',
    null,
    text,
    retryAt && createElement(CountDown, { key: retryAt, to: retryAt }),
  );
}

/** The tenths of a second until a time. */
function CountDown({ to }: { to: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil((to - now) / 100);
  useLayoutEffect(() => log(`in ${left}`), [left]);
  return createElement('time', null, left);
}
