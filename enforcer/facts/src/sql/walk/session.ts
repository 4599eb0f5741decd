/** Statements about the session and the transaction. They read and change no data, and need no rule. */
import { ENCODINGS, SETTABLE, SHOWABLE } from '../allow/settings.js';
import { bodyOf, child, choice, flag, list, only, text, typed, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';

export function walkTransaction(node: Raw): void {
  only('TransactionStmt', node, 'kind', 'options', 'savepoint_name', 'chain', 'location');
  const kind = text(node, 'kind').replace('TRANS_STMT_', '');
  const known = ['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'ROLLBACK_TO'];
  if (!known.includes(kind)) unsupported(`the transaction statement \`${kind}\``);
  walkOptions(list(node, 'options'));
}

const TRANSACTION_OPTIONS = ['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'];

function walkOptions(options: readonly unknown[]): void {
  for (const option of options) {
    const node = bodyOf(option, 'DefElem');
    only('DefElem', node, 'defname', 'arg', 'defaction', 'location');
    const name = text(node, 'defname');
    if (!TRANSACTION_OPTIONS.includes(name)) unsupported(`the transaction option \`${name}\``);
    constant(node['arg']);
  }
}

export function walkShow(node: Raw): void {
  only('VariableShowStmt', node, 'name');
  const name = text(node, 'name').toLowerCase();
  if (!SHOWABLE.has(name)) unsupported(`SHOW \`${name}\``);
}

export function walkSet(node: Raw): void {
  only('VariableSetStmt', node, 'kind', 'name', 'args', 'is_local', 'jumble_args', 'location');
  const kind = choice(node, 'kind', 'VAR_SET_VALUE', 'VAR_SET_DEFAULT', 'VAR_SET_MULTI', 'VAR_RESET');
  flag(node, 'is_local');
  const name = text(node, 'name');
  if (kind === 'VAR_SET_MULTI') {
    if (name !== 'TRANSACTION' && name !== 'SESSION CHARACTERISTICS') unsupported(`SET \`${name}\``);
    return walkOptions(list(node, 'args'));
  }
  const setting = name.toLowerCase();
  if (!SETTABLE.has(setting)) unsupported(`SET \`${setting}\``);
  const values = list(node, 'args').map(constant);
  if (setting !== 'client_encoding') return;
  const [value = ''] = values;
  if (kind !== 'VAR_SET_VALUE' || !ENCODINGS.has(value.toLowerCase())) {
    unsupported('a client encoding other than UTF8');
  }
}

/** The value of a constant, for the kinds that settings have. */
function constant(value: unknown): string {
  const { type, node } = typed(value);
  if (type === 'TypeCast') return constant(node['arg']); // SET TIME ZONE INTERVAL '...'
  if (type !== 'A_Const') return unsupported('a setting that is not a constant');
  only('A_Const', node, 'ival', 'fval', 'boolval', 'sval', 'location');
  const literal = child(node, 'sval');
  return literal ? text(literal, 'sval') : '';
}
