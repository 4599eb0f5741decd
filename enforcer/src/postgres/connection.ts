/** One named backend, and how a client asks for it. */
export interface PostgresUpstream {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Asked for each login, so that a rotated secret is picked up. Never kept, never logged. */
  password(): Promise<string>;
  readonly tls: UpstreamTls;
}

export type UpstreamTls =
  | 'off'
  | {
      readonly mode: 'verify-full';
      /** PEM; without it the system's authorities are trusted. */
      readonly ca?: string | undefined;
      /** The name the certificate must have; the host when absent. */
      readonly servername?: string | undefined;
    };

export interface PostgresConnection {
  readonly name: string;
  readonly upstream: PostgresUpstream;
  /** Database names by which a client may ask for it, besides the connection's own name and the upstream's. */
  readonly databases?: readonly string[];
}

/**
 * The connection a client means by its database name. The connection's name comes first; a database name that
 * two connections share is ambiguous and picks neither.
 */
export function pickConnection(
  connections: readonly PostgresConnection[],
  database: string,
): PostgresConnection | undefined {
  const named = connections.find((connection) => connection.name === database);
  if (named) return named;
  const serving = connections.filter(
    ({ databases, upstream }) => upstream.database === database || databases?.includes(database),
  );
  return serving.length === 1 ? serving[0] : undefined;
}

/** Where a cleartext password may travel without TLS: nowhere but this machine. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' || address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)
  );
}
