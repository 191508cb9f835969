import { request } from '../../api/client';
import { readAll } from '../../live/directory';
import type { Values } from '../../ui';

/** What was set up, as the gateway answers it. */
export type Item = Values & { readonly id: string; readonly version?: number };

export interface Listed {
  items: Item[];
  next?: string | null;
}

/** All items of a list; with `after`, of a view that has seen this version. */
export function readItems(path: string, after?: string | null): Promise<Item[]> {
  return readAll(async (cursor, limit) => {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor) query.set('cursor', cursor);
    else if (after) query.set('after', after);
    const answer = await request(`${path}?${query}`);
    return (await answer.json()) as Listed;
  });
}

/** One page of a list whose path has a query already, or none. */
export async function readPage(path: string, cursor: string | null): Promise<Listed> {
  const address = new URL(path, location.origin);
  if (cursor) address.searchParams.set('cursor', cursor);
  return (await (await request(address.pathname + address.search)).json()) as Listed;
}

export async function readOne(path: string): Promise<Values> {
  return (await (await request(path)).json()) as Values;
}

export interface Written {
  answer: Values;
  /** The version that was written, for `after`. */
  version: string | null;
}

/** Writes; with `ifMatch`, only if nobody changed that version. */
export async function write(
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  ifMatch?: number,
): Promise<Written> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`;
  const answer = await request(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const version = /\d+/.exec(answer.headers.get('ETag') ?? '')?.[0] ?? null;
  return { answer: answer.status === 204 ? {} : ((await answer.json()) as Values), version };
}
