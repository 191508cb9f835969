import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { versionOf } from '../../api/version';
import { agentName, agents, pageName } from '../../live/directory';
import { href } from '../../router';
import { formatDateTime, formatDuration, language, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Avatar, Button, Failed, IconButton, Picker, Skeleton, toast, useLoaded } from '../../ui';
import { channelName } from '../inbox/filters-bar';
import type { Reload } from './contact-page';
import styles from './contacts.module.css';
import { sayChange } from './say-change';
import { type Contact, useSetup } from './setup';
import { words } from './texts';

const LIMIT = 200;

interface ListedProps<T> {
  title: string;
  loaded: ReturnType<typeof useLoaded<readonly T[]>>;
  actions?: ComponentChildren;
  children: (item: T) => ComponentChildren;
}

export function Listed<T>({ title, loaded, actions, children }: ListedProps<T>) {
  return (
    <section class={styles.part} aria-label={title}>
      <div class={styles.partHead}>
        <h3>{title}</h3>
        {actions}
      </div>
      {loaded.state === 'loading' && <Skeleton rows={1} height={32} />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.value?.length === 0 && <p class={styles.soft}>{t('nothing')}</p>}
      <ul class={styles.items}>{loaded.value?.map(children)}</ul>
    </section>
  );
}

const RESULTS = {
  answered: 'answered',
  missed: 'missedCall',
  busy: 'busy',
  failed: 'failedCall',
} as const;

/** The calls with the contact, newest first (C7). */
export function Calls({ contactId }: { contactId: string }) {
  const loaded = useLoaded(async (): Promise<readonly Schema<'CallView'>[]> => {
    const params = { path: { contact_id: contactId }, query: { limit: LIMIT } };
    return (await take(api.GET('/v1/contacts/{contact_id}/calls', { params }))).items;
  });
  return (
    <Listed title={words('calls')} loaded={loaded}>
      {({ id, direction, phone, result, duration_s, started_at, agent_id, recording_url }) => (
        <li key={id} class={styles.item}>
          <span class={styles.itemText}>
            {words(direction === 'in' ? 'callIn' : 'callOut')} {phone} · {words(RESULTS[result])}{' '}
            <span class={styles.soft}>
              {formatDuration(duration_s * 1000)} · {formatDateTime(started_at)}
              {agent_id && ` · ${agentName(agent_id)}`}
            </span>
          </span>
          {recording_url && (
            <a href={recording_url} target="_blank" rel="noreferrer">
              {words('recording')}
            </a>
          )}
        </li>
      )}
    </Listed>
  );
}

/** Who else may see and work on the contact (S1). */
export function Shares({ contactId, onChanged }: { contactId: string; onChanged: Reload }) {
  const after = useRef<number | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const loaded = useLoaded(async (): Promise<readonly Schema<'ShareView'>[]> => {
    const query = { limit: LIMIT, after: after.current };
    const params = { path: { contact_id: contactId }, query };
    return (await take(api.GET('/v1/contacts/{contact_id}/shares', { params }))).items;
  });
  const address = '/v1/contacts/{contact_id}/shares/{agent_id}' as const;
  const paramsOf = (agent_id: string) => ({ path: { contact_id: contactId, agent_id } });
  const act = async (doing: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await doing();
      await Promise.all([loaded.reload(), onChanged(after.current)]);
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };
  const byHand = loaded.value?.filter(({ by }) => by === 'hand') ?? [];
  const have = new Set(byHand.map(({ agent_id }) => agent_id));
  const share = (agent: string) =>
    act(async () => {
      const { version } = await take(api.PUT(address, { params: paramsOf(agent) }));
      after.current = version;
    });
  return (
    <Listed
      title={words('shares')}
      loaded={loaded}
      actions={
        <Picker
          small
          icon="plus"
          align="end"
          disabled={busy}
          label={words('share')}
          options={agents.value
            .filter(({ id }) => !have.has(id))
            .map(({ id, name }) => ({ value: id, text: name }))}
          onPick={(agent) => void share(agent)}
        />
      }
    >
      {({ agent_id, by, rule_id }) => (
        <li key={`${agent_id} ${rule_id}`} class={styles.item}>
          <span class={styles.itemText}>
            {agentName(agent_id)}{' '}
            {by === 'rule' && <span class={styles.soft}>{words('shareByRule')}</span>}
          </span>
          {by === 'hand' && (
            <IconButton
              small
              icon="close"
              disabled={busy}
              label={words('unshare', agentName(agent_id))}
              onClick={() =>
                void act(async () => {
                  const ended = await api.DELETE(address, { params: paramsOf(agent_id) });
                  after.current = versionOf(ended);
                })
              }
            />
          )}
        </li>
      )}
    </Listed>
  );
}

