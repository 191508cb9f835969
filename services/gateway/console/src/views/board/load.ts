import { ApiProblem, api, take } from '../../api/client';
import { loadDirectory, readAll } from '../../live/directory';
import { type AgentItem, type FairnessItem, HOURS, type PageItem } from './figures';

const HOUR_MS = 3_600_000;
const FAILURES = 20;

export type Figures = Awaited<ReturnType<typeof loadFigures>>;

/** What the stream does not tell, and the board reads again from time to time. */
export async function loadFigures() {
  const now = Date.now();
  const today = new Date(new Date(now).setHours(0, 0, 0, 0)).toISOString();
  const since = new Date(now - HOURS * HOUR_MS).toISOString();
  const [presence, rules, hours, fairness, pages, failures] = await Promise.all([
    readAll((cursor, limit) =>
      take(api.GET('/v1/presence', { params: { query: { cursor, limit } } })),
    ),
    readAll((cursor, limit) =>
      take(api.GET('/v1/rules', { params: { query: { cursor, limit } } })),
    ),
    allowed(async () => {
      const query = { from: since, by: 'hour' } as const;
      return read<AgentItem>(take(api.GET('/v1/reports/agents', { params: { query } })));
    }),
    allowed(async () => {
      const query = { from: today, by: 'day' } as const;
      return read<FairnessItem>(take(api.GET('/v1/reports/fairness', { params: { query } })));
    }),
    allowed(async () => {
      const query = { from: today, by: 'day' } as const;
      return read<PageItem>(take(api.GET('/v1/reports/pages', { params: { query } })));
    }),
    take(api.GET('/v1/failed-replies', { params: { query: { limit: FAILURES } } })),
    loadDirectory(),
  ]);
  return { at: now, presence, rules, hours, fairness, pages, failures };
}

/** The items of a report, which has other formats beside and so no type in the description. */
async function read<T>(report: Promise<unknown>): Promise<readonly T[]> {
  return ((await report) as { items: readonly T[] }).items;
}

/** Null where the viewer may not see a report: some are of all pages. */
async function allowed<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 403) return null;
    throw problem;
  }
}
