const GROUPS_LIMIT = 512;
const GROUP_LIMIT_CHARACTERS = 256;

type Groups =
  | { readonly ok: true; readonly groups: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * The groups of a verified token, at a path such as `groups` or `realm_access.roles`. A missing claim is refused
 * like a broken one: rules that deny a group must not be escaped by leaving the group out.
 */
export function groupsOf(claims: Readonly<Record<string, unknown>>, path: string): Groups {
  // An issuer with too many groups for a token leaves a pointer instead (OpenID Connect Core section 5.6.2).
  for (const overage of ['_claim_names', 'hasgroups']) {
    if (overage in claims)
      return no(`the token has \`${overage}\`: its groups are elsewhere, which is not followed`);
  }
  let value: unknown = claims;
  // A claim may be named by a URL, dots and all; a path into objects is the second reading.
  for (const part of Object.hasOwn(claims, path) ? [path] : path.split('.')) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Readonly<Record<string, unknown>>)[part]
        : undefined;
  }
  if (value === undefined) return no(`the token has no claim \`${path}\``);
  if (!Array.isArray(value) || value.length > GROUPS_LIMIT) {
    return no(`the claim \`${path}\` is not a list of at most ${GROUPS_LIMIT} groups`);
  }
  const groups = value.filter(isGroup);
  if (groups.length !== value.length) {
    return no(`the claim \`${path}\` holds something that is not a group's name`);
  }
  return { ok: true, groups: [...new Set(groups)] };
}

const isGroup = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= GROUP_LIMIT_CHARACTERS && /^[^\p{C}]+$/u.test(value);

const no = (message: string): Groups => ({ ok: false, message });
