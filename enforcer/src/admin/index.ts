/** The admin interface over HTTP. Start reading in `server.ts`. */
export { createMetrics, type Metrics } from './metrics.js';
export { startAdmin, type Admin, type AdminOptions, type Sessions } from './server.js';
export { reasonsNotReady, type ConnectionStatus, type EnforcerStatus } from './status.js';
