import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { SluiceError } from '@sluice/schemas';
import { FILE_LIMIT_BYTES } from '@sluice/schemas/yaml';
import { TOKEN_ALGORITHMS } from '../identity/authenticator.js';
import { loadConfig } from './load-config.js';
import { readTrust } from './read-trust.js';
import { Secret } from './secret.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-config-'));
after(() => fs.rmSync(dir, { recursive: true }));

const GOOD = `apiVersion: sluice/v1
kind: Enforcer
spec:
  bundle: { source: ./dist/bundle.tar.gz, trust: ./trust.yaml, poll: 5s }
  identity:
    issuers:
      - { issuer: "https://login.acme.example", audience: sluice, groups: groups }
  connections:
    - name: shop-db
      protocol: postgres
      listen: 127.0.0.1:6432
      upstream:
        host: db.internal
        database: shop
        user: sluice
        password: { env: SHOP_DB_PASSWORD }
        tls: verify-full
  approvals: { hold: 90s }
  audit: { dir: ./audit }
  state: sqlite:./state.db
  admin: { listen: "[::1]:8443" }
`;

let files = 0;
function load(text: string | Buffer) {
  const file = path.join(dir, `${files++}.yaml`);
  fs.writeFileSync(file, text);
  return loadConfig(file);
}

function mistakeOf(text: string | Buffer): string {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    assert.match(error.code, /^SLU500[12]$/);
    return error.message.replaceAll(dir, '.');
  }
  return assert.fail('the configuration was accepted');
}

test('reads a configuration and fills in defaults', () => {
  const config = load(GOOD);
  assert.deepEqual(config.bundle, {
    source: path.join(dir, 'dist/bundle.tar.gz'),
    trust: path.join(dir, 'trust.yaml'),
    pollMs: 5_000,
    staleAfterMs: 600_000,
    failClosedAfterMs: 86_400_000,
  });
  assert.deepEqual(config.audit, { dir: path.join(dir, 'audit'), durability: 'written' });
  assert.deepEqual(config.admin, { listen: { host: '::1', port: 8443 }, operators: [] });
  assert.equal(config.stateFile, path.join(dir, 'state.db'));
  assert.equal(config.approvals.holdMs, 90_000);
  const [connection] = config.connections;
  assert.equal(connection?.upstream.port, 5432);
  assert.deepEqual(connection?.listen, { host: '127.0.0.1', port: 6432 });
});

const replaced = (from: string, to: string): string => {
  assert.ok(GOOD.includes(from));
  return GOOD.replace(from, () => to);
};

