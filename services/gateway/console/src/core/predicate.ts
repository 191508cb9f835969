/** Which rows a filter selects, as the server decides it (I4). `predicate.vectors.json` holds both
 * to the same answers. */

import type { Conversation, Filter } from './model';
import { foldAccents, foldTag } from './names';

export type Predicate = (row: Conversation) => boolean;

/** `me` is the viewer. */
export function predicate(filter: Filter, me: string): Predicate {
  const conditions: Predicate[] = [];
  const { kind, channel, page, state, assignee, tag, q, external_id, done } = filter;
  if (kind !== undefined) conditions.push((row) => row.kind === kind);
  if (channel !== undefined) conditions.push((row) => row.channel === channel);
  if (page !== undefined) conditions.push((row) => row.page_id === page);
  if (state === 'unread') conditions.push((row) => row.unread > 0);
  if (assignee !== undefined) {
    const holder = assignee === 'me' ? me : assignee === 'none' ? undefined : assignee;
    conditions.push((row) => row.assignee?.agent_id === holder);
  }
  if (tag !== undefined) {
    const wanted = foldTag(tag);
    conditions.push((row) => row.tags.some((each) => foldTag(each) === wanted));
  }
  const name = q?.trim();
  if (name) {
    const wanted = foldAccents(name);
    conditions.push(
      ({ customer }) => customer.name !== null && foldAccents(customer.name).includes(wanted),
    );
  }
  if (external_id !== undefined) conditions.push((row) => row.external_id === external_id);
  if (done !== undefined) conditions.push((row) => row.done === done);
  return (row) => conditions.every((holds) => holds(row));
}

/** The filter as the query of the list and of the counts. */
export function asQuery(filter: Filter): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value !== undefined && value !== '') query[name] = String(value);
  }
  return query;
}
