import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { readAll } from '../../live/directory';
import { href } from '../../router';
import { manages, me } from '../../session';
import { sayProblem } from '../../texts/problems';
import { Button, DataForm, Failed, IconButton, Skeleton, State, toast, useLoaded } from '../../ui';
import styles from './contacts.module.css';
import { isClaimable, paged, type Row } from './setup';
import { words } from './texts';

interface Proposal {
  view: Schema<'MergeProposalView'>;
  contacts: readonly Row[];
}

/** What managers decide: which contacts are one, and which numbers say nothing about that (C2). */
export function MergesView() {
  return (
    <section class={styles.narrow}>
      <Proposals />
      {manages.value && <SharedNumbers />}
    </section>
  );
}

async function readProposals(): Promise<readonly Proposal[]> {
  const query = { state: 'open' as const, limit: 50 };
  const { items } = await take(api.GET('/v1/merge-proposals', { params: { query } }));
  const read = async (contact_id: string) => {
    const params = { path: { contact_id } };
    return take(api.GET('/v1/contacts/{contact_id}', { params })).catch(() => null);
  };
  return Promise.all(
    items.map(async (view) => {
      const contacts = await Promise.all(view.contact_ids.map(read));
      return { view, contacts: contacts.filter((one) => one !== null) };
    }),
  );
}

function Proposals() {
  const loaded = useLoaded(readProposals);
  const [answered, setAnswered] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState<string | null>(null);
  const answer = async ({ id, version }: Proposal['view'], accept: boolean) => {
    setBusy(id);
    try {
      const params = { path: { proposal_id: id }, header: { 'if-match': `"${version}"` } };
      await api.POST('/v1/merge-proposals/{proposal_id}', { params, body: { accept } });
      setAnswered((before) => new Set(before).add(id));
      toast(words('proposalDone'));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
      await loaded.reload();
    } finally {
      setBusy(null);
    }
  };
  const open = loaded.value?.filter(({ view }) => !answered.has(view.id));
  return (
    <section class={styles.part} aria-label={words('proposals')}>
      <h2>{words('proposals')}</h2>
      {loaded.state === 'loading' && <Skeleton rows={3} />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {open?.length === 0 && (
        <State icon="people" title={words('noProposals')}>
          {words('noProposalsHint')}
        </State>
      )}
      <ul class={styles.items}>
        {open?.map(({ view, contacts }) => (
          <li key={view.id} class={styles.item}>
            <div class={styles.itemText}>
              {contacts.map((one) => (
                <p key={one.id}>
                  <a href={href('contacts', one.id)}>{one.name ?? words('noName')}</a>{' '}
                  <span class={styles.soft}>
                    {!isClaimable(one) && [...one.phones, ...one.emails].join(', ')}
                  </span>
                </p>
              ))}
            </div>
            <Button
              small
              kind="primary"
              busy={busy === view.id}
              onClick={() => void answer(view, true)}
            >
              {words('accept')}
            </Button>
            <Button small disabled={busy === view.id} onClick={() => void answer(view, false)}>
              {words('decline')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function SharedNumbers() {
  const loaded = useLoaded(() =>
    readAll((cursor, limit) => take(api.GET('/v1/shared-numbers', paged(cursor, limit)))),
  );
  const [added, setAdded] = useState<readonly Schema<'SharedNumberView'>[]>([]);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const may = me.value?.role === 'system_admin';
  const known = new Map([...(loaded.value ?? []), ...added].map((one) => [one.id, one]));
  const shown = [...known.values()].filter(({ id }) => !gone.has(id));
  const remove = async (id: string) => {
    try {
      const params = { path: { number: id } };
      await api.DELETE('/v1/shared-numbers/{number}', { params });
      setGone((before) => new Set(before).add(id));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <section class={styles.part} aria-label={words('sharedNumbers')}>
      <h2>{words('sharedNumbers')}</h2>
      <p class={styles.soft}>{words('sharedHint')}</p>
      {loaded.state === 'loading' && <Skeleton rows={2} />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      <ul class={styles.items}>
        {shown.map(({ id, value }) => (
          <li key={id} class={styles.item}>
            <span class={styles.itemText}>{value}</span>
            {may && (
              <IconButton
                small
                icon="trash"
                label={words('removeShared', value)}
                onClick={() => void remove(id)}
              />
            )}
          </li>
        ))}
      </ul>
      {may && (
        <DataForm
          key={added.length}
          fields={[{ kind: 'text', name: 'value', label: words('sharedValue'), required: true }]}
          values={{ value: '' }}
          onSubmit={async ({ value }) => {
            const body = { value: String(value).trim() };
            const one = await take(api.POST('/v1/shared-numbers', { body }));
            setGone((before) => new Set([...before].filter((id) => id !== one.id)));
            setAdded((before) => [...before, one]);
          }}
        />
      )}
    </section>
  );
}
