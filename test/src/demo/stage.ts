/** Everything the demo plays on, real and on loopback: database, identity provider, policies, bundle, enforcer. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import type { TestIssuer } from '../support/oidc-issuer.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { runSluice, type Finished } from '../support/run-sluice.js';
import type { Service } from './service.js';
import { startEnforcer, type Addresses } from './enforcer.js';
import { DemoFailure, type Narrator } from './narrator.js';

const KEY = 'sluice-key.json';
const POLICIES = fileURLToPath(new URL('../../../policies', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export class Stage {
  readonly certificate: Certificate = makeCertificate();
  readonly #endings: (() => Promise<void>)[] = [];
  #version = 0;

  private constructor(
    /** Where policies, keys, bundle, configuration and audit log are; removed at the end. */
    readonly directory: string,
    private readonly narrator: Narrator,
  ) {
    this.#endings.push(() => rm(directory, { recursive: true, force: true }));
  }

  static async open(narrator: Narrator): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'sluice-demo-')), narrator);
  }

  async startDatabase(): Promise<PostgresServer> {
    const server = await startPostgres();
    this.#endings.push(() => server.stop());
    return server;
  }

  async startIssuer(): Promise<TestIssuer> {
    const { startIssuer } = await quietly(() => import('../support/oidc-issuer.js'));
    const issuer = await startIssuer();
    this.#endings.push(() => issuer.stop());
    return issuer;
  }

  async startEnforcer(database: PostgresServer, issuer: TestIssuer): Promise<Addresses & Service> {
    await writeFile(join(this.directory, 'tls.crt'), this.certificate.cert);
    await writeFile(join(this.directory, 'tls.key'), this.certificate.key, { mode: 0o600 });
    const enforcer = await startEnforcer(this.directory, database, issuer.issuer);
    this.#endings.push(() => enforcer.stop());
    return enforcer;
  }

  /** A copy of what ships, so that the demo may edit it, and a key to sign with. */
  async preparePolicies(): Promise<void> {
    await cp(POLICIES, join(this.directory, 'policies'), { recursive: true });
    await mkdir(join(this.directory, 'dist'));
    await this.runs(['keygen', '--out', KEY, '--trust', 'trust.yaml']);
  }

  async editFile(path: string, edit: (text: string) => string): Promise<void> {
    const file = join(this.directory, path);
    const before = await readFile(file, 'utf8');
    const after = edit(before);
    if (after === before) throw new DemoFailure(`nothing to edit in ${path}`);
    await writeFile(file, after);
  }

  /** Tests, builds and signs, then puts the bundle in place in one move: the enforcer never reads half a file. */
  async publishPolicies(): Promise<string> {
    this.#version += 1;
    const version = String(this.#version);
    const args = ['build', 'policies', '--key', KEY, '--bundle-version', version, '--out', 'next.tar.gz'];
    const { stdout } = await this.runs(args);
    await rename(join(this.directory, 'next.tar.gz'), join(this.directory, 'dist/bundle.tar.gz'));
    return stdout;
  }

  /** A copy of the audit log with one text in it changed. */
  async forgeAuditLog(text: string, instead: string): Promise<void> {
    await cp(join(this.directory, 'audit'), join(this.directory, 'forged'), { recursive: true });
    const segments = await readdir(join(this.directory, 'forged'));
    const [first = ''] = segments.filter((name) => name.endsWith('.jsonl')).sort();
    await this.editFile(join('forged', first), (before) => before.replace(text, instead));
  }

  /** Runs `sluice` where the demo lives; anything but success ends the demo. */
  async runs(args: readonly string[], env: Environment = {}): Promise<Finished> {
    const finished = await runSluice(this.directory, args, env);
    if (finished.code === 0) return finished;
    throw new DemoFailure(`sluice ${args.join(' ')} failed:\n${finished.stdout}${finished.stderr}`);
  }

  /** Takes down what was put up, the last first. What fails to end does not keep the rest up. */
  async strike(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) {
      await end().catch((cause: unknown) => this.narrator.failed(`could not clean up: ${String(cause)}`));
    }
  }
}

/** The identity provider warns of runtimes that it is not tested on while it loads; that is noise to an audience. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
