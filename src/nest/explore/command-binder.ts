import { Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import type { Command } from '../../core/rpc/command.js';
import type { DeclaredCommand } from '../decorators/declared-commands.js';
import { exposedCommand } from '../commands/exposed-command.js';
import { directCommand } from '../commands/direct-command.js';
import { planParams } from '../params/plan-params.js';
import type { ParamsPlan } from '../params/params-plan.js';
import {
  pipelineCommand,
  type CommandPlace,
} from '../commands/pipeline-command.js';
import type { Validation } from '../params/value-check.js';
import { BUNDLED_METADATA } from '../setup/constants.js';
import type { BoundEnhancers } from '../enhancers/bound-enhancers.js';
import { EnhancerBinder } from '../enhancers/enhancer-binder.js';
import { checkAllBound } from '../enhancers/unbound-enhancers.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { resolveScoped } from '../providers/scoped-instance.js';
import type { FoundService } from './service-finder.js';
import { setupError } from '../setup/setup-errors.js';
import { callee } from '../providers/stand-in.js';

/**
 * Turns the methods that a provider declares into commands that can be called.
 */
@Injectable()
export class CommandBinder {
  private readonly enhancers: EnhancerBinder;
  private validation: Promise<Validation> | undefined;

  constructor(
    @Inject(ExternalContextCreator) injected: ExternalContextCreator,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
  ) {
    this.enhancers = new EnhancerBinder(injected);
  }

  /**
   * @throws SnorkySetupError when the params of a command would not be checked,
   *   or an enhancer of a command would not run.
   */
  async bind(
    found: FoundService,
    declared: readonly DeclaredCommand[],
  ): Promise<ReadonlyMap<string, Command>> {
    const { wrapper, classRef } = found;
    const commands = new Map<string, Command>();
    const around = new Map<string, BoundEnhancers>();
    for (const command of declared) {
      const plan = await planParams(
        classRef,
        command,
        (who) => this.loadValidation(who),
        this.exposes(command),
      );
      const { method } = command;
      const bound = this.enhancers.bind(
        { wrapper, classRef },
        Reflect.get(classRef.prototype, method) as object,
        { globals: 'all', pipes: pipesOf(plan) },
      );
      around.set(method, bound);
      commands.set(command.name, commandOf(found, command, plan, bound));
    }
    checkAllBound(classRef, around, {
      onClass: 'it does not run around every command.',
      onMethod:
        'the method is no command. Add @RpcCommand(), or remove the decorator.',
      called: CALLED,
    });
    return commands;
  }

  /**
   * Stops the start when decorators declare enhancers on a service without
   * commands.
   *
   * @throws SnorkySetupError
   */
  checkRaw(classRef: CommandPlace['classRef']): void {
    const why =
      'messages of a raw service go to processMessageFrom() as they come. ' +
      'Check them there, or make commands: extend RpcService.';
    const reasons = { onClass: why, onMethod: why, called: CALLED };
    checkAllBound(classRef, new Map(), reasons);
  }

  private exposes({ options, owner }: DeclaredCommand): boolean {
    const { validationErrors = this.options.validationErrors } = options;
    // The bundled commands never expose: connectors recognize an old server by
    // the plain texts of their errors.
    const isOwn = !Reflect.hasOwnMetadata(BUNDLED_METADATA, owner.constructor);
    return validationErrors === 'expose' && isOwn;
  }

  private loadValidation(who: string): Promise<Validation> {
    this.validation ??= loadValidation(who);
    return this.validation;
  }
}

/** The methods of a service that are called besides its commands. */
const CALLED = [
  'processMessageFrom',
  'onClientConnected',
  'onClientDisconnected',
] as const;

function commandOf(
  { wrapper, served, classRef }: FoundService,
  { method, options }: DeclaredCommand,
  plan: ParamsPlan,
  bound: BoundEnhancers,
): Command {
  const async = options.async === true;
  const place: CommandPlace = { classRef, method };
  const calleeOf = (made: unknown): object => callee(classRef, [method], made);
  if (!wrapper.isDependencyTreeStatic()) {
    return pipelineCommand(place, async, plan, bound, async (request) => {
      const scoped = await resolveScoped(wrapper, request);
      const made: unknown =
        served === wrapper ? scoped.instance : served.instance;
      return { ...scoped, instance: calleeOf(made) };
    });
  }
  const instance = calleeOf(served.instance);
  if (!plan.needsPipeline && bound.isEmpty) {
    const make = plan.exposed ? exposedCommand : directCommand;
    return make(instance, place.method, async, plan);
  }
  const target = { instance };
  return pipelineCommand(place, async, plan, bound, () => target);
}

/** The pipes of single parameters, by the index of the parameter. */
function pipesOf({
  decorated = {},
}: ParamsPlan): ReadonlyMap<number, readonly unknown[]> {
  return new Map(
    Object.values(decorated).map(({ index, pipes }) => [index, pipes]),
  );
}

async function loadValidation(who: string): Promise<Validation> {
  try {
    const [validator, transformer] = await Promise.all([
      import('class-validator'),
      import('class-transformer'),
    ]);
    return { validator, transformer };
  } catch {
    throw setupError('SNORKY_VALIDATOR_MISSING', who);
  }
}
