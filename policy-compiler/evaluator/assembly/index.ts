// The evaluator: what the engine calls (schemas/ABI.md). No imports, no start function, fixed memory.
import { FUEL } from '../../../schemas/src/abi';
import { refuel } from './fuel';
import {
  findAction as findActionSymbol,
  findConnection as findConnectionSymbol,
  internColumn as internColumnName,
  internResource as internResourceName,
  internShape as internLists,
} from './intern';
import { internPrincipal as internSubjects } from './principal';

export { reserve, reset } from './arena';
export { decide } from './decide';

export function findAction(bytes: u32): u32 {
  refuel(FUEL);
  return findActionSymbol(bytes);
}

export function findConnection(bytes: u32): u32 {
  refuel(FUEL);
  return findConnectionSymbol(bytes);
}

export function internResource(bytes: u32): u32 {
  refuel(FUEL);
  return internResourceName(bytes);
}

export function internColumn(bytes: u32): u32 {
  refuel(FUEL);
  return internColumnName(bytes);
}

export function internPrincipal(count: u32): u32 {
  refuel(FUEL);
  return internSubjects(count);
}

export function internShape(connection: u32, accesses: u32, columns: u32): u32 {
  return internLists(connection, accesses, columns);
}
