import { createElement, useSyncExternalStore } from 'react';
import { snorky } from './live.js';

const news = snorky.services.pubsub.channel<string>('news');

/** Where a channel stands, and its last message. */
export function News() {
  const { state, message = '' } = useSyncExternalStore(
    news.subscribe,
    news.getSnapshot,
  );
  return createElement('q', null, `${state}: ${message}`);
}
