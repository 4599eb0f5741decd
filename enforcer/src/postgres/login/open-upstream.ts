/** Opens the connection to a backend: TCP, then TLS in which the certificate must be the backend's own. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { serialize } from 'pg-protocol';
import type { PostgresUpstream, UpstreamTls } from '../connection.js';
import { ByteSource } from './byte-source.js';

export type BackendSocket = Socket | TLSSocket;

/** Rejects when it is not open after `timeoutMs`. The messages of its errors are for the log, not for clients. */
export async function openUpstream(upstream: PostgresUpstream, timeoutMs: number): Promise<BackendSocket> {
  const tcp = connectTcp({ host: upstream.host, port: upstream.port, noDelay: true, keepAlive: true });
  const late = setTimeout(() => tcp.destroy(new Error('the backend did not answer in time')), timeoutMs);
  try {
    await ready(tcp, 'connect');
    return upstream.tls === 'off' ? tcp : await secure(tcp, upstream.host, upstream.tls);
  } catch (cause) {
    // Fails closed: no half-open connection is left, and none without the TLS that was asked for.
    tcp.destroy();
    throw cause;
  } finally {
    clearTimeout(late);
  }
}

async function secure(tcp: Socket, host: string, tls: Exclude<UpstreamTls, 'off'>): Promise<TLSSocket> {
  const source = new ByteSource(tcp);
  tcp.write(serialize.requestSsl());
  const [answer] = await source.read(1);
  // Bytes before the handshake would be an injection into the encrypted stream (CVE-2021-23222).
  if (source.release().length > 0) throw new Error('the backend sent bytes before the TLS handshake');
  if (answer !== 'S'.charCodeAt(0)) throw new Error('the backend does not offer TLS');
  const servername = tls.servername ?? host;
  const secured = connectTls({
    socket: tcp,
    host: servername,
    ...(isIP(servername) === 0 && { servername }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  await ready(secured, 'secureConnect');
  return secured;
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('the backend closed the connection'));
    socket.once(event, () => {
      socket.off('error', reject);
      socket.off('close', ended);
      // The next owner adds its own; between two owners an error must not end the process.
      socket.on('error', () => undefined);
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', ended);
  });
}
