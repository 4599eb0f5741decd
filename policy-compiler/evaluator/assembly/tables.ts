// Where the tables are: the address of each section, read once from the header (schemas/ABI.md).
import { HEADER_SECTIONS, TABLES_BASE } from '../../../schemas/src/abi';

export function header(offset: u32): u32 {
  return load<u32>(TABLES_BASE + offset);
}

export function section(index: u32): u32 {
  return load<u32>(TABLES_BASE + HEADER_SECTIONS + (index << 3));
}

export function entries(index: u32): u32 {
  return load<u32>(TABLES_BASE + HEADER_SECTIONS + (index << 3) + 4);
}