/** What is wrong, how it is written, and how its report begins behind the name of the file. */
const MISTAKES: readonly [string, string | Buffer, RegExp][] = [
  [
    'an unknown key',
    replaced('poll:', 'polll:'),
    /^:4:64 error SLU1011 unknown key `polll`, did you mean `poll`$/,
  ],
  ['an unknown key at the top', `${GOOD}extra: 1\n`, /^:22:1 error SLU1011 unknown key `extra`$/],
  [
    'a key of a later release',
    replaced('{ dir: ./audit }', '{ dir: ./audit, sinks: [] }'),
    /^:19:26 error SLU1011 unknown key `sinks`$/,
  ],
  [
    'a key in another case',
    replaced('listen: 127', 'Listen: 127'),
    /^:11:7 error SLU1011 unknown key `Listen`, did you mean `listen`$/,
  ],
  ['a missing key', replaced('  state: sqlite:./state.db\n', ''), /^:3:1 error SLU1012 missing key `state`$/],
  [
    'another kind',
    replaced('kind: Enforcer', 'kind: Policy'),
    /^:2:7 error SLU1010 the document is of kind `Policy`$/,
  ],
  [
    'a misspelt kind',
    replaced('kind: Enforcer', 'kind: Enforce'),
    /^:2:7 error SLU1010 unknown kind `Enforce`, did you mean `Enforcer`$/,
  ],
  ['no kind', replaced('kind: Enforcer\n', ''), /^:1:1 error SLU1010 the document has no `kind`$/],
  [
    'a number for text',
    replaced('database: shop', 'database: 7'),
    /^:14:19 error SLU1013 expected text, found the number `7`$/,
  ],
  [
    'a time without unit',
    replaced('hold: 90s', 'hold: 90'),
    /^:18:22 error SLU1013 expected a time such as .*, found the number `90`$/,
  ],
  [
    'a time of no known form',
    replaced('hold: 90s', 'hold: soon'),
    /^:18:22 error SLU1015 `soon` cannot be a value of `hold`: expected a time such as `30s`/,
  ],
  [
    'an address without port',
    replaced('127.0.0.1:6432', '127.0.0.1'),
    /^:11:15 error SLU1015 .*: expected an address and a port/,
  ],
  [
    'a port too high',
    replaced('127.0.0.1:6432', '127.0.0.1:66432'),
    /^:11:15 error SLU5001 .* has no port between/,
  ],
  [
    'a secret in the open',
    replaced('{ env: SHOP_DB_PASSWORD }', 'hunter2'),
    /^:16:19 error SLU1013 expected exactly one of `env`, `file` and `command`, found the text `\*\*\*`$/,
  ],
  [
    'a secret from nowhere',
    replaced('{ env: SHOP_DB_PASSWORD }', '{}'),
    /^:16:19 error SLU1015 .*: expected exactly one of `env`/,
  ],
  [
    'a secret from two places',
    replaced('{ env: SHOP_DB_PASSWORD }', '{ env: A, file: b }'),
    /^:16:19 error SLU1015 .*: expected exactly one of `env`/,
  ],
  [
    'a symmetric algorithm',
    replaced('groups: groups', 'groups: groups, algorithms: [HS256]'),
    /^:7:\d+ error SLU1014 unknown value `HS256`/,
  ],
  [
    'an issuer in the clear',
    replaced('https://login', 'http://login'),
    /^:7:19 error SLU1015 .*: expected an https address$/,
  ],
  [
    'no issuer',
    GOOD.replace(/issuers:\n.*\n/, 'issuers: []\n'),
    /^:6:14 error SLU1015 .* `issuers`: expected at least one issuer$/,
  ],
  [
    'an issuer twice',
    replaced(
      'groups: groups }',
      'groups: groups }\n      - { issuer: "https://login.acme.example", audience: b, groups: groups }',
    ),
    /^:8:19 error SLU5001 the issuer .* is listed twice$/,
  ],
  [
    'tokens in the clear',
    replaced('127.0.0.1:6432', '0.0.0.0:6432'),
    /^:11:15 error SLU5001 .* in the clear to `0.0.0.0:6432`$/,
  ],
  [
    'an admin interface for everybody',
    replaced('[::1]:8443', '0.0.0.0:8443'),
    /^:21:20 error SLU5001 .* in the clear to `0.0.0.0:8443`$/,
  ],
  [
    'a backend elsewhere without TLS',
    replaced('tls: verify-full', 'tls: off'),
    /^:17:14 error SLU5001 `off` is for backends on this machine/,
  ],
  [
    'a connection twice',
    GOOD.replace(/ {4}- name[^]*verify-full\n/, (all) => all + all),
    /^:18:13 error SLU5001 there are two connections `shop-db`$/,
  ],
  [
    'another state store',
    replaced('sqlite:./state.db', 'postgres://x'),
    /^:20:10 error SLU1015 .*: expected `sqlite:` and a file$/,
  ],
  [
    'a duplicate key',
    replaced('kind: Enforcer', 'kind: Enforcer\nkind: Enforcer'),
    /^:3:1 error SLU1005 the key `kind` appears twice$/,
  ],
  [
    'a word that some read as a boolean',
    replaced('database: shop', 'database: NO'),
    /^:14:19 error SLU1006 `NO` is read as a boolean by some and as text by others$/,
  ],
  [
    'a word that no value of ours is spelt as',
    replaced('tls: verify-full', 'tls: no'),
    /^:17:14 error SLU1006 `no` is read as a boolean/,
  ],
  [
    'an anchor',
    replaced('database: shop', 'database: &a shop'),
    /^:14:19 error SLU1004 anchors are not accepted, found `&a`$/,
  ],
  ['an alias', replaced('user: sluice', 'user: *a'), /^:15:15 error SLU1004 aliases are not accepted/],
  [
    'a merge key',
    replaced('audit: {', 'audit: { <<: {},'),
    /^:19:12 error SLU1004 merge keys are not accepted/,
  ],
  [
    'a tag',
    replaced('database: shop', 'database: !!str shop'),
    /^:14:19 error SLU1004 tags are not accepted, found `!!str`$/,
  ],
  ['a directive', `%YAML 1.1\n---\n${GOOD}`, /^:1:1 error SLU1004 directives are not accepted/],
  ['a tab that indents', replaced('  state:', '\tstate:'), /^:20:1 error SLU1003 a tab indents this line$/],
  ['a byte order mark', `\ufeff${GOOD}`, /^:1:1 error SLU1001 a byte order mark is not accepted$/],
  ['two documents', `${GOOD}---\n${GOOD}`, /^:24:7 error SLU1010 the file holds a second document$/],
  ['broken YAML', 'spec: [', /^:1:\d+ error SLU1003 /],
  ['a list', '- 1\n', /^:1:1 error SLU1010 the document has no `kind`$/],
  [
    'a YAML bomb',
    `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n`,
    /^:1:4 error SLU1004 anchors are not accepted/,
  ],
  ['nesting without end', `${'['.repeat(5000)}${']'.repeat(5000)}`, /^:1:\d+ error SLU1002 .* levels deep$/],
];
for (const [name, text, expected] of MISTAKES) {
  test(`refuses, with its place: ${name}`, () => {
    const [head = '', ...findings] = mistakeOf(text).split('\n\n');
    assert.match(head, new RegExp(`^\`\\./\\d+\\.yaml\` has ${findings.length} mistakes?$`));
    const [first = ''] = findings;
    assert.match(withoutFile(first.split('\n')[0]), expected);
    // Each shows its place, the line, a caret below it and a way out.
    for (const finding of findings) {
      assert.match(
        finding,
        /^\.\/\d+\.yaml:\d+:\d+ error SLU\d{4} .+\n +\d+ \| .+\n +\| +\^+\n {2}help: .+$/,
      );
    }
  });
}

