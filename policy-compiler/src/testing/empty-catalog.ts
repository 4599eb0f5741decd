import type { Catalog } from '@sluice/facts';

/** Of a connection whose catalog nobody wrote down: nothing is known, so reading any relation is refused. */
export const emptyCatalog: Catalog = {
  version: 'empty',
  searchPath: ['public'],
  relations: new Map(),
  functions: new Set(),
  operators: new Set(),
  types: new Set(),
};
