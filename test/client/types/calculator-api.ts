/** A result that was kept. */
export interface Entry {
  readonly result: number;
  readonly at: Date;
  note?: string;
}

/** What clients may ask the calculator: the file that both sides import. */
export interface CalculatorApi {
  sum(params: { number1: number; number2: number }): number;
  log(params: { number: number; base?: number }): number;
  keep(params: { result: number; at: Date }): Entry;
  history(params?: { limit?: number }): Entry[];
  ping(): string;
  clear(): void;
  /** Resolved by hand, once another client has kept something. */
  next(): Entry;
}
