import { useState } from 'preact/hooks';
import { agentName, agents, pageName } from '../../live/directory';
import { formatDateTime, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, SelectField, TextField, toast } from '../../ui';
import { type AuditEntry, ENTITIES, sayAction, sayChanges, sayEntity } from './audit-entry';
import { beginningOf, download, queryOf } from './files';
import { Head, Listing } from './listing';
import type { Item } from './routes';
import styles from './settings.module.css';
import { words } from './texts';
import { usePages } from './use-pages';

const NAMES = { agent: agentName, page: pageName };
const entryOf = (item: Item) => item as unknown as AuditEntry;

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
            ...Object.entries(ENTITIES).map(([value, word]) => ({ value, text: words(word) })),
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
          { key: 'at', title: words('at'), short: true, cell: ({ at }) => formatDateTime(String(at)) },
          {
            key: 'by',
            title: words('by'),
            short: true,
            cell: ({ by: who }) => (who ? agentName(String(who)) : '—'),
          },
          { key: 'action', title: words('action'), short: true, cell: (item) => sayAction(entryOf(item)) },
          {
            key: 'entity',
            title: words('entity'),
            cell: (item) => sayEntity(entryOf(item), NAMES),
          },
          {
            key: 'changes',
            title: words('changes'),
            cell: (item) => {
              const said = sayChanges(entryOf(item), NAMES);
              return (
                said.length > 0 && (
                  <ul>
                    {said.map((line) => (
                      <li key={line}>{line}</li>
                    ))}
                  </ul>
                )
              );
            },
          },
        ]}
      />
    </>
  );
}
