export interface Layer {
  readonly folder: string;
  readonly is: string;
  readonly imports: readonly string[];
  readonly nest: boolean;
  readonly packages?: 'any' | 'browser' | 'none';
}

export interface Room {
  readonly folder: string;
  readonly is: string;
  readonly rooms: readonly string[];
  readonly hall?: boolean;
  readonly imports?: readonly string[];
  readonly nest?: boolean;
}

export interface Kind {
  readonly files: string;
  readonly layer: string;
  readonly is: string;
  readonly imports: readonly string[];
  readonly nest: boolean;
}

export const LAYERS: readonly Layer[];
export const ROOMS: readonly Room[];
export const KINDS: readonly Kind[];
