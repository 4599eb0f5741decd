import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUTHORING_ERRORS } from '../errors/index.js';
import { diagnose } from './diagnostic.js';
import { renderDiagnostic } from './render.js';
import { SourceText } from './source-text.js';

const finding = (text: string, part: string) => {
  const start = text.indexOf(part);
  const origin = { source: new SourceText('a.yaml', text), start, end: start + part.length };
  return diagnose(AUTHORING_ERRORS.unknown_key, origin, 'unknown key `b`', 'Try c.');
};

test('shows place, code, line, caret and help', () => {
  assert.equal(
    renderDiagnostic(finding('a: 1\nbcd: 2\n', 'bcd'), { colour: false }),
    ['a.yaml:2:1 error SLU1011 unknown key `b`', '  2 | bcd: 2', '    | ^^^', '  help: Try c.'].join('\n'),
  );
});

test('colours only when asked to', () => {
  const coloured = renderDiagnostic(finding('b: 1\n', 'b'), { colour: true });
  assert.match(coloured, /\u001b\[31m/);
  assert.doesNotMatch(renderDiagnostic(finding('b: 1\n', 'b'), { colour: false }), /\u001b/);
});

test('shows no character that would steer the terminal', () => {
  const shown = renderDiagnostic(finding('b: \u001b[2J\u202e\r\n', 'b'), { colour: false });
  assert.doesNotMatch(shown, /[\u001b\u202e\r]/);
});

test('keeps the caret below its character in a long line', () => {
  const text = `${'x'.repeat(500)}b${'y'.repeat(500)}`;
  const lines = renderDiagnostic(finding(text, 'b'), { colour: false }).split('\n');
  assert.equal(lines[1]?.indexOf('b'), lines[2]?.indexOf('^'));
});
