import {
  BroadcastDealer,
  FilterDealer,
  SimpleDealer,
  type JsonObject,
  type JsonValue,
} from 'snorky';

export class AllDocs extends BroadcastDealer {
  readonly model = 'Doc';
}

export class DocsByTeam extends SimpleDealer<JsonObject> {
  readonly model = 'Doc';
  getKeyForModel({ team }: JsonObject): JsonValue | undefined {
    return team;
  }
}

export class FilteredDocs extends FilterDealer {
  readonly model = 'Doc';
}
