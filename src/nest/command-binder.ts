import { Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import type { Command } from '../core/rpc-service.js';
import type { DeclaredCommand } from './commands/declared-commands.js';
import { directCommand } from './commands/direct-command.js';
import { planParams } from './commands/params-plan.js';
import {
  commandContext,
  pipelineCommand,
  type CommandPlace,
} from './commands/pipeline-command.js';
import type { Validation } from './commands/value-check.js';
import { ContextCreator, type InstanceWrapper } from './nest-internals.js';
import { resolveScoped } from './scoped-instance.js';
import { setupError } from './setup-errors.js';

/** Makes callable commands of the methods that a provider declares. */
@Injectable()
export class CommandBinder {
  private readonly creator: ContextCreator;
  private validation: Promise<Validation> | undefined;

  constructor(
    @Inject(ExternalContextCreator) injected: ExternalContextCreator,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    this.creator = ContextCreator.withGlobals(
      injected,
      modules,
      commandContext,
      'ws',
    );
  }

  /**
   * @param classRef The provider's class.
   * @throws SnorkySetupError when a command's params would be unchecked.
   */
  async bind(
    wrapper: InstanceWrapper,
    classRef: CommandPlace['classRef'],
    declared: readonly DeclaredCommand[],
  ): Promise<ReadonlyMap<string, Command>> {
    const commands = new Map<string, Command>();
    for (const command of declared) {
      commands.set(
        command.name,
        await this.bindOne(wrapper, classRef, command),
      );
    }
    return commands;
  }

  private async bindOne(
    wrapper: InstanceWrapper,
    classRef: CommandPlace['classRef'],
    command: DeclaredCommand,
  ): Promise<Command> {
    const plan = await planParams(classRef, command, (who) => {
      return this.loadValidation(who);
    });
    const { method } = command;
    const async = command.options.async === true;
    const place: CommandPlace = {
      classRef,
      method,
      moduleKey: wrapper.host?.token ?? '',
      inquirerId: wrapper.id,
    };
    if (!wrapper.isDependencyTreeStatic()) {
      return pipelineCommand(this.creator, place, async, plan, (request) =>
        resolveScoped(wrapper, request),
      );
    }
    const instance = wrapper.instance as object;
    const callback = Reflect.get(classRef.prototype, method) as () => unknown;
    if (
      plan.needsPipeline ||
      this.creator.hasEnhancers({ ...place, instance, callback })
    ) {
      const target = { instance };
      return pipelineCommand(this.creator, place, async, plan, () => target);
    }
    return directCommand(instance, method, async, plan);
  }

  private loadValidation(who: string): Promise<Validation> {
    this.validation ??= loadValidation(who);
    return this.validation;
  }
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
