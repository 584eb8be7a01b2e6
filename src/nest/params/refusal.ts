import { HttpException } from '@nestjs/common';
import type { FieldFault } from '../../core/field-fault.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import { FieldFaults, mergedFaults } from './field-faults.js';
import type { ParamSlot } from './params-plan.js';

type CheckedSlot = Extract<ParamSlot, { from: 'params' }>;

/** A check or a pipe that would not have a value. */
export class Refusal {
  /** @param value What the pipes were given, or what they have made of it so far. */
  constructor(
    readonly error: unknown,
    private readonly slot: CheckedSlot,
    private readonly value: unknown,
  ) {}

  /** Whether this is about the value, and not a fault of the server. */
  get isOfValue(): boolean {
    const { error } = this;
    return (
      error instanceof InvalidParams ||
      // An `exceptionFactory` may have chosen any status.
      (error instanceof HttpException && error.getStatus() < 500)
    );
  }

  /** What is wrong with which field. Empty where no user can put it right. */
  async faults(): Promise<readonly FieldFault[]> {
    if (this.error instanceof InvalidParams) return this.error.faults;
    const said = saidBy(this.error);
    const known = await this.checked(messagesOf(said));
    if (known !== undefined) return known;
    const faults = new FieldFaults();
    faults.addResponse(said, this.slot.name ?? '');
    return faults.list;
  }

  /**
   * Nest's ValidationPipe gives a list of sentences without the paths. Where
   * they are the ones of the class, that is asked again; a list in other words
   * is somebody's own.
   */
  private async checked(
    messages: readonly string[],
  ): Promise<readonly FieldFault[] | undefined> {
    const { explain } = this.slot;
    if (explain === undefined || messages.length === 0) return undefined;
    try {
      await explain.check(this.value);
      return undefined;
    } catch (error) {
      if (!(error instanceof InvalidParams)) return undefined;
      const { faults } = error;
      const own = faults.flatMap((fault) => fault.messages);
      const same = messages.some((one) =>
        own.some((mine) => one.endsWith(mine)),
      );
      return same || own.length === 0 ? faults : undefined;
    }
  }
}

/** `Invalid params` for all that was refused of one call. */
export async function refusedParams(
  refusals: readonly Refusal[],
  exposed: boolean,
): Promise<InvalidParams> {
  const ofValues = refusals.filter(({ isOfValue }) => isOfValue);
  const faults = await Promise.all(ofValues.map((one) => one.faults()));
  return mergedFaults(faults, exposed);
}

/** What an exception says of a value that was refused before the command. */
export function faultsOf(error: unknown): readonly FieldFault[] {
  const faults = new FieldFaults();
  faults.addResponse(saidBy(error), '');
  return faults.list;
}

function saidBy(error: unknown): unknown {
  return error instanceof HttpException ? error.getResponse() : undefined;
}

/** The list of sentences that Nest has as the message; empty for all else. */
function messagesOf(said: unknown): readonly string[] {
  if (typeof said !== 'object' || said === null) return [];
  const list: unknown = 'message' in said ? said.message : said;
  return Array.isArray(list) && list.every((one) => typeof one === 'string')
    ? (list as readonly string[])
    : [];
}
