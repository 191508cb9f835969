import { describe, expect, it } from 'vitest';
import type { Filter } from './model';
import { asQuery, predicate } from './predicate';
import vectors from './predicate.vectors.json';
import { conversation } from './samples';

describe('I4 a filter selects what the server selects', () => {
  const rows = vectors.rows.map((row) =>
    conversation({
      ...row,
      kind: row.kind as 'message',
      customer: { id: row.id, external_id: row.external_id, name: row.name, picture: null },
      assignee: row.assignee === null ? null : { agent_id: row.assignee, name: row.assignee },
    }),
  );

  it.each(vectors.filters)('$filter', ({ filter, ids }) => {
    const matches = predicate(filter as Filter, vectors.me);
    expect(rows.filter(matches).map(({ id }) => id)).toEqual(ids);
  });
});

it('is the query of the list, without what is not set', () => {
  expect(asQuery({ state: 'unread', done: false, q: '', tag: undefined })).toEqual({
    done: 'false',
    state: 'unread',
  });
});