const withoutFile = (line = ''): string => line.replace(/^\.\/\d+\.yaml/, '');

for (const [name, text, expected] of [
  ['an empty file', '', /^ error SLU1010 the file holds no document$/],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff]), /^ error SLU1001 .* not valid UTF-8$/],
  ['a file too large', Buffer.alloc(FILE_LIMIT_BYTES + 1, 0x23), /^ error SLU1002 the file has \d+ bytes/],
] as const) {
  test(`refuses as a whole: ${name}`, () => {
    const [, first = ''] = mistakeOf(text).split('\n\n');
    assert.match(withoutFile(first.split('\n')[0]), expected);
  });
}

test('shows the line that is wrong, with a caret and the known keys', () => {
  assert.equal(
    mistakeOf(replaced('audit: { dir:', 'audit: { dri:'))
      .split('\n')
      .slice(2)
      .join('\n')
      .replace(/\d+\.yaml/g, 'f'),
    [
      './f:19:12 error SLU1011 unknown key `dri`, did you mean `dir`',
      '  19 |   audit: { dri: ./audit }',
      '     |            ^^^',
      '  help: Known keys here: `dir` and `durability`.',
    ].join('\n'),
  );
});

test('names every mistake, by place', () => {
  const message = mistakeOf(replaced('hold: 90s', 'hold: 90').replace('poll:', 'polll:'));
  const places = [...message.matchAll(/^\.\/\d+\.yaml:(\d+:\d+) /gm)].map(([, place]) => place);
  assert.deepEqual(places, ['4:64', '18:22']);
});

for (const [how, written] of [
  ['as text', 'hunter2'],
  ['in quotes', '"hunter2"'],
  ['on a line of its own', '\n          hunter2'],
  ['below a key of its own', '\n          value: hunter2'],
  ['in a mapping', '{ value: hunter2 }'],
  ['so that it looks like an alias', '*hunter2'],
  ['so that it looks like a tag', '!hunter2'],
  ['so that the file is not YAML', '@hunter2'],
  ['so that the file is not YAML, on a line of its own', '\n          @hunter2: ['],
  ['beside another mistake', '{ env: A, hunter2: 1 }'],
] as const) {
  test(`a secret written into the file is not repeated: ${how}`, () => {
    for (const key of ['password', 'pasword', 'Password', 'pass', 'pwd']) {
      const message = mistakeOf(replaced('password: { env: SHOP_DB_PASSWORD }', `${key}: ${written}`));
      assert.doesNotMatch(message, /hunter2/);
      assert.match(message, /:1[67]:\d+ error /, 'the place is named all the same');
    }
  });
}

