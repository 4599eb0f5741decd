/**
 * The admin interface: health, metrics and status for machines; approvals and sessions for people with a token of the
 * same issuers that agents use. Everybody sees and answers what concerns them; operators see and end every session.
 */
/* oxlint-disable oxc/no-async-endpoint-handlers -- that rule is about Express; Fastify awaits its handlers */
import { toJson } from '@bufbuild/protobuf';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { OPERATION_ERRORS, pb, REQUEST_ERRORS, SluiceError, type ErrorName } from '@sluice/schemas';
import { toMessage, type Approval, type OpenApprovalDesk } from '../approvals/index.js';
import { listenText, type Listen } from '../config/index.js';
import type { AuditLog, Authenticator, Principal, Session } from '../pipeline/ports.js';
import type { Metrics } from './metrics.js';
import { ProblemError, sendProblem } from './problem.js';
import type { EnforcerStatus } from './status.js';

const BODY_LIMIT_BYTES = 16 * 1024;

export interface AdminOptions {
  readonly listen: Listen;
  /** Groups whose members see and end the sessions of everybody. */
  readonly operators: readonly string[];
  readonly authenticator: Authenticator;
  readonly audit: Pick<AuditLog, 'operation' | 'refusedLogin'>;
  readonly desk: OpenApprovalDesk;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
  status(): EnforcerStatus;
  /** For the operator's log. */
  onError(error: unknown): void;
}

export interface Sessions {
  list(): readonly Session[];
  /** False when there is no such session. */
  end(id: string): boolean;
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // Unknown members are refused, not dropped; values are not bent into shape.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      404,
      OPERATION_ERRORS.admin_request_invalid,
      `there is nothing at ${request.method} ${request.url}`,
    ),
  );
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ProblemError) {
      if (error.status === 401) reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, error.status, error.definition, error.message);
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status < 500) {
      const detail = error instanceof Error ? error.message : 'the request is not valid';
      return sendProblem(reply, status, OPERATION_ERRORS.admin_request_invalid, detail);
    }
    // Fail closed: nothing was answered or ended. What went wrong is for the operator's log alone.
    options.onError(error);
    return sendProblem(reply, 500, REQUEST_ERRORS.internal, 'see the log of the enforcer');
  });
  observation(app, options);
  approvals(app, options);
  sessions(app, options);
  const url = await listen(app, options.listen);
  return { url, close: () => app.close() };
}

async function listen(app: FastifyInstance, { host, port }: Listen): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    // Fail closed: an enforcer that cannot be watched does not start.
    const message = `the admin interface cannot listen on \`${listenText({ host, port })}\``;
    throw new SluiceError(OPERATION_ERRORS.listen_failed, message, { cause });
  }
}

/** For probes and scrapers: nothing in here says who asked for what. */
function observation(app: FastifyInstance, { status, metrics }: AdminOptions): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const { ready, reasons } = status();
    return reply.code(ready ? 200 : 503).send({ ready, reasons });
  });
  app.get('/status', () => status());
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}

function approvals(app: FastifyInstance, options: AdminOptions): void {
  const { desk } = options;
  app.get<{ Querystring: { all?: string } }>('/v1/approvals', async (request) => {
    const who = await authenticate(request, options);
    const seen = desk
      .list(request.query.all === undefined)
      .filter((approval) => concerns(approval, who) || isOperator(who, options));
    return { approvals: seen.map((approval) => toJson(pb.ApprovalSchema, toMessage(approval))) };
  });
  app.post<{ Params: { id: string }; Body: { answer: 'approve' | 'deny'; reason?: string } }>(
    '/v1/approvals/:id',
    {
      schema: {
        body: {
          type: 'object',
          required: ['answer'],
          additionalProperties: false,
          properties: {
            answer: { enum: ['approve', 'deny'] },
            reason: { type: 'string', maxLength: 1000 },
          },
        },
      },
    },
    async (request) => {
      const who = await authenticate(request, options);
      const { answer, reason = '' } = request.body;
      const result = await desk.answer(request.params.id, who, answer, reason);
      if (!result.ok)
        throw new ProblemError(STATUS[result.error.name as ErrorName] ?? 409, result.error, result.message);
      return toJson(pb.ApprovalSchema, toMessage(result.approval));
    },
  );
}

const STATUS: Partial<Record<ErrorName, number>> = {
  approval_unknown: 404,
  not_an_approver: 403,
  approval_settled: 409,
};

function sessions(app: FastifyInstance, options: AdminOptions): void {
  const visible = (who: Principal): readonly Session[] =>
    options.sessions.list().filter(({ principal }) => isOperator(who, options) || isSame(principal, who));
  app.get('/v1/sessions', async (request) => {
    const who = await authenticate(request, options);
    return { sessions: visible(who).map(sessionJson) };
  });
  app.delete<{ Params: { id: string } }>('/v1/sessions/:id', async (request, reply) => {
    const who = await authenticate(request, options);
    const { id } = request.params;
    // A session of somebody else looks like none.
    const found = visible(who).some((session) => session.id === id);
    const unknown = new ProblemError(404, OPERATION_ERRORS.session_unknown, `there is no session \`${id}\``);
    if (!found) throw unknown;
    await options.audit.operation({
      operation: 'session.ended',
      actor: who.subject,
      subject: id,
      detail: 'ended through the admin interface',
      code: '',
    });
    if (!options.sessions.end(id)) throw unknown;
    return reply.code(204).send();
  });
}

const isSame = (a: Principal, b: Principal): boolean => a.issuer === b.issuer && a.subject === b.subject;

const isOperator = (who: Principal, { operators }: AdminOptions): boolean =>
  who.groups.some((group) => operators.includes(group));

/** Approvals show what others asked for: they are for the asker and for those who may answer. */
function concerns(approval: Approval, who: Principal): boolean {
  const names = new Set([who.subject, ...who.groups]);
  return (
    (approval.issuer === who.issuer && approval.subject === who.subject) ||
    approval.rules.some((rule) => rule.names.some((name) => names.has(name)))
  );
}

const sessionJson = (session: Session) => ({
  id: session.id,
  issuer: session.principal.issuer,
  subject: session.principal.subject,
  groups: session.principal.groups,
  connection: session.connection,
  protocol: session.protocol,
  intent: session.intent,
  clientAddress: session.clientAddress,
  started: new Date(session.startedMs).toISOString(),
  expires: new Date(session.principal.expiresMs).toISOString(),
});

async function authenticate(request: FastifyRequest, options: AdminOptions): Promise<Principal> {
  const token = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new ProblemError(
      401,
      REQUEST_ERRORS.unauthenticated,
      'expected the header `Authorization: Bearer TOKEN`',
    );
  }
  const answer = await options.authenticator.authenticate(token);
  if (answer.ok) return answer.principal;
  await options.audit.refusedLogin({
    connection: '',
    protocol: 'admin',
    clientAddress: `${request.ip}:${request.socket.remotePort ?? 0}`,
    claimedSubject: answer.claimedSubject,
    claimedIssuer: answer.claimedIssuer,
    fault: answer,
  });
  const status = answer.error.refusal === 'unavailable' ? 503 : 401;
  throw new ProblemError(status, answer.error, answer.error.title);
}
