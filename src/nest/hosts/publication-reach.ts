import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Broker } from '../../broker/ports/broker.js';
import { SNORKY_BROKER } from '../setup/constants.js';
import { RegistrySet } from '../registration/registry-set.js';
import { processSigns, severalProcesses } from './several-processes.js';

/**
 * Warns once, at the start, when a process's publications cannot reach the
 * clients of other processes. Everything would seem to work, and nobody would
 * hear them.
 */
@Injectable()
export class PublicationReach implements OnApplicationBootstrap {
  private readonly logger = new Logger('Snorky');

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(SNORKY_BROKER) private readonly broker: Broker,
    @Inject(RegistrySet) private readonly registries: RegistrySet,
  ) {}

  onApplicationBootstrap(): void {
    // A broker written in JavaScript may leave `shared` out: no warning then.
    if ((this.broker.shared as boolean | undefined) !== false) return;
    if (servesHttp(this.host)) {
      const which = severalProcesses(processSigns());
      if (which !== undefined) this.logger.warn(`${which}. ${SEVERAL}`);
    } else if (this.hasServices()) {
      this.logger.warn(NO_CLIENTS);
    }
  }

  private hasServices(): boolean {
    return this.registries.all.some(
      (registry) => registry.serviceNames().length > 0,
    );
  }
}

/** Nest sets null where there is no server, whatever its types say. */
export function servesHttp(host: HttpAdapterHost): boolean {
  // Nest sets null where there is none, whatever its types say.
  return Boolean(host.httpAdapter as unknown);
}

const SEVERAL =
  'Its broker is in memory and reaches no other process: clients hear only ' +
  'what is published in the process that they are connected to. Give ' +
  'SnorkyModule.forRoot() a broker that the processes share ' +
  '({ broker }), or run one process.';

const NO_CLIENTS =
  'This application has no HTTP server, so that Snorky opens no port and no ' +
  'client can be connected to it. Its broker is in memory and reaches no other ' +
  'process: nobody hears what it publishes. Publish through the HTTP backend of ' +
  'the process that has the clients, or give SnorkyModule.forRoot() a broker ' +
  'that the processes share ({ broker }).';
