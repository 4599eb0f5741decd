/** Errors of the admin interface: problem details (RFC 9457) with a code of the table. */
import type { FastifyReply } from 'fastify';
import type { ErrorDefinition } from '@sluice/schemas';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly help: string;
}

/** A problem that a handler throws to leave. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly definition: ErrorDefinition,
    detail: string,
  ) {
    super(detail);
  }
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  definition: ErrorDefinition,
  detail: string,
): FastifyReply {
  const { code, name, title, help } = definition;
  const problem: Problem = { type: `urn:sluice:error:${name}`, title, status, detail, code, help };
  return reply.code(status).type('application/problem+json').send(problem);
}