/** What happened with the contact, newest first (C8). */
export function History({ contactId, after }: { contactId: string; after: number }) {
  const setup = useSetup();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const next = useRef<string | null>(null);
  const loaded = useLoaded(async (): Promise<readonly Schema<'HistoryView'>[]> => {
    const all: Schema<'HistoryView'>[] = [];
    for (const cursor of [undefined, ...cursors]) {
      const params = { path: { contact_id: contactId }, query: { limit: 50, cursor, after } };
      const page = await take(api.GET('/v1/contacts/{contact_id}/history', { params }));
      all.push(...page.items);
      next.current = page.next;
    }
    return all;
  }, `${after} ${cursors.length}`);
  return (
    <>
      <Listed title={words('history')} loaded={loaded}>
        {({ at, event, text, changes }) => (
          <li key={`${at} ${event} ${JSON.stringify(changes)}`} class={styles.item}>
            <span class={styles.itemText}>
              {text[language.value]}{' '}
              <span class={styles.soft}>
                {formatDateTime(at)}
                {changes
                  .map((change) => sayChange(change, setup))
                  .filter((said) => said !== null)
                  .map((said) => ` · ${said}`)}
              </span>
            </span>
          </li>
        )}
      </Listed>
      {loaded.state === 'ready' && next.current && (
        <Button small onClick={() => setCursors([...cursors, next.current ?? ''])}>
          {t('loadMore')}
        </Button>
      )}
    </>
  );
}

/** The customers at the channels that are this contact, and their conversations. */
export function Customers({ contact }: { contact: Contact }) {
  if (contact.customers.length === 0) return null;
  return (
    <section class={styles.part}>
      <h3>{words('conversations')}</h3>
      <ul class={styles.items}>
        {contact.customers.map((one) => (
          <Customer key={one.id} customer={one} contactId={contact.id} />
        ))}
      </ul>
    </section>
  );
}

type CustomerView = Contact['customers'][number];

function Customer({ customer, contactId }: { customer: CustomerView; contactId: string }) {
  const { name, picture, channel, page_id, external_id } = customer;
  const loaded = useLoaded(async () => {
    const base = { page: page_id, state: 'all' as const, limit: LIMIT };
    const asked = [
      ...(external_id ? [{ ...base, external_id }] : []),
      ...(name ? [{ ...base, q: name, kind: 'comment' as const }] : []),
    ];
    const pages = await Promise.all(
      asked.map((query) => take(api.GET('/v1/conversations', { params: { query } }))),
    );
    return pages.flatMap(({ items }) => items).filter((one) => one.contact_id === contactId);
  }, customer.id);
  return (
    <li class={styles.part}>
      <span class={styles.who}>
        <Avatar name={name ?? null} picture={picture} size={24} />
        <span class={styles.itemText}>
          {name ?? external_id}{' '}
          <span class={styles.soft}>
            {channel && channelName(channel)} {page_id && `· ${pageName(page_id)}`}
          </span>
        </span>
      </span>
      {loaded.value?.map(({ id, kind, last_text }) => (
        <a key={id} class={styles.item} href={href(kind === 'message' ? 'inbox' : 'comments', id)}>
          {last_text || words('openConversations')}
        </a>
      ))}
    </li>
  );
}
