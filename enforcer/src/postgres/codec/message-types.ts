/**
 * The type bytes of protocol 3 messages (PostgreSQL documentation, "Message Formats"). The same byte may mean
 * one thing from a client and another from a backend, so there is a table for each direction.
 */
const byte = (letter: string): number => letter.charCodeAt(0);

export const FRONTEND = {
  query: byte('Q'),
  parse: byte('P'),
  bind: byte('B'),
  describe: byte('D'),
  execute: byte('E'),
  close: byte('C'),
  flush: byte('H'),
  sync: byte('S'),
  terminate: byte('X'),
  password: byte('p'),
  functionCall: byte('F'),
  copyData: byte('d'),
  copyDone: byte('c'),
  copyFail: byte('f'),
} as const;

export const BACKEND = {
  authentication: byte('R'),
  backendKeyData: byte('K'),
  bindComplete: byte('2'),
  closeComplete: byte('3'),
  commandComplete: byte('C'),
  copyBoth: byte('W'),
  copyData: byte('d'),
  copyDone: byte('c'),
  copyIn: byte('G'),
  copyOut: byte('H'),
  dataRow: byte('D'),
  emptyQuery: byte('I'),
  error: byte('E'),
  functionResult: byte('V'),
  negotiateVersion: byte('v'),
  noData: byte('n'),
  notice: byte('N'),
  notification: byte('A'),
  parameterDescription: byte('t'),
  parameterStatus: byte('S'),
  parseComplete: byte('1'),
  portalSuspended: byte('s'),
  readyForQuery: byte('Z'),
  rowDescription: byte('T'),
} as const;

/** Codes that stand where a protocol version would, in the first message of a connection. */
export const STARTUP_CODE = {
  protocol3: 0x0003_0000,
  cancelRequest: 80_877_102,
  sslRequest: 80_877_103,
  gssEncRequest: 80_877_104,
} as const;

/** For messages to people: the letter where it is one, else the number. */
export function typeName(type: number): string {
  return type > 0x20 && type < 0x7f ? String.fromCharCode(type) : `0x${type.toString(16).padStart(2, '0')}`;
}
