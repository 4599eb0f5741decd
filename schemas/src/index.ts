export * from './errors/index.js';
export { SluiceError } from './errors/sluice-error.js';
export * as abi from './abi.js';
export { SECTION_ENTRY_BYTES } from './abi-sections.js';
export * from './facts.js';
export * from './request.js';
export * as pb from './pb.js';
