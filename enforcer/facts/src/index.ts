export type { Catalog, Column, Relation, RelationKind } from './sql/catalog.js';
export type { ClassifiedSql, MaskedColumn, RewrittenSql, StatementSummary } from './sql/classify.js';
export { canonicalName, quoted, splitCanonical } from './sql/identifier.js';
export { loadParser } from './sql/parser.js';
export { found, refused, type Result } from './result.js';
export { classifySql, classifySqlLarge, INLINE_LIMIT_BYTES, isLarge, TEXT_LIMIT_BYTES } from './sql.js';
