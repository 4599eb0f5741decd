import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { makeCertificate } from './certificate.js';

test('a client that trusts the certificate verifies it by name and by address', async (t) => {
  const certificate = makeCertificate();
  const server = createServer(certificate, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  for (const servername of ['localhost', '127.0.0.1']) {
    const options = servername === 'localhost' ? { servername } : {};
    const client: TLSSocket = connect({
      host: '127.0.0.1',
      port: address.port,
      ca: certificate.cert,
      ...options,
    });
    const [data] = await once(client, 'data');
    assert.equal(String(data), 'hello');
    assert.ok(client.authorized);
    client.destroy();
  }
});

test('it is signed by its own key and valid only in its time', () => {
  const notAfter = new Date('2027-01-01T00:00:00Z');
  const parsed = new X509Certificate(makeCertificate({ hosts: ['db.internal'], notAfter }).cert);
  assert.ok(parsed.verify(parsed.publicKey));
  assert.ok(!parsed.verify(new X509Certificate(makeCertificate().cert).publicKey));
  assert.equal(new Date(parsed.validTo).getTime(), notAfter.getTime());
  assert.equal(parsed.checkHost('db.internal'), 'db.internal');
  assert.equal(parsed.checkHost('other.internal'), undefined);
  assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1');
});
