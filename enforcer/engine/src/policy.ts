/**
 * A loaded policy: `decide` is the whole of it. Names are resolved once and kept, facts are written flat into the
 * memory of the evaluator, and whatever goes wrong is a denial.
 */
import {
  BUNDLE_ERRORS,
  SluiceError,
  abi,
  type Access,
  type Decider,
  type Decision,
  type DecisionRequest,
  type FactType,
  type Facts,
  type RuleInfo,
} from '@sluice/schemas';
import { FactsRead, slotsIn } from './evaluator/facts-read.js';
import { EvaluatorInstance } from './evaluator/instance.js';
import {
  InternTable,
  type InternFailure,
  type InternedPrincipal,
  type InternedShape,
} from './evaluator/interned.js';
import { denial, readDecision } from './evaluator/read-decision.js';
import { FactWriter, type FactSlot } from './evaluator/write-facts.js';
import { inspectModule } from './module/inspect-module.js';
import { verifyTables } from './tables/verify-tables.js';
import type { TablesView } from './tables/view.js';

export interface Policy extends Decider {
  readonly rules: readonly RuleInfo[];
  /** Names of the facts that conditions read. */
  readonly facts: ReadonlySet<string>;
  /** Of `facts`, the ones that deciding a request of this shape could read: all of them where it is not known. */
  factsFor(connection: string, accesses: readonly Access[], columns: readonly string[]): ReadonlySet<string>;
  internPrincipal(subject: string, groups: readonly string[]): InternedPrincipal;
  internShape(connection: string, accesses: readonly Access[], columns: readonly string[]): InternedShape;
  /** Decides for a principal and a shape of this policy; those of another policy have no meaning here. */
  decideInterned(principal: InternedPrincipal, shape: InternedShape, facts: Facts): Decision;
  /** The same without the account of it: the number of the outcome in schemas/src/abi.ts. */
  outcomeOf(principal: InternedPrincipal, shape: InternedShape, facts: Facts): number;
}

export interface LoadOptions {
  /** For tests of changed evaluators: the digest their code must have instead of the pinned one. */
  readonly codeDigest?: string;
  /** Units of work one decision may use. */
  readonly fuel?: number;
}

/** Inspects, verifies and instantiates a policy module. Throws a `SluiceError` when anything is not as it must be. */
export function loadPolicy(wasm: Uint8Array, rules: readonly RuleInfo[], options: LoadOptions = {}): Policy {
  // Own bytes: what is verified is what runs, whatever the caller does to its buffer.
  const own = wasm.slice();
  const { tables } = inspectModule(own, options.codeDigest);
  const view = verifyTables(tables);
  requireSameRules(view, rules);
  return new WasmPolicy(
    new WebAssembly.Module(own),
    rules,
    readFactSlots(view),
    new FactsRead(view),
    options.fuel ?? abi.FUEL,
  );
}

const EFFECTS = [undefined, 'allow', 'deny', 'mask', 'require_approval'] as const;

/** The rules that people read about must be those that decide, at least in number, effect and mode. */
function requireSameRules(view: TablesView, rules: readonly RuleInfo[]): void {
  const section = view.section(abi.SECTION_RULES);
  const differs = (rule: RuleInfo, i: number): boolean => {
    const flags = section.u32(i, 2);
    return EFFECTS[flags & 0xff] !== rule.effect || ((flags >>> 8) & 0xff) !== (rule.shadow ? 1 : 0);
  };
  if (section.entries !== rules.length || rules.some(differs)) {
    throw new SluiceError(
      BUNDLE_ERRORS.rules_mismatch,
      `the tables hold ${section.entries} rules that differ from the ${rules.length} listed`,
    );
  }
}

const FACT_TYPES: readonly (FactType | undefined)[] = [undefined, 'bool', 'int', 'string', 'list(string)'];

function readFactSlots(view: TablesView): readonly FactSlot[] {
  const section = view.section(abi.SECTION_FACTS);
  return Array.from({ length: section.entries }, (_, i) => ({
    name: view.text(section.u32(i, 0), section.u32(i, 1)),
    type: FACT_TYPES[section.u32(i, 2)] ?? 'bool',
  }));
}

/** An instance with what it has interned; replaced as a whole after a trap. */
interface Running {
  readonly instance: EvaluatorInstance;
  table: InternTable;
  writer: FactWriter;
  epoch: number;
}

/** Never the same for two states of any instances, so that an address is never used where it has no meaning. */
let lastEpoch = 0;

const FAILED = -1;
const TOO_LARGE = -2;

class WasmPolicy implements Policy {
  readonly facts: ReadonlySet<string>;
  #running: Running | undefined;

