/** A prepared statement and a portal, as far as the data path has to know them. */
import type { FieldOrigin } from '../codec/backend-messages.js';
import type { ParameterValue } from '../codec/client-messages.js';
import type { Rewritten } from './classify-sql.js';

/** Where the columns of a result come from: told by a RowDescription that precedes the rows. */
export interface ResultShape {
  fields: readonly FieldOrigin[] | undefined;
  /** A Describe is on its way, or was answered. */
  asked: boolean;
}

export interface PreparedStatement {
  /** As the client sent it. */
  readonly text: string;
  /** What the backend prepared. */
  readonly sent: Rewritten;
  readonly shape: ResultShape;
}

export interface Portal {
  readonly statement: PreparedStatement;
  readonly parameters: readonly ParameterValue[];
  /** Rows that left through this portal so far: a row limit counts them over all its Executes. */
  readonly rows: { count: number };
}
