/** Settings of the backend that a client is told: those that drivers need, with values that cannot carry data. */
const TOLD = new Set([
  'server_version',
  'server_encoding',
  'client_encoding',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'integer_datetimes',
  'standard_conforming_strings',
  'in_hot_standby',
  'default_transaction_read_only',
]);

export const isTold = (name: string): boolean => TOLD.has(name);

/** Settings that every judgement rests on: a session in which one of them changes must end. */
const RESTED_ON: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]);

export function breaksJudgement(name: string, value: string): boolean {
  const needed = RESTED_ON.get(name);
  return needed !== undefined && value !== needed;
}
