import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import { agents } from '../../live/directory';
import type { ListWindow } from '../../live/store';
import { hasRight, mayInCrm } from '../../session';
import { formatNumber, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, IconButton, Picker, toast } from '../../ui';
import { useTags } from './filters-bar';
import styles from './inbox.module.css';
import type { Selection } from './selection';
import { words } from './texts';

type Changes = Schema<'SetIn'>;

interface BulkBarProps {
  list: ListWindow | null;
  selection: Selection;
}

/** Changes all that are selected at once, or all that match the filter (R6). */
export function BulkBar({ list, selection }: BulkBarProps) {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const [query, setQuery] = useState('');
  const tags = useTags(query);
  if (!list || (!selection.all && selection.ids.size === 0)) return null;
  const total = list.counts.value?.total ?? 0;

  const change = async (set: Changes) => {
    setBusy(true);
    const which = selection.all ? { filter: { ...list.filter } } : { ids: [...selection.ids] };
    try {
      const body = { ...which, set } as Schema<'BulkIn'>;
      const job = await take(api.POST('/v1/conversations/bulk', { body }));
      store.follow(job);
      selection.clear();
      const isDone = job.state === 'done';
      toast(isDone ? words('bulkDone', formatNumber(job.changed)) : words('bulkRunning'), 'info');
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };

  /** To the contacts, one after the other: a change of many would take their other tags away. */
  const addTag = async (tag: string) => {
    setBusy(true);
    const contacts = new Set(
      [...selection.ids].flatMap((id) => store.conversation(id).peek()?.contact_id ?? []),
    );
    try {
      for (const contact_id of contacts) {
        const path = { contact_id, tag };
        await api.PUT('/v1/contacts/{contact_id}/tags/{tag}', { params: { path } });
      }
      selection.clear();
      toast(words('bulkDone', formatNumber(contacts.size)));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };

  const assignees = [
    { value: '', text: words('unassigned') },
    ...agents.value.map(({ id, name }) => ({ value: id, text: name })),
  ];
  return (
    <div class={styles.bulk} role="group" aria-label={t('selected', selection.ids.size)}>
      <span class={styles.bulkCount} role="status">
        {selection.all
          ? words('allMatching', formatNumber(total))
          : t('selected', selection.ids.size)}
      </span>
      {hasRight('assign') && (
        <Picker
          small
          kind="plain"
          disabled={busy}
          label={words('assign')}
          options={assignees}
          onPick={(id) => void change({ assignee: id || null })}
        >
          {words('assign')}
        </Picker>
      )}
      <Button small busy={busy} onClick={() => void change({ done: true })}>
        {words('done')}
      </Button>
      {mayInCrm('access') && (
        <Picker
          small
          kind="plain"
          disabled={busy || selection.all}
          label={words('addTag')}
          options={tags.map((tag) => ({ value: tag, text: tag }))}
          free={(tag) => words('newTag', tag)}
          onQuery={setQuery}
          onPick={(tag) => void addTag(tag)}
        >
          {words('tag')}
        </Picker>
      )}
      <IconButton
        small
        icon="close"
        label={words('clearSelection')}
        onClick={() => selection.clear()}
      />
      {!selection.all && total > selection.ids.size && (
        <Button small kind="quiet" onClick={() => selection.selectAll()}>
          {words('selectAllMatching', formatNumber(total))}
        </Button>
      )}
    </div>
  );
}
