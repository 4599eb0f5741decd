/**
 * Numbers shared by the compiler, the engine and the evaluator. This file is compiled by tsc and by asc alike:
 * plain integer constants only. The layouts they belong to are drawn in schemas/ABI.md.
 */

export const ABI_VERSION = 1;

// Condition byte code. An instruction is 4 bytes: operation u8, a u8, b u16 little-endian. Jumps go forward
// only: the next instruction is at index + 1 + b. A value is bool, int, string, list of strings, list of
// ints, or failed; an operation on a failed value, or on a value of a wrong type, gives failed, save where
// stated. A condition ends in RETURN with one value, bool or failed.
export const OP_RETURN = 0;
/** Push fact in slot b; failed when it is unknown. */
export const OP_FACT = 1;
/** Push whether the fact in slot b is known. */
export const OP_KNOWN = 2;
export const OP_TRUE = 3;
export const OP_FALSE = 4;
/** Push entry b of the condition's ints, strings, string lists, int lists. */
export const OP_INT = 5;
export const OP_STRING = 6;
export const OP_STRING_LIST = 7;
export const OP_INT_LIST = 8;
export const OP_NOT = 9;
/** Three-valued: false wins over failed in AND, true wins over failed in OR, in either operand. */
export const OP_AND = 10;
export const OP_OR = 11;
/** Look at the top without popping: jump b when it is false (true); used before the right operand of AND (OR). */
export const OP_JUMP_IF_FALSE = 12;
export const OP_JUMP_IF_TRUE = 13;
/** Pop else, then, test: push then or else; failed when the test is. A failed arm matters only when chosen. */
export const OP_SELECT = 14;
/** Pop right, left. Equality on bool, int, string; order on int and string (by code point). */
export const OP_EQ = 15;
export const OP_NE = 16;
export const OP_LT = 17;
export const OP_LE = 18;
export const OP_GT = 19;
export const OP_GE = 20;
/** Signed 64-bit; overflow, division by zero and remainder by zero fail. Division truncates toward zero. */
export const OP_ADD = 21;
export const OP_SUB = 22;
export const OP_MUL = 23;
export const OP_DIV = 24;
export const OP_MOD = 25;
export const OP_NEG = 26;
/** Pop list, element: whether the element is in the list. */
export const OP_IN = 27;
/** Pop part, text. */
export const OP_STARTS_WITH = 28;
export const OP_ENDS_WITH = 29;
export const OP_CONTAINS = 30;
/** Pop text: whether automaton b accepts it. */
export const OP_MATCHES = 31;
/** Pop: code points of a string, entries of a list. */
export const OP_SIZE = 32;
/**
 * Pop operand, list of strings: whether some (every) entry e satisfies `e a operand`, where a is one of OP_EQ,
 * OP_NE, OP_IN, OP_STARTS_WITH, OP_ENDS_WITH, OP_CONTAINS. With a = OP_MATCHES there is no operand to pop and b
 * is the automaton.
 */
export const OP_EXISTS = 33;
export const OP_ALL = 34;

// Memory of the evaluator: fixed, so that views of it never detach. Untouched pages cost nothing.
export const MEMORY_PAGES = 1024;
export const MEMORY_BYTES = 67108864;
export const RESULT_BASE = 1024;
export const STACK_BASE = 32768;
export const FACTS_BASE = 40960;
export const REQUEST_BASE = 65536;
export const REQUEST_BYTES = 983040;
export const TABLES_BASE = 1048576;
/** Most bytes the tables may have; what they leave is for marks and the arena of interned names. */
export const TABLES_LIMIT_BYTES = 50331648;
export const ARENA_LIMIT_BYTES = 8388608;

// Caps. A request beyond one of them is denied; a policy beyond one of them does not link.
export const MAX_MATCHES = 1024;
export const MAX_ACCESSES = 4096;
export const MAX_COLUMNS = 16384;
export const MAX_GROUPS = 2048;
/** Longest subject, group, connection, action, resource or column. */
export const MAX_NAME_BYTES = 4096;
export const MAX_STACK = 256;
export const MAX_FACTS = 256;
/** Units of work one call may use: about a row, an instruction, or eight bytes of text each. */
export const FUEL = 16777216;

// Tables: a header of magic, ABI version, total bytes, symbol of "*" among subjects and among actions (plus
// one, 0 for none), then one (address u32, entries u32) for each section.
export const TABLES_MAGIC = 0x31554c53;
export const HEADER_MAGIC = 0;
export const HEADER_ABI = 4;
export const HEADER_BYTES = 8;
export const HEADER_ANY_SUBJECT = 12;
export const HEADER_ANY_ACTION = 16;
export const HEADER_SECTIONS = 24;

