/** How large a condition may be. All are checked before the work they bound is done. */

/** UTF-16 code units of the CEL text. */
export const MAX_SOURCE_LENGTH = 8192;
/** Open brackets, and `?` of conditionals, at any one place: bounds the recursion of the parser. */
export const MAX_SOURCE_DEPTH = 24;
export const MAX_TOKENS = 2048;
/** Depth of the syntax tree, macros expanded: bounds our own recursion. */
export const MAX_TREE_DEPTH = 96;
/** Nodes checked, those of macros over constant lists once for each entry. */
export const MAX_CHECKS = 10_000;
/** Different regular expressions of one condition. */
export const MAX_PATTERNS = 16;
export const MAX_INSTRUCTIONS = 1024;
/** Values on the stack of the evaluator. */
export const MAX_STACK = 32;

/** Code points of a regular expression. */
export const MAX_PATTERN_LENGTH = 1000;
export const MAX_PATTERN_DEPTH = 24;
/** States of the automaton before it is made deterministic, and after. */
export const MAX_NFA_STATES = 4000;
export const MAX_DFA_STATES = 1000;
/** Classes of code points that an automaton tells apart; a class is one byte in the evaluator. */
export const MAX_CLASSES = 255;
/** Single steps of making it deterministic: bounds compile time whatever the pattern. */
export const MAX_DETERMINIZE_STEPS = 4_000_000;
