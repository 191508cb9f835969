import { useMemo, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { prefer, preferences } from '../../preferences';
import { href, navigate, route } from '../../router';
import { mayInCrm } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Button, DataForm, Dialog, Failed, Picker, Skeleton, State } from '../../ui';
import { BulkBar } from './bulk-bar';
import { allColumns, USUAL } from './columns';
import { ContactTable } from './contact-table';
import styles from './contacts.module.css';
import { ExportMenu } from './export-menu';
import { address, isFiltered, readChosen } from './filter';
import { FilterBar, named } from './filter-bar';
import { useRows } from './rows';
import { SavedViews } from './saved-views';
import { useSelection } from './selection';
import { useSetup } from './setup';
import { words } from './texts';

const COLUMNS = 'contact_columns';

/** All contacts that the viewer may see, as a table. */
export function TableView() {
  const query = route.value.query.toString();
  const chosen = useMemo(() => readChosen(new URLSearchParams(query)), [query]);
  const list = useRows(chosen);
  const selection = useSelection(query);
  const setup = useSetup();
  const [adding, setAdding] = useState(false);
  const every = allColumns(setup);
  const kept = keptColumns();
  const shown = every.filter(({ key }) => kept.has(key));
  const toggle = (key: string) => {
    const after = new Set(kept);
    if (!after.delete(key)) after.add(key);
    prefer({ [COLUMNS]: [...after] });
  };
  return (
    <section class={styles.view}>
      <div class={styles.bar}>
        <FilterBar chosen={chosen} onChoose={(next) => navigate(address(null, next), 'replace')} />
        <div class={styles.actions}>
          <SavedViews chosen={chosen} />
          {mayInCrm('export') && <ExportMenu chosen={chosen} />}
          <Picker
            small
            kind="plain"
            many
            align="end"
            label={words('chooseColumns')}
            options={every.map(({ key, title }) => {
              return { value: key, text: title, chosen: kept.has(key) };
            })}
            onPick={toggle}
          >
            {words('columns')}
          </Picker>
          <Button small kind="primary" icon="plus" onClick={() => setAdding(true)}>
            {words('addContact')}
          </Button>
        </div>
      </div>
      <BulkBar chosen={chosen} selection={selection} more={list.more} onDone={list.reload} />
      {list.state === 'loading' && <Skeleton />}
      {list.state === 'failed' && <Failed text={sayProblem(list.problem)} onRetry={list.reload} />}
      {list.state === 'ready' && list.rows.length === 0 && (
        <State icon="people" title={words(isFiltered(chosen) ? 'noMatches' : 'empty')}>
          {words(isFiltered(chosen) ? 'noMatchesHint' : 'emptyHint')}
        </State>
      )}
      {list.state === 'ready' && list.rows.length > 0 && (
        <ContactTable
          list={list}
          columns={shown}
          chosen={chosen}
          selection={selection}
          onChoose={(next) => navigate(address(null, next), 'replace')}
        />
      )}
      {adding && <AddContact onClose={() => setAdding(false)} />}
    </section>
  );
}

function keptColumns(): ReadonlySet<string> {
  const kept = preferences.value[COLUMNS];
  return new Set(Array.isArray(kept) ? kept.map(String) : USUAL);
}

function AddContact({ onClose }: { onClose: () => void }) {
  const { warehouses } = useSetup();
  const usual = warehouses.find((one) => one.default);
  return (
    <Dialog title={words('addContact')} onClose={onClose}>
      <DataForm
        fields={[
          { kind: 'text', name: 'name', label: words('name') },
          { kind: 'lines', name: 'phones', label: words('phones') },
          { kind: 'lines', name: 'emails', label: words('emails') },
          { kind: 'text', name: 'address', label: words('address') },
          ...(warehouses.length > 1
            ? [
                {
                  kind: 'choice' as const,
                  name: 'warehouse_id',
                  label: words('warehouse'),
                  choices: named(warehouses),
                },
              ]
            : []),
        ]}
        values={{ name: '', phones: [], emails: [], address: '', warehouse_id: usual?.id }}
        onCancel={onClose}
        onSubmit={async (values) => {
          const given = Object.entries(values).map(([name, value]) => {
            if (!Array.isArray(value)) return [name, value];
            return [name, value.map((line) => String(line).trim()).filter(Boolean)];
          });
          const isGiven = ([, value]: unknown[]) => value !== '' && value !== undefined;
          const body = Object.fromEntries(given.filter(isGiven)) as Schema<'ContactIn'>;
          const { id } = await take(api.POST('/v1/contacts', { body }));
          navigate(href('contacts', id));
        }}
      />
    </Dialog>
  );
}
