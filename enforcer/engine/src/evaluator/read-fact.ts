/**
 * One load for each fact. JavaScript engines make a load by a constant name nearly free, while one by a variable
 * name costs several times as much as everything else that is done with a fact; a test holds the list complete.
 */
import type { FactValue, Facts } from '@sluice/schemas';

/** Facts by the number that `readFact` knows them by. */
export const READ_FACTS: readonly string[] = [
  'principal.subject',
  'principal.groups',
  'principal.issuer',
  'session.intent',
  'session.age_seconds',
  'connection.name',
  'request.hour',
  'request.weekday',
  'sql.kind',
  'sql.statements',
  'sql.tables',
  'sql.columns',
  'sql.functions',
  'sql.has_where',
  'sql.limit',
  'sql.joins',
  'sql.estimated_rows',
];

/** The value of fact `number`, or of `name` when it has no number here. */
export function readFact(facts: Facts, number: number, name: string): FactValue | undefined {
  switch (number) {
    case 0:
      return facts['principal.subject'];
    case 1:
      return facts['principal.groups'];
    case 2:
      return facts['principal.issuer'];
    case 3:
      return facts['session.intent'];
    case 4:
      return facts['session.age_seconds'];
    case 5:
      return facts['connection.name'];
    case 6:
      return facts['request.hour'];
    case 7:
      return facts['request.weekday'];
    case 8:
      return facts['sql.kind'];
    case 9:
      return facts['sql.statements'];
    case 10:
      return facts['sql.tables'];
    case 11:
      return facts['sql.columns'];
    case 12:
      return facts['sql.functions'];
    case 13:
      return facts['sql.has_where'];
    case 14:
      return facts['sql.limit'];
    case 15:
      return facts['sql.joins'];
    case 16:
      return facts['sql.estimated_rows'];
    default:
      return facts[name];
  }
}
