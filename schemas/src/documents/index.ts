/** Files of our YAML kinds, read strictly and checked against their JSON Schemas. Start reading in `read-documents.ts`. */
export * from './kinds.js';
export { readDocument, readDocuments, type Read } from './read-documents.js';
