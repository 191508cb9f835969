import { useState } from 'preact/hooks';
import { versionOf } from '../../api/version';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import {
  Confirm,
  DataForm,
  Dialog,
  Failed,
  type FormField,
  IconButton,
  Skeleton,
  toast,
  useLoaded,
  type Values,
} from '../../ui';
import styles from './contacts.module.css';
import { useOwnChanges } from './own-changes';

interface Kept {
  id: string;
  version: number;
  contact_id: string;
}

/** `contactId` is the one to which it belongs: this one, or one that was merged into it. */
export type OnChanged = (contactId: string, version: number | undefined) => void;

interface WorkListProps<T extends Kept> {
  title: string;
  read: () => Promise<readonly T[]>;
  onChanged: OnChanged;
  say: (item: T) => { text: string; hint: string };
  fields: readonly FormField[];
  fresh: Values;
  valuesOf: (item: T) => Values;
  add: (values: Values) => Promise<T>;
  change: (item: T, values: Values) => Promise<T>;
  remove: (item: T) => Promise<unknown>;
  labels: { add: string; edit: (name: string) => string; remove: (name: string) => string };
}

/** What hangs on a contact, of one kind: its items, a form for each, and one for a new one. */
export function WorkList<T extends Kept>(props: WorkListProps<T>) {
  const { title, read, onChanged, say, fields, fresh, valuesOf, labels } = props;
  const [editing, setEditing] = useState<T | 'new' | null>(null);
  const [dropping, setDropping] = useState<T | null>(null);
  const loaded = useLoaded(read);
  const { items, put, drop } = useOwnChanges(loaded.value);
  const heading = dropping && labels.remove(say(dropping).text);

  const save = async (values: Values) => {
    const isNew = editing === null || editing === 'new';
    const saved = await (isNew ? props.add(values) : props.change(editing, values));
    put(saved);
    setEditing(null);
    onChanged(saved.contact_id, saved.version);
  };
  const remove = async (item: T) => {
    setDropping(null);
    try {
      const answer = await props.remove(item);
      drop(item.id);
      onChanged(item.contact_id, versionOf(answer));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <section class={styles.part} aria-label={title}>
      <div class={styles.partHead}>
        <h3>{title}</h3>
        <IconButton small icon="plus" label={labels.add} onClick={() => setEditing('new')} />
      </div>
      {loaded.state === 'loading' && <Skeleton rows={1} height={32} />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.state === 'ready' && items.length === 0 && <p class={styles.soft}>{t('nothing')}</p>}
      <ul class={styles.items}>
        {items.map((item) => {
          const { text, hint } = say(item);
          return (
            <li key={item.id} class={styles.item}>
              <span class={styles.itemText}>
                {text} <span class={styles.soft}>{hint}</span>
              </span>
              <IconButton
                small
                icon="edit"
                label={labels.edit(text)}
                onClick={() => setEditing(item)}
              />
              <IconButton
                small
                icon="trash"
                label={labels.remove(text)}
                onClick={() => setDropping(item)}
              />
            </li>
          );
        })}
      </ul>
      {editing && (
        <Dialog
          title={editing === 'new' ? labels.add : labels.edit(say(editing).text)}
          onClose={() => setEditing(null)}
        >
          <DataForm
            fields={fields}
            values={editing === 'new' ? fresh : valuesOf(editing)}
            onSubmit={save}
            onCancel={() => setEditing(null)}
          />
        </Dialog>
      )}
      {dropping && heading && (
        <Confirm
          danger
          title={heading}
          action={t('remove')}
          onConfirm={() => void remove(dropping)}
          onClose={() => setDropping(null)}
        />
      )}
    </section>
  );
}
