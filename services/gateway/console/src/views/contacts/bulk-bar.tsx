import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { agents } from '../../live/directory';
import { me } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, type Choice, Dialog, IconButton, Picker, toast } from '../../ui';
import { useTags } from '../inbox/filters-bar';
import { sayCare } from './columns';
import styles from './contacts.module.css';
import { type Chosen, toSelection } from './filter';
import { named, steps } from './filter-bar';
import { type Job, JobProgress } from './job';
import type { Selection } from './selection';
import { managedBy, useSetup } from './setup';
import { words } from './texts';

type Change = Schema<'ContactChange'>;

interface BulkBarProps {
  chosen: Chosen;
  selection: Selection;
  /** Whether more match than are loaded. */
  more: boolean;
  onDone: () => void;
}

/** Changes all that are selected, or all that match the filter (S3, W5). */
export function BulkBar({ chosen, selection, more, onDone }: BulkBarProps) {
  const setup = useSetup();
  const [job, setJob] = useState<Job | null>(null);
  const [busy, setBusy] = useState(false);
  const [query, setQuery] = useState('');
  const tags = useTags(query).map((tag) => ({ value: tag, text: tag }));
  const isOpen = selection.all || selection.ids.size > 0;

  const change = async (set: Change) => {
    setBusy(true);
    const which = selection.all
      ? { filter: toSelection(chosen, setup.fields) }
      : { ids: [...selection.ids] };
    try {
      setJob(await take(api.POST('/v1/contacts/bulk', { body: { ...which, set } })));
      selection.clear();
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };
  const none = (text: string) => ({ value: '', text });
  const offers: readonly {
    title: string;
    choices: readonly Choice[];
    set: (value: string) => Change;
    isTag?: 'new' | 'known';
  }[] = [
    {
      title: words('assign'),
      choices: [none(words('nobody')), ...named(agents.value)],
      set: (value) => ({ assignee: value || null }),
    },
    {
      title: words('addTag'),
      choices: tags,
      isTag: 'new',
      set: (tag) => ({ tags: { add: [tag] } }),
    },
    {
      title: words('removeTag'),
      choices: tags,
      isTag: 'known',
      set: (tag) => ({ tags: { remove: [tag] } }),
    },
    {
      title: words('move'),
      choices: managedBy(me.value, setup).length > 0 ? named(setup.warehouses) : [],
      set: (warehouse_id) => ({ warehouse_id }),
    },
    { title: words('step'), choices: steps(setup), set: (step) => ({ step }) },
    {
      title: words('campaign'),
      choices: setup.campaigns.length ? [none(t('none')), ...named(setup.campaigns)] : [],
      set: (value) => ({ campaign_id: value || null }),
    },
    {
      title: words('careStatus'),
      choices: [
        none(t('none')),
        ...(['multi_assign_pending', 'multi_assigned'] as const).map((value) => {
          return { value, text: sayCare(value) };
        }),
      ],
      set: (value) => ({ care_status: (value || null) as Change['care_status'] }),
    },
  ];
  return (
    <>
      {isOpen && (
        <div class={styles.bulk} role="group" aria-label={words('bulk')}>
          <span class={styles.bulkCount} role="status">
            {selection.all ? words('allMatching') : t('selected', selection.ids.size)}
          </span>
          {offers
            .filter(({ choices, isTag }) => isTag || choices.length > 0)
            .map(({ title, choices, set, isTag }) => (
              <Picker
                key={title}
                small
                kind="plain"
                disabled={busy}
                label={title}
                options={choices}
                onQuery={isTag ? setQuery : undefined}
                free={isTag === 'new' ? (tag) => words('newTag', tag) : undefined}
                onPick={(value) => void change(set(value))}
              >
                {title}
              </Picker>
            ))}
          {!selection.all && more && (
            <Button small kind="quiet" onClick={() => selection.selectAll()}>
              {words('selectAllMatching')}
            </Button>
          )}
          <span class={styles.bulkClose}>
            <IconButton
              small
              icon="close"
              label={words('clearSelection')}
              onClick={() => selection.clear()}
            />
          </span>
        </div>
      )}
      {job && (
        <Dialog title={words('bulk')} onClose={() => setJob(null)}>
          <JobProgress begun={job} onDone={onDone} />
        </Dialog>
      )}
    </>
  );
}
