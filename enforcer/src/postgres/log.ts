/** The part of a pino logger that is used. Nothing given to it holds a credential or a token. */
export interface PostgresLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
