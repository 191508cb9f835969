import { useState } from 'preact/hooks';
import { newId } from '../../api/new-id';
import { prefer, preferences } from '../../preferences';
import { navigate } from '../../router';
import { DataForm, Dialog, Menu, type MenuItem } from '../../ui';
import { address, type Chosen, isFiltered, readChosen } from './filter';
import { words } from './texts';

const KEPT = 'contact_views';

interface Saved {
  id: string;
  name: string;
  query: string;
}

/** The viewer's own filters with a name; they are kept with the preferences. */
export function SavedViews({ chosen }: { chosen: Chosen }) {
  const [saving, setSaving] = useState(false);
  const kept = readKept(preferences.value[KEPT]);
  const query = new URLSearchParams(chosen).toString();
  const current = kept.find((one) => one.query === query);
  const items: MenuItem[] = kept.map(({ id, name, query: saved }) => ({
    key: id,
    text: name,
    icon: 'filter',
    checked: current?.id === id,
    onPick: () => navigate(address(null, readChosen(new URLSearchParams(saved)))),
  }));
  if (current) {
    items.push({
      key: '-',
      text: words('deleteView', current.name),
      icon: 'trash',
      danger: true,
      onPick: () => prefer({ [KEPT]: kept.filter(({ id }) => id !== current.id) }),
    });
  } else if (isFiltered(chosen)) {
    items.push({ key: '+', text: words('saveView'), icon: 'plus', onPick: () => setSaving(true) });
  }
  if (items.length === 0) return null;
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
            fields={[{ kind: 'text', name: 'name', label: words('viewName'), required: true }]}
            values={{ name: '' }}
            onCancel={() => setSaving(false)}
            onSubmit={async ({ name }) => {
              prefer({ [KEPT]: [...kept, { id: newId(), name: String(name), query }] });
              setSaving(false);
            }}
          />
        </Dialog>
      )}
    </>
  );
}

function readKept(found: unknown): readonly Saved[] {
  if (!Array.isArray(found)) return [];
  return found.filter(
    (one): one is Saved => typeof one?.id === 'string' && typeof one.query === 'string',
  );
}
