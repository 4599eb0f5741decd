/** Names that look like others: letters of several scripts in one name (as in Unicode TS 39), or not in form C. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { keyOriginAt, originAt, type Path, type YamlDocument } from '@sluice/schemas/yaml';
import type { Model } from '../model/model.js';

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  ['Georgian', /\p{Script=Georgian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Devanagari', /\p{Script=Devanagari}/u],
  ['Thai', /\p{Script=Thai}/u],
  // Written together in Japanese, Chinese and Korean.
  [
    'East Asian',
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u,
  ],
  [
    'another',
    /(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Georgian}\p{Script=Cherokee}\p{Script=Devanagari}\p{Script=Thai}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}])\p{L}/u,
  ],
];

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

export function* mixedScripts(model: Model): Iterable<Diagnostic> {
  for (const { document } of model.connections) yield* inspect(document.yaml, ['metadata', 'name']);
  for (const { document, column } of model.tags) {
    yield* inspectText(column.written, () => keyOriginAt(document.yaml, column.path));
  }
  for (const { document, rules } of model.policies) {
    const { subjects } = document.value.spec;
    yield* inspect(document.yaml, ['metadata', 'name']);
    if (subjects !== '*') {
      for (const key of ['groups', 'users'] as const) {
        for (const index of (subjects[key] ?? []).keys()) {
          yield* inspect(document.yaml, ['spec', 'subjects', key, index], subjects[key]?.[index]);
        }
      }
    }
    for (const rule of rules) {
      yield* inspect(document.yaml, [...rule.path, 'id'], rule.id.slice(rule.policy.name.length + 1));
      for (const { written, path } of [...rule.resources, ...rule.columnNames])
        yield* inspect(document.yaml, path, written);
    }
  }
}

function* inspect(yaml: YamlDocument, path: Path, text?: string): Iterable<Diagnostic> {
  if (text !== undefined && ASCII.test(text)) return;
  const origin = originAt(yaml, path);
  yield* inspectText(text ?? origin.source.text.slice(origin.start, origin.end), () => origin);
}

function* inspectText(text: string, origin: () => ReturnType<typeof originAt>): Iterable<Diagnostic> {
  if (ASCII.test(text)) return;
  const scripts = SCRIPTS.filter(([, letters]) => letters.test(text)).map(([name]) => name);
  if (scripts.length > 1) {
    const message = `\`${text}\` mixes ${scripts.join(' and ')} letters`;
    yield diagnose(AUTHORING_ERRORS.mixed_scripts, origin(), message);
  } else if (text !== text.normalize('NFC')) {
    yield diagnose(AUTHORING_ERRORS.mixed_scripts, origin(), `\`${text}\` is not in Unicode normal form C`);
  }
}
