import type { ComponentChildren } from 'preact';
import { agentName } from '../../live/directory';
import { formatDay, formatShort, t } from '../../texts';
import { Chip } from '../../ui';
import { type Contact, isClaimable, nameOf, type Row, type Setup } from './setup';
import { words } from './texts';

export interface Column {
  key: string;
  title: string;
  /** In pixels. */
  width: number;
  /** The name of its order at the gateway. */
  sort?: 'name' | 'created_at' | 'updated_at';
  cell: (row: Row) => ComponentChildren;
}

export const USUAL = ['phones', 'tags', 'assignee', 'warehouse', 'updated_at'] as const;

/** All columns that there are, after the name, which is always shown. */
export function allColumns(setup: Setup): readonly Column[] {
  const { fields, pipelines, campaigns, warehouses } = setup;
  return [
    of('phones', words('phones'), 150, ({ phones }) => phones.join(', ')),
    of('emails', words('emails'), 200, ({ emails }) => emails.join(', ')),
    of('tags', words('tags'), 200, ({ tags }) => tags.map((tag) => <Chip key={tag}>{tag}</Chip>)),
    of('assignee', words('assignee'), 150, ({ assignee }) => assignee && agentName(assignee)),
    {
      key: 'warehouse',
      title: words('warehouse'),
      width: 150,
      cell: (row) => nameOf(warehouses, row.warehouse_id),
    },
    ...pipelines.map(({ id, name, steps }) =>
      of(`step.${id}`, name, 150, (contact) => {
        const step = steps.find((one) => one.id === contact.steps[id]);
        return step && <Chip colour={step.color ?? undefined}>{step.name}</Chip>;
      }),
    ),
    ...fields.map(({ id, name }) =>
      of(`custom.${id}`, name, 150, ({ custom }) => sayCustom(custom[id])),
    ),
    of('campaign', words('campaign'), 150, (one) => nameOf(campaigns, one.campaign_id)),
    of('care_status', words('careStatus'), 140, (one) => sayCare(one.care_status)),
    of('gender', words('gender'), 90, ({ gender }) => gender && words(gender)),
    of('birthday', words('birthday'), 110, ({ birthday }) => birthday && formatDay(birthday)),
    of('address', words('address'), 220, ({ address }) => address),
    of('location', words('location'), 150, ({ location }) => location),
    of('source', words('source'), 140, (one) => one.source_name ?? one.source),
    {
      ...of('created_at', words('createdAt'), 110, (one) => formatShort(one.created_at)),
      sort: 'created_at',
    },
    {
      ...of('updated_at', words('updatedAt'), 110, (one) => formatShort(one.updated_at)),
      sort: 'updated_at',
    },
  ];
}

function of(
  key: string,
  title: string,
  width: number,
  cell: (contact: Contact) => ComponentChildren,
): Column {
  return { key, title, width, cell: (row) => (isClaimable(row) ? null : cell(row)) };
}

export function sayCustom(value: string | number | boolean | undefined): string {
  if (typeof value === 'boolean') return t(value ? 'yes' : 'no');
  return value === undefined ? '' : String(value);
}

export function sayCare(status: string | null): string {
  if (status === 'multi_assign_pending' || status === 'multi_assigned') return words(status);
  return status ?? '';
}
