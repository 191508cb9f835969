import type { Problem } from '../core/problem';
import { t } from './index';

/** What went wrong, as a sentence for the agent. The gateway's own detail, where it says more than
 * the status does. */
export function sayProblem(problem: unknown): string {
  if (!isProblem(problem)) return t('failed');
  const { status, detail } = problem;
  if (status === 0) return t('unreachable');
  if (status === 403) return t('forbidden');
  if (status === 404) return t('notFound');
  if (status === 412) return t('conflict');
  if (status === 429) return t('tooMany');
  if (status >= 500) return t('unavailable');
  return detail || t('failed');
}

function isProblem(problem: unknown): problem is Problem {
  return typeof problem === 'object' && problem !== null && 'status' in problem;
}