  constructor(
    private readonly module: WebAssembly.Module,
    readonly rules: readonly RuleInfo[],
    private readonly slots: readonly FactSlot[],
    private readonly factsRead: FactsRead,
    private readonly fuel: number,
  ) {
    this.facts = new Set(slots.map(({ name }) => name));
    this.#running = this.#start();
  }

  factsFor(connection: string, accesses: readonly Access[], columns: readonly string[]): ReadonlySet<string> {
    try {
      const running = this.#ready();
      const shape = running.table.shape(connection, accesses, columns);
      if (this.#resolveShape(running, shape) !== undefined) return this.facts;
      return new Set(slotsIn(shape.slots, this.slots).map(({ name }) => name));
    } catch {
      // Fails closed: the decision that follows must find every fact that it could read.
      this.#running = undefined;
      return this.facts;
    }
  }

  internPrincipal(subject: string, groups: readonly string[]): InternedPrincipal {
    return this.#ready().table.principal(subject, groups);
  }

  internShape(connection: string, accesses: readonly Access[], columns: readonly string[]): InternedShape {
    return this.#ready().table.shape(connection, accesses, columns);
  }

  decide(request: DecisionRequest): Decision {
    try {
      const { table } = this.#ready();
      const principal = table.principal(request.subject, request.groups);
      const shape = table.shape(request.connection, request.accesses, request.columns);
      return this.decideInterned(principal, shape, request.facts);
    } catch {
      // Fail closed: whatever went wrong, the instance is dropped and the request denied.
      this.#running = undefined;
      return denial('evaluator_failed');
    }
  }

  decideInterned(principal: InternedPrincipal, shape: InternedShape, facts: Facts): Decision {
    const result = this.#run(principal, shape, facts);
    if (result === TOO_LARGE) return denial('too_many_matches');
    if (result < 0 || this.#running === undefined) return denial('evaluator_failed');
    if ((result & 0xff) === abi.STATUS_TOO_MANY_MATCHES) return denial('too_many_matches');
    return readDecision(this.#running.instance, shape.columns.length);
  }

  outcomeOf(principal: InternedPrincipal, shape: InternedShape, facts: Facts): number {
    const result = this.#run(principal, shape, facts);
    return result < 0 ? abi.OUTCOME_DENY : (result >> 8) & 0xff;
  }

  /** Runs one decision; the result lies in the memory of the instance. Negative: there is none. */
  #run(principal: InternedPrincipal, shape: InternedShape, facts: Facts): number {
    try {
      const running = this.#ready();
      let failure = this.#prepare(running, principal, shape, facts);
      if (failure === 'full') {
        this.#forget(running);
        failure = this.#prepare(running, principal, shape, facts);
      }
      if (failure !== undefined) return failure === 'too_large' ? TOO_LARGE : FAILED;
      const result = running.instance.calls.decide(principal.address, shape.address, this.fuel);
      if ((result & 0xff) !== abi.STATUS_OUT_OF_FUEL) return result;
    } catch {
      // Fail closed: after a trap the instance is in an unknown state; it is dropped and the request denied.
    }
    this.#running = undefined;
    return FAILED;
  }

  #prepare(
    running: Running,
    principal: InternedPrincipal,
    shape: InternedShape,
    facts: Facts,
  ): InternFailure | undefined {
    if (principal.epoch !== running.epoch) {
      const address = running.table.resolvePrincipal(principal);
      if (typeof address === 'string') return address;
      principal.address = address;
      principal.epoch = running.epoch;
    }
    return this.#resolveShape(running, shape) ?? running.writer.write(facts, shape.slots);
  }

  #resolveShape(running: Running, shape: InternedShape): InternFailure | undefined {
    if (shape.epoch === running.epoch) return undefined;
    const address = running.table.resolveShape(shape);
    if (typeof address === 'string') return address;
    shape.address = address;
    shape.slots = this.factsRead.byShape(running.instance.u32, address);
    shape.epoch = running.epoch;
    return undefined;
  }

  #ready(): Running {
    const running = (this.#running ??= this.#start());
    if (running.table.isFull) this.#forget(running);
    return running;
  }

  #start(): Running {
    const instance = new EvaluatorInstance(this.module);
    return {
      instance,
      table: new InternTable(instance),
      writer: new FactWriter(instance, this.slots),
      epoch: ++lastEpoch,
    };
  }

  #forget(running: Running): void {
    running.instance.reset();
    running.table = new InternTable(running.instance);
    running.writer = new FactWriter(running.instance, this.slots);
    running.epoch = ++lastEpoch;
  }
}
