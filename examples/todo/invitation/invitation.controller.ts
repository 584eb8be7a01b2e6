import { Controller, Get, Inject } from '@nestjs/common';
import { renderSVG } from 'uqr';
import { reachableAddress } from './reachable-address.js';

export const INVITATION_OPTIONS = Symbol('invitation:options');

/** Where the server listens. */
export interface InvitationOptions {
  readonly host: string;
  readonly port: number;
}

/** How a phone can open the page; both are null while only this machine can. */
export interface Invitation {
  readonly url: string | null;
  /** The address as a QR code, in SVG. */
  readonly code: string | null;
}

@Controller('invitation')
export class InvitationController {
  constructor(
    @Inject(INVITATION_OPTIONS)
    private readonly options: InvitationOptions,
  ) {}

  @Get()
  invitation(): Invitation {
    const { host, port } = this.options;
    const address = reachableAddress(host);
    if (address === undefined) return { url: null, code: null };
    const url = `http://${address}:${port}/`;
    return { url, code: renderSVG(url) };
  }
}
