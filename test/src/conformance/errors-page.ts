/** ERRORS.md as it follows from the error-code table. */
import {
  AUTHORING_ERRORS,
  BUNDLE_ERRORS,
  OPERATION_ERRORS,
  REQUEST_ERRORS,
  type ErrorDefinition,
} from '@sluice/schemas';

interface Area {
  readonly title: string;
  /** First digits of its codes. */
  readonly thousands: readonly number[];
  readonly rows: Readonly<Record<string, ErrorDefinition>>;
}

export const AREAS: readonly Area[] = [
  { title: 'YAML, policies, conditions and patterns', thousands: [1, 2], rows: AUTHORING_ERRORS },
  { title: 'Bundles and trust', thousands: [3], rows: BUNDLE_ERRORS },
  { title: 'Requests and logins', thousands: [4], rows: REQUEST_ERRORS },
  { title: 'Configuration and operation', thousands: [5], rows: OPERATION_ERRORS },
];

const HEAD = `# Errors

Every way in which Sluice refuses something has a code, which is never reused. Whoever is named under "mended by"
can do something about it; "retry" says whether the same thing may succeed later with nothing changed. This page is
made from the table in \`schemas/src/errors\` by \`npm run generate\`.
`;

export function renderErrorsPage(areas: readonly Area[] = AREAS): string {
  const sections = areas.map(
    ({ title, rows }) => `\n## ${title}\n${Object.values(rows).map(renderRow).join('')}`,
  );
  return HEAD + sections.join('');
}

function renderRow(row: ErrorDefinition): string {
  const traits = [
    `mended by: ${row.fault}`,
    `retry: ${row.retry ? 'yes' : 'no'}`,
    ...(row.refusal ? [`class: \`${row.refusal}\``] : []),
    ...(row.severity ? [`severity: ${row.severity}`] : []),
  ];
  return `\n### ${row.code} \`${row.name}\`\n\n${sentence(row.title)} ${row.help}\n\n${traits.join(' · ')}\n`;
}

const sentence = (title: string): string => `${title.slice(0, 1).toUpperCase()}${title.slice(1)}.`;
