import { HttpException } from '@nestjs/common';
import type { FieldFault } from '../../core/field-fault.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import { FieldFaults, mergedFaults } from './field-faults.js';
import type { ParamSlot } from './params-plan.js';

type CheckedSlot = Extract<ParamSlot, { from: 'params' }>;

/** A value that a check or a pipe refused. */
export class RefusedParam {
  /** @param value What the pipes were given, or had made of it so far. */
  constructor(
    readonly error: unknown,
    private readonly slot: CheckedSlot,
    private readonly value: unknown,
  ) {}

  /** Whether the value is at fault, and not the server. */
  get isOfValue(): boolean {
    const { error } = this;
    return (
      error instanceof InvalidParams ||
      // An `exceptionFactory` may choose any status.
      (error instanceof HttpException && error.getStatus() < 500)
    );
  }

  /** The wrong fields, with messages. Empty if no user could correct them. */
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
   * Nest's ValidationPipe gives a list of sentences without paths. If these are
   * the sentences of the class's own validators, the class is checked again to
   * find the paths. Other sentences are the application's own and stay as they
   * are.
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

/** One `Invalid params` for all refused values of a call. */
export async function refusedParams(
  refusals: readonly RefusedParam[],
  exposed: boolean,
): Promise<InvalidParams> {
  const ofValues = refusals.filter(({ isOfValue }) => isOfValue);
  const faults = await Promise.all(ofValues.map((one) => one.faults()));
  return mergedFaults(faults, exposed);
}

/**
 * The faults in an exception about a value that was refused before the command.
 */
export function faultsOf(error: unknown): readonly FieldFault[] {
  const faults = new FieldFaults();
  faults.addResponse(saidBy(error), '');
  return faults.list;
}

function saidBy(error: unknown): unknown {
  return error instanceof HttpException ? error.getResponse() : undefined;
}

/**
 * The list of sentences in the message of one of Nest's exceptions; empty for
 * any other.
 */
function messagesOf(said: unknown): readonly string[] {
  if (typeof said !== 'object' || said === null) return [];
  const list: unknown = 'message' in said ? said.message : said;
  return Array.isArray(list) && list.every((one) => typeof one === 'string')
    ? (list as readonly string[])
    : [];
}
