import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { newId } from '../../api/new-id';
import { readAll } from '../../live/directory';
import { navigate } from '../../router';
import { hasRight } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Confirm, DataForm, Dialog, Menu, type MenuItem, toast, useLoaded } from '../../ui';
import { address, type Chosen, type InboxView, isFiltered, readSaved, toSaved } from './filters';
import { words } from './texts';

interface SavedViewsProps {
  view: InboxView;
  chosen: Chosen;
}

/** Filters with a name: the viewer's own, and those that managers share (I15). */
export function SavedViews({ view, chosen }: SavedViewsProps) {
  const [saving, setSaving] = useState(false);
  const [dropping, setDropping] = useState<{ id: string; name: string } | null>(null);
  const { value: found = [], reload } = useLoaded(() =>
    readAll((cursor, limit) =>
      take(api.GET('/v1/views', { params: { query: { cursor, limit } } })),
    ),
  );
  const current = found.find(({ filter }) => isSame(filter, toSaved(view, chosen)));
  const items: MenuItem[] = found.map(({ id, name, filter, shared }) => ({
    key: id,
    text: name,
    icon: shared ? 'people' : 'filter',
    checked: current?.id === id,
    onPick: () => {
      const saved = readSaved(filter);
      navigate(address(saved.view, null, saved.chosen));
    },
  }));
  if (isFiltered(chosen) && !current) {
    items.push({ key: '+', text: words('saveView'), icon: 'plus', onPick: () => setSaving(true) });
  }
  if (current && (!current.shared || hasRight('curate'))) {
    items.push({
      key: '-',
      text: words('deleteView', current.name),
      icon: 'trash',
      danger: true,
      onPick: () => setDropping(current),
    });
  }
  if (items.length === 0) return null;
  const save = async (values: Readonly<Record<string, unknown>>) => {
    const body = {
      name: String(values.name ?? ''),
      shared: values.shared === true,
      filter: toSaved(view, chosen) as Schema<'ViewIn'>['filter'],
    };
    const path = { view_id: newId() };
    const { version } = await take(api.PUT('/v1/views/{view_id}', { params: { path }, body }));
    await take(api.GET('/v1/views', { params: { query: { after: version } } }));
    setSaving(false);
    await reload();
  };
  return (
    <>
      <Menu
        small
        align="end"
        icon="filter"
        label={words('views')}
        face={current?.name}
        items={items}
      />
      {saving && (
        <Dialog title={words('saveView')} onClose={() => setSaving(false)}>
          <DataForm
            fields={[
              { kind: 'text', name: 'name', label: words('viewName'), required: true },
              ...(hasRight('curate')
                ? [{ kind: 'checkbox' as const, name: 'shared', label: words('shareView') }]
                : []),
            ]}
            values={{ name: '', shared: false }}
            onSubmit={save}
            onCancel={() => setSaving(false)}
          />
        </Dialog>
      )}
      {dropping && (
        <Confirm
          danger
          title={words('deleteView', dropping.name)}
          action={t('remove')}
          onClose={() => setDropping(null)}
          onConfirm={async () => {
            const path = { view_id: dropping.id };
            try {
              await api.DELETE('/v1/views/{view_id}', { params: { path } });
              setDropping(null);
              await reload();
            } catch (problem) {
              toast(sayProblem(problem), 'bad');
            }
          }}
        />
      )}
    </>
  );
}

function isSame(one: object, other: object): boolean {
  const sorted = (given: object) =>
    JSON.stringify(
      Object.entries(given)
        .filter(([, value]) => value !== undefined && value !== null)
        .sort(),
    );
  return sorted(one) === sorted(other);
}
