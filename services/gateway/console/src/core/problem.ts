/** Why a request was refused, as `ApiProblem` says it; plain data, so that it can be stored. */
export interface Problem {
  /** 0: no answer. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly { readonly field: string; readonly detail: string }[];
  /** All members of the problem, `window_ended_at` among them. */
  readonly body: Readonly<Record<string, unknown>>;
}

export const NO_ANSWER: Problem = { status: 0, title: '', detail: '', errors: [], body: {} };

const PASSING: ReadonlySet<number> = new Set([0, 408, 429, 502, 503, 504]);

/** Whether the same request may succeed later, so that it is repeated without asking. */
export function passes(problem: Problem): boolean {
  return PASSING.has(problem.status);
}

/** The agent who came first, after 412, and after 409 for what somebody else took; null is nobody,
 * undefined if the problem is another one. */
export function findWinner(problem: Problem): string | null | undefined {
  const { agent_id } = problem.body;
  if (typeof agent_id === 'string' && [409, 412].includes(problem.status)) return agent_id;
  return problem.status === 412 ? null : undefined;
}
