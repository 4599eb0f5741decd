/** Configuration: one YAML file, read strictly. Start reading in `config.ts`. */
export { listenText, type ConnectionConfig, type EnforcerConfig, type Listen } from './config.js';
export { loadConfig } from './load-config.js';
export { readTrust } from './read-trust.js';
