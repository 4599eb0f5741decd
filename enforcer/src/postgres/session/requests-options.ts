/** What the client's side of a session needs of the rest. */
import type { Ports, Session } from '../../pipeline/index.js';
import type { PostgresLimits } from '../limits.js';
import type { Conversation } from './conversation.js';
import type { Outlet } from './outlet.js';
import type { RequestContext } from './sql-request.js';

export interface RequestsOptions {
  readonly talk: Conversation;
  readonly backend: Outlet;
  readonly session: Session;
  readonly ports: Ports;
  readonly limits: PostgresLimits;
  /** Made anew for each request: a cancelled one leaves its signal aborted. */
  readonly context: () => RequestContext;
  /** The request is judged; true when the client asked to cancel it meanwhile. */
  readonly judged: () => boolean;
  /** Ends the session; the client is told by `farewell`. */
  readonly end: (farewell?: Buffer) => void;
  readonly isOver: () => boolean;
}