test('a private key in the trust document is not repeated', async () => {
  const file = path.join(dir, 'trust.yaml');
  const key = '{ kid: a, algorithm: EdDSA, publicKey: { kty: OKP, crv: Ed25519, x: z, d: hunter2 } }';
  fs.writeFileSync(
    file,
    `apiVersion: sluice/v1\nkind: Trust\nspec: { issuer: a, audience: b, threshold: 1, keys: [${key}] }\n`,
  );
  await assert.rejects(readTrust(file), (error: SluiceError) => {
    assert.equal(error.code, 'SLU5001');
    assert.match(error.message, /:3:\d+ error SLU1011 unknown key `d`/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test('refuses a trust document with its places', async () => {
  const file = path.join(dir, 'bad-trust.yaml');
  fs.writeFileSync(file, 'apiVersion: sluice/v1\nkind: Trust\nspec: { issuer: NO, isuer: a }\n');
  await assert.rejects(readTrust(file), { code: 'SLU5001', message: /:3:17 error SLU1006 `NO` is read as/ });
  fs.writeFileSync(file, 'apiVersion: sluice/v1\nkind: Trust\nspec: { isuer: a }\n');
  await assert.rejects(readTrust(file), {
    message: /:3:9 error SLU1011 unknown key `isuer`, did you mean `issuer`/,
  });
  await assert.rejects(readTrust(path.join(dir, 'none.yaml')), { code: 'SLU5002' });
});

test('offers exactly the algorithms that tokens are verified by', () => {
  for (const algorithm of TOKEN_ALGORITHMS) {
    const config = load(replaced('groups: groups', `groups: groups, algorithms: [${algorithm}]`));
    assert.deepEqual(config.issuers[0]?.algorithms, [algorithm]);
  }
  const message = mistakeOf(replaced('groups: groups', 'groups: groups, algorithms: [none]'));
  const help = /^ {2}help: (.*)$/m.exec(message)?.[1];
  assert.equal(help?.match(/`(?:[RPE]S\d{3}|EdDSA)`/g)?.length, TOKEN_ALGORITHMS.length);
});

test('says when the file is not there', () => {
  assert.throws(() => loadConfig(path.join(dir, 'none.yaml')), { code: 'SLU5002', message: /ENOENT/ });
});

test('fetches secrets from each place, and never prints them', async () => {
  process.env['SLUICE_TEST_SECRET'] = 'hunter2';
  fs.writeFileSync(path.join(dir, 'secret'), 'hunter2\n');
  const secrets = [
    new Secret({ env: 'SLUICE_TEST_SECRET' }, dir),
    new Secret({ file: './secret' }, dir),
    new Secret({ command: [process.execPath, '-e', 'console.log("hunter2")'] }, dir),
  ];
  for (const secret of secrets) {
    assert.equal(await secret.reveal(), 'hunter2');
    assert.deepEqual(
      [`${secret}`, JSON.stringify({ secret }), inspect({ secret })],
      ['[secret]', '{"secret":"[secret]"}', '{ secret: [secret] }'],
    );
  }
  delete process.env['SLUICE_TEST_SECRET'];
});

test('a secret that cannot be fetched says where it should have come from, not what came', async () => {
  const failing: readonly [Secret, RegExp][] = [
    [new Secret({ env: 'SLUICE_TEST_NONE' }, dir), /environment variable `SLUICE_TEST_NONE` is empty/],
    [new Secret({ file: './none' }, dir), /`.\/none` cannot be read \(ENOENT\)/],
    [
      new Secret({ command: [process.execPath, '-e', 'console.error("hunter2"); process.exit(3)'] }, dir),
      /cannot be read \(3\)/,
    ],
  ];
  for (const [secret, expected] of failing) {
    await assert.rejects(secret.reveal(), (error: SluiceError) => {
      assert.equal(error.code, 'SLU5003');
      assert.match(error.message, expected);
      assert.ok(!inspect(error).includes('hunter2'));
      return true;
    });
  }
});
