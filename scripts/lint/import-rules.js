import { KINDS, LAYERS, ROOMS } from './layers.js';

/** @typedef {{ regex: string, message: string }} Pattern */
/** @typedef {{ files: readonly string[], rules: object }} Override */

const ONE_WAY =
  'Imports run one way, see the table of layers in CONTRIBUTING.md.';

/** @type {Pattern} */
const BARREL = {
  regex: '(^|/)index\\.js$',
  message: 'Import the file that has it, not a barrel.',
};
/** @type {Pattern} */
const ITSELF = {
  regex: '^snorky(/|$)',
  message: 'Inside src, import the file by its relative path.',
};
/** @type {Pattern} */
export const NEST_PRIVATE = {
  regex: '^@nestjs/[^/]+/',
  message:
    'Nothing private of Nest is imported: a name that is gone ends the process while it loads (src/nest/setup/nest-internals.ts).',
};
/** @type {Pattern} */
const NEST = {
  regex: '^@nestjs/',
  message: 'This part runs without Nest.',
};
/** @type {Pattern} */
const NODE = {
  regex: '^node:',
  message: 'This part also runs in a browser.',
};
/** @type {readonly Pattern[]} */
const NOTHING = [
  { regex: '^[^.]', message: 'The wire imports nothing.' },
  { regex: '^\\.\\./', message: 'The wire imports nothing.' },
];

/** A place whose rules stand in one override. */
class Place {
  /**
   * @param {string} files
   * @param {readonly Pattern[]} layers
   * @param {readonly Pattern[]} rooms
   * @param {boolean} nest
   * @param {'any' | 'browser' | 'none'} packages
   */
  constructor(files, layers, rooms, nest, packages) {
    this.files = files;
    this.layers = layers;
    this.rooms = rooms;
    this.nest = nest;
    this.packages = packages;
  }

  /** @returns {Override} */
  get override() {
    const patterns =
      this.packages === 'none'
        ? [...NOTHING, BARREL]
        : [
            ...this.layers,
            ...this.rooms,
            this.nest ? NEST_PRIVATE : NEST,
            ...(this.packages === 'browser' ? [NODE] : []),
            BARREL,
            ITSELF,
          ];
    return {
      files: [this.files],
      rules: { 'no-restricted-imports': ['error', { patterns }] },
    };
  }
}

/** Folders above `src`'s own, by their names. @param {readonly string[]} names */
function above(names) {
  if (names.length === 0) return [];
  return [{ regex: `^(\\.\\./)+(${names.join('|')})/`, message: ONE_WAY }];
}

/** @param {readonly string[]} imports @param {string} own */
function layersNotIn(imports, own) {
  const others = LAYERS.map(({ folder }) => folder);
  return above(
    others.filter((name) => name !== own && !imports.includes(name)),
  );
}

/**
 * What a room may not import from its neighbours, and from the neighbours of
 * the rooms around it.
 *
 * @param {typeof ROOMS[number]} room
 * @param {number} [up] How far its folder is from the files that are checked.
 * @returns {readonly Pattern[]}
 */
function neighboursNotIn(room, up = 1) {
  const parent = room.folder.slice(0, room.folder.lastIndexOf('/'));
  const outer = ROOMS.find(({ folder }) => folder === parent);
  const others = ROOMS.filter(
    ({ folder }) =>
      folder !== room.folder &&
      folder.slice(0, folder.lastIndexOf('/')) === parent &&
      !room.rooms.includes(folder),
  );
  return [
    ...above(others.map(({ folder }) => folder.slice(parent.length + 1))),
    ...(room.hall === false
      ? [
          {
            regex: `^(\\.\\./){${up}}[^./][^/]*$`,
            message: ONE_WAY,
          },
        ]
      : []),
    ...(outer === undefined ? [] : neighboursNotIn(outer, up + 1)),
  ];
}

/** @param {string} name @returns {typeof LAYERS[number]} */
function layerOf(name) {
  const layer = LAYERS.find(({ folder }) => folder === name.split('/', 1)[0]);
  if (layer === undefined) throw new Error(`"${name}" is in no layer.`);
  return layer;
}

/**
 * The overrides that hold imports to the table, the general before the special:
 * of several that match a file the last one counts.
 *
 * @returns {Override[]}
 */
export function importRules() {
  const names = new Set(LAYERS.map(({ folder }) => folder));
  for (const { folder } of ROOMS) {
    const last = folder.slice(folder.lastIndexOf('/') + 1);
    // One path pattern could not tell the two apart.
    if (names.has(last)) throw new Error(`${folder} is named as a layer is.`);
  }
  const layers = LAYERS.map(
    ({ folder, imports, nest, packages = 'any' }) =>
      new Place(
        `src/${folder}/**`,
        layersNotIn(imports, folder),
        [],
        nest,
        packages,
      ),
  );
  const rooms = ROOMS.map((room) => {
    const layer = layerOf(room.folder);
    return new Place(
      `src/${room.folder}/**`,
      layersNotIn(room.imports ?? layer.imports, layer.folder),
      neighboursNotIn(room),
      room.nest ?? layer.nest,
      layer.packages ?? 'any',
    );
  });
  const kinds = KINDS.flatMap(({ files, layer, imports, nest }) => {
    const forbidden = layersNotIn(imports, layer);
    const { packages = 'any' } = layerOf(layer);
    return [
      new Place(`src/${layer}/${files}`, forbidden, [], nest, packages),
      ...ROOMS.filter(({ folder }) => folder.startsWith(`${layer}/`)).map(
        (room) =>
          new Place(
            `src/${room.folder}/${files}`,
            forbidden,
            neighboursNotIn(room),
            nest && (room.nest ?? true),
            packages,
          ),
      ),
    ];
  });
  return [
    // A folder without a row, and the files beside the folders.
    new Place(
      'src/**',
      [
        {
          regex: '^(\\.\\./)*(\\./)?(testing|cli)/',
          message: 'Nobody imports testing or cli.',
        },
      ],
      [],
      true,
      'any',
    ),
    ...layers,
    ...rooms,
    ...kinds,
  ].map(({ override }) => override);
}
