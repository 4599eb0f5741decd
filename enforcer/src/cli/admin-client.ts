/** Asks a running enforcer through its admin interface. */
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';

const TIMEOUT_MS = 10_000;

export interface AdminTarget {
  readonly admin: string;
  readonly token: string | undefined;
}

/** The enforcer understood, and said no. */
export class AdminRefusal extends Error {}

export async function askAdmin(target: AdminTarget, path: string, body?: unknown): Promise<unknown> {
  const response = await send(target, path, body);
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const { code, detail, help } = (answer ?? {}) as { code?: string; detail?: string; help?: string };
  if (code === undefined) throw unreachable(target, `it answered ${response.status}`);
  throw new AdminRefusal(`${code} ${detail}${help === undefined ? '' : `\n  help: ${help}`}`);
}

async function send({ admin, token }: AdminTarget, path: string, body: unknown): Promise<Response> {
  if (!URL.canParse(path, admin)) {
    throw new SluiceError(
      OPERATION_ERRORS.admin_unreachable,
      `\`${admin}\` is not an address, expected one like \`http://127.0.0.1:8443\``,
    );
  }
  try {
    return await fetch(new URL(path, admin), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
  } catch (cause) {
    // Fail closed: nothing was answered or changed.
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    throw unreachable({ admin, token }, inner instanceof Error ? inner.message : String(inner), cause);
  }
}

const unreachable = ({ admin }: AdminTarget, why: string, cause?: unknown): SluiceError =>
  new SluiceError(OPERATION_ERRORS.admin_unreachable, `no enforcer answers at \`${admin}\`: ${why}`, {
    cause,
  });
