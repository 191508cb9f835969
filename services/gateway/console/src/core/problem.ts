/** Why a request was refused, as the gateway says it (RFC 9457). */

import type { Assignee } from './model';

export interface Problem {
  /** 0: no answer. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
  readonly window_ended_at?: string;
  /** After 412, and after 409 for what somebody else took: the present assignee; null is nobody. */
  readonly winner?: Assignee | null;
  /** After 412: the present version. */
  readonly version?: number;
}

export const NO_ANSWER: Problem = { status: 0, title: '', detail: '' };

/** Whether the same request may succeed later, so that it is repeated without asking. */
export function passes(problem: Problem): boolean {
  return problem.status === 0 || [408, 429, 502, 503, 504].includes(problem.status);
}

/** The problem in an answer's body; whatever else stands there is ignored. */
export function readProblem(
  status: number,
  body: unknown,
  nameOf: (agent: string) => string,
): Problem {
  const given: Record<string, unknown> = isRecord(body) ? body : {};
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  const agent = text('agent_id');
  const decided = status === 412 || (status === 409 && agent !== '');
  return {
    status,
    title: text('title'),
    detail: text('detail'),
    ...(Array.isArray(given.errors) && { errors: given.errors.filter(isFieldProblem) }),
    ...(text('window_ended_at') && { window_ended_at: text('window_ended_at') }),
    ...(decided && { winner: agent ? { agent_id: agent, name: nameOf(agent) } : null }),
    ...(typeof given.version === 'number' && { version: given.version }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFieldProblem(value: unknown): value is { field: string; detail: string } {
  return isRecord(value) && typeof value.field === 'string' && typeof value.detail === 'string';
}
