import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScramFailure, checkServerFinal, clientFinal, clientFirst } from './scram.js';

// The exchange of RFC 7677 section 3, whose user name is `user` where PostgreSQL has none.
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

test('the proof carries the nonce of both sides and no password', async () => {
  assert.equal(clientFirst(NONCE), `n,,n=*,r=${NONCE}`);
  const proof = await clientFinal('pencil', NONCE, SERVER_FIRST);
  assert.match(
    proof.message,
    /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[\w+/]{43}=$/,
  );
});

test('a server that does not know the password is found out', async () => {
  const proof = await clientFinal('pencil', NONCE, SERVER_FIRST);
  const impostor = await clientFinal('pencils', NONCE, SERVER_FIRST);
  checkServerFinal(`v=${proof.serverSignature}`, proof.serverSignature);
  assert.throws(() => checkServerFinal(`v=${impostor.serverSignature}`, proof.serverSignature), ScramFailure);
  assert.throws(() => checkServerFinal('e=other-error', proof.serverSignature), ScramFailure);
});

for (const [name, serverFirst] of [
  ['a nonce that is not an extension of ours', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
  ['a nonce that adds nothing to ours', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
  ['too few iterations', `r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1`],
  ['iterations without end', `r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000`],
  ['no salt', `r=${NONCE}x,s=,i=4096`],
  ['a mandatory extension', `m=x,r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
  ['garbage', 'garbage'],
] as const) {
  test(`refuses a server that sends ${name}`, async () => {
    await assert.rejects(clientFinal('pencil', NONCE, serverFirst), ScramFailure);
  });
}