// Sections, in the order they are laid out. Entry sizes stand behind them and in SECTION_ENTRY_BYTES of the engine.
/** Spaces: (text address, text bytes) of each name. A space's hash is two sections further than its names. */
export const SECTION_SUBJECTS = 0;
export const SECTION_CONNECTIONS = 1;
export const SECTION_ACTIONS = 2;
export const SECTION_RESOURCES = 3;
export const SECTION_COLUMNS = 4;
/** Open addressing: (hash u32, symbol + 1 u32), a power of two of entries, 0 for empty. Globs are not in it. */
export const SECTION_SUBJECT_HASH = 5;
export const SECTION_CONNECTION_HASH = 6;
export const SECTION_ACTION_HASH = 7;
export const SECTION_RESOURCE_HASH = 8;
export const SECTION_COLUMN_HASH = 9;
/** (symbol, text address, text bytes, bytes before the first `*`), those of one prefix side by side. */
export const SECTION_RESOURCE_GLOBS = 10;
export const SECTION_COLUMN_GLOBS = 11;
/** Open addressing by prefix: (hash, first glob, globs, prefix bytes); globs = 0 for empty. */
export const SECTION_RESOURCE_PREFIXES = 12;
export const SECTION_COLUMN_PREFIXES = 13;
/** u32: the prefix lengths that occur, ascending. */
export const SECTION_RESOURCE_PREFIX_LENGTHS = 14;
export const SECTION_COLUMN_PREFIX_LENGTHS = 15;
/** For each resource symbol: (first action entry, action entries). */
export const SECTION_RESOURCE_INDEX = 16;
/** (action symbol, list), sorted by action within one resource. */
export const SECTION_ACTION_ENTRIES = 17;
/** For each column symbol: list + 1, or 0. */
export const SECTION_COLUMN_INDEX = 18;
/** (first row, rows, first run, runs); runs is 0 or a power of two. */
export const SECTION_LISTS = 19;
/** (subject, rule), sorted by both within one list. */
export const SECTION_ROWS = 20;
/** Open addressing by subject, one table for each long list: (subject + 1, first row of it), 0 for empty. */
export const SECTION_RUNS = 21;
/** (connections, condition + 1, effect | shadow << 8 | mask << 16, 0). */
export const SECTION_RULES = 22;
/** u32 words of bit sets over connection symbols. */
export const SECTION_CONNECTION_SETS = 23;
/** (first instruction, instructions, first and number of strings, string lists, ints, int lists, stack, 0). */
export const SECTION_CONDITIONS = 24;
export const SECTION_CODE = 25;
export const SECTION_STRINGS = 26;
export const SECTION_STRING_LISTS = 27;
export const SECTION_INTS = 28;
export const SECTION_INT_LISTS = 29;
/** (states, classes, ranges, first of them in each of the next four sections). */
export const SECTION_AUTOMATA = 30;
/** u32: first code point of each range. */
export const SECTION_RANGE_STARTS = 31;
/** u16: class of each range. */
export const SECTION_RANGE_CLASSES = 32;
/** u16: next state. */
export const SECTION_TRANSITIONS = 33;
/** u8. */
export const SECTION_ACCEPTING = 34;
/** (name address, name bytes, type, 0). */
export const SECTION_FACTS = 35;
/** Bytes of all texts, UTF-8. */
export const SECTION_TEXT = 36;
export const SECTIONS = 37;

/** Connections of a rule: all bits set for any; top bit and a symbol for one; else the first word of a bit set. */
export const CONNECTIONS_ANY = -1;

// Effects, as in the plan.
export const EFFECT_ALLOW = 1;
export const EFFECT_DENY = 2;
export const EFFECT_MASK = 3;
export const EFFECT_REQUIRE_APPROVAL = 4;
export const MAX_MASK = 6;

// Value of a fact or on the stack, 16 bytes: tag u32, size u32, payload u64. A text is (bytes, address), a list
// (entries, address): of strings as (address u32, bytes u32), of ints as i64.
export const TAG_FAILED = 0;
export const TAG_BOOL = 1;
export const TAG_INT = 2;
export const TAG_STRING = 3;
export const TAG_STRING_LIST = 4;
export const TAG_INT_LIST = 5;

// Result, at RESULT_BASE.
export const RESULT_STATUS = 0;
export const RESULT_OUTCOME = 4;
export const RESULT_SHADOW_OUTCOME = 8;
export const RESULT_REASON = 12;
/** Index of the first access that no rule permits, -1 for none. */
export const RESULT_UNPERMITTED = 16;
export const RESULT_MATCH_COUNT = 20;
export const RESULT_MASKED = 24;
/** u64 each, ascending: rule << 32 | target << 1 | failed. */
export const RESULT_MATCHES = 32;
/** u8 for each column: its strictest enforced mask, 0 for none. */
export const RESULT_MASKS = 8224;

export const STATUS_DECIDED = 0;
export const STATUS_TOO_MANY_MATCHES = 1;
export const STATUS_OUT_OF_FUEL = 2;
export const OUTCOME_ALLOW = 1;
export const OUTCOME_REQUIRE_APPROVAL = 2;
export const OUTCOME_DENY = 3;
export const REASON_ALLOWED = 0;
export const REASON_RULE = 1;
export const REASON_NO_RULE = 2;
