export type { Catalog, Column, Relation, RelationKind } from './sql/catalog.js';
export { found, refused, type Result } from './result.js';
export { canonicalName, canonicalPart, splitCanonical } from './sql/identifier.js';
