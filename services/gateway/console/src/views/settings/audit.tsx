import { useState } from 'preact/hooks';
import { agentName, agents } from '../../live/directory';
import { formatDateTime, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, SelectField, TextField, toast } from '../../ui';
import { beginningOf, download, queryOf } from './files';
import { Head, Listing } from './listing';
import type { Item } from './routes';
import styles from './settings.module.css';
import { words } from './texts';
import { usePages } from './use-pages';

const ENTITIES = [
  'agent',
  'page',
  'rule',
  'settings',
  'department',
  'region',
  'group',
  'link',
  'template',
  'warehouse',
  'pipeline',
  'integration',
];

interface Change {
  field: string;
  from: unknown;
  to: unknown;
}

/** Who did what, the newest first. */
export function Audit() {
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [by, setBy] = useState('');
  const [entity, setEntity] = useState('');
  const wanted = { from: beginningOf(from), to: beginningOf(until, 1), by, entity };
  const pages = usePages(`/v1/audit?${queryOf(wanted)}`);
  const save = () =>
    download(`/v1/audit?${queryOf({ ...wanted, format: 'csv' })}`, 'audit.csv').catch((problem) =>
      toast(sayProblem(problem), 'bad'),
    );
  return (
    <>
      <Head title="audit" lead="auditLead" />
      <div class={styles.row}>
        <TextField label={words('from')} type="date" value={from} onValue={setFrom} />
        <TextField label={words('until_')} type="date" value={until} onValue={setUntil} />
        <SelectField
          label={words('by')}
          value={by}
          choices={[
            { value: '', text: t('all') },
            ...agents.value.map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onValue={setBy}
        />
        <SelectField
          label={words('entity')}
          value={entity}
          choices={[
            { value: '', text: t('all') },
            ...ENTITIES.map((value) => ({ value, text: value })),
          ]}
          onValue={setEntity}
        />
        <Button icon="download" onClick={() => void save()}>
          CSV
        </Button>
      </div>
      <Listing
        label={words('audit')}
        pages={pages}
        columns={[
          { key: 'at', title: words('at'), cell: ({ at }) => formatDateTime(String(at)) },
          {
            key: 'by',
            title: words('by'),
            cell: ({ by: who }) => (who ? agentName(String(who)) : '—'),
          },
          { key: 'action', title: words('action'), cell: sayAction },
          { key: 'entity', title: words('entity'), cell: (item) => `${item.entity} ${item.id}` },
          { key: 'changes', title: words('changes'), wideOnly: true, cell: sayChanges },
        ]}
      />
    </>
  );
}

function sayAction({ action, times }: Item): string {
  return Number(times) > 1 ? `${action} ×${times}` : String(action);
}

function sayChanges({ changes }: Item): string {
  const say = (value: unknown) => (value === null ? '—' : JSON.stringify(value));
  return ((changes ?? []) as readonly Change[])
    .map(({ field, from, to }) => `${field}: ${say(from)} → ${say(to)}`)
    .join('; ');
}
