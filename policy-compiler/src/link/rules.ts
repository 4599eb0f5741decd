/** One record for each rule, and the sets of connections that rules share. */
import { abi, pb } from '@sluice/schemas';
import type { Tables } from './tables.js';

const ONE_CONNECTION = 0x80000000;

export function writeRules(tables: Tables, plan: pb.Plan): void {
  const section = tables.section(abi.SECTION_RULES);
  const any = plan.connections.indexOf('*');
  const sets = new Map<string, number>();
  for (const rule of plan.rules) {
    const connections = [...new Set(rule.connections)].sort((a, b) => a - b);
    const shadow = rule.mode === pb.Mode.SHADOW ? 1 : 0;
    section.u32(
      connectionsOf(connections, any, sets, tables, plan.connections.length),
      rule.condition,
      rule.effect | (shadow << 8) | (rule.mask << 16),
      0,
    );
  }
}

function connectionsOf(
  connections: readonly number[],
  any: number,
  sets: Map<string, number>,
  tables: Tables,
  total: number,
): number {
  if (connections.includes(any)) return abi.CONNECTIONS_ANY >>> 0;
  const [only] = connections;
  if (only !== undefined && connections.length === 1) return ONE_CONNECTION + only;
  const key = connections.join();
  const known = sets.get(key);
  if (known !== undefined) return known;
  const section = tables.section(abi.SECTION_CONNECTION_SETS);
  const first = section.length / 4;
  const words = new Uint32Array(Math.ceil(total / 32));
  for (const connection of connections) {
    words[connection >> 5] = (words[connection >> 5] ?? 0) | (1 << (connection & 31));
  }
  section.append(new Uint8Array(words.buffer));
  sets.set(key, first);
  return first;
}
