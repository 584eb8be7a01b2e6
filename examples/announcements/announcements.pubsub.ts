import { PubSubService } from 'snorky';

/** Visitors subscribe; only the backend publishes. */
export class AnnouncementsPubSub extends PubSubService {
  override canPublish(): boolean {
    return false;
  }
}
