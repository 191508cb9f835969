import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem, api, take } from '../../api/client';
import { versionOf } from '../../api/version';
import { agentName } from '../../live/directory';
import { href, navigate } from '../../router';
import { mayInCrm } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import {
  Avatar,
  Button,
  Confirm,
  Editable,
  Failed,
  Menu,
  NotFound,
  Notice,
  Skeleton,
  toast,
  useLoaded,
} from '../../ui';
import { Suggestions, TagsOf } from '../inbox/contact-panel';
import { claim } from './claim';
import { Facts } from './contact-facts';
import styles from './contacts.module.css';
import { MergeDialog, Merges } from './merging';
import { Calls, Customers, History, Shares } from './related';
import { type Claimable, type Contact, isClaimable } from './setup';
import { words } from './texts';
import { Appointments, Deals, Notes, Tasks, Tickets } from './work';
import type { OnChanged } from './work-list';

/** One contact, with all that hangs on it. */
export function ContactPage({ id }: { id: string }) {
  const seen = useRef<number | undefined>(undefined);
  const loaded = useLoaded(() => {
    const params = { path: { contact_id: id }, query: { after: seen.current } };
    return take(api.GET('/v1/contacts/{contact_id}', { params }));
  }, id);
  const survivor = loaded.value?.id;
  useEffect(() => {
    if (survivor && survivor !== id) navigate(href('contacts', survivor), 'replace');
  }, [survivor, id]);

  if (loaded.state === 'loading') return <Skeleton />;
  if (loaded.state === 'failed') {
    const { problem } = loaded;
    const back = <a href={href('contacts')}>{words('toList')}</a>;
    const isBarred = problem instanceof ApiProblem && [403, 404].includes(problem.status);
    if (isBarred) return <NotFound action={back} />;
    return <Failed text={sayProblem(problem)} onRetry={() => void loaded.reload()} />;
  }
  /** Reads it again, as it is after a change that led to `version`. */
  const reload = async (version?: number) => {
    seen.current = version ?? seen.current;
    await loaded.reload();
  };
  const contact = loaded.value;
  if (isClaimable(contact)) return <Unclaimed contact={contact} onDone={reload} />;
  return <Known contact={contact} reload={reload} />;
}

function Unclaimed({ contact, onDone }: { contact: Claimable; onDone: () => Promise<void> }) {
  return (
    <div class={styles.side}>
      <Back />
      <h2>{contact.name ?? words('noName')}</h2>
      <Notice>{words('unclaimed')}</Notice>
      <Button kind="primary" onClick={() => void claim(contact).then(() => onDone())}>
        {words('claim')}
      </Button>
    </div>
  );
}

function Back() {
  return <a href={href('contacts')}>{words('toList')}</a>;
}

export type Reload = (version?: number) => Promise<void>;

function Known({ contact, reload }: { contact: Contact; reload: Reload }) {
  const { id, name, customers, viewers, read_only } = contact;
  const [noted, setNoted] = useState(0);
  const after = Math.max(noted, contact.version);
  const note: OnChanged = (of, version) => of === id && version && setNoted(version);
  const act = async (doing: Promise<unknown>) => {
    try {
      await reload(versionOf(await doing));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <div class={styles.page}>
      <div class={styles.side}>
        <Back />
        <div class={styles.who}>
          <Avatar
            name={name}
            picture={customers.find(({ picture }) => picture)?.picture ?? null}
            size={40}
          />
          <h2>{name ?? words('noName')}</h2>
          {!read_only && <Actions contact={contact} reload={reload} />}
        </div>
        {read_only && <Notice>{words('readOnly')}</Notice>}
        <Editable may={!read_only}>
          <Suggestions contact={contact} act={act} />
          <Facts contact={contact} reload={reload} />
          <TagsOf contact={contact} act={act} />
        </Editable>
        <Customers contact={contact} />
        {viewers.length > 0 && (
          <section class={styles.part}>
            <h3>{words('viewers')}</h3>
            <p>{viewers.map(agentName).join(', ')}</p>
          </section>
        )}
      </div>
      <div class={styles.work}>
        <Editable may={!read_only}>
          <Tasks contactId={id} onChanged={note} />
          <Notes contactId={id} onChanged={note} />
          <Deals contactId={id} onChanged={note} />
          <Tickets contactId={id} onChanged={note} />
          <Appointments contactId={id} onChanged={note} />
        </Editable>
        <Calls contactId={id} />
        <Editable may={!read_only}>
          <Shares contactId={id} onChanged={reload} />
          <Merges contact={contact} reload={reload} />
        </Editable>
        <History contactId={id} after={after} />
      </div>
    </div>
  );
}

function Actions({ contact, reload }: { contact: Contact; reload: Reload }) {
  const [open, setOpen] = useState<'delete' | 'merge' | null>(null);
  const [busy, setBusy] = useState(false);
  const drop = async () => {
    setBusy(true);
    try {
      const params = { path: { contact_id: contact.id } };
      await api.DELETE('/v1/contacts/{contact_id}', { params });
      toast(words('deleted'));
      navigate(href('contacts'), 'replace');
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
      setBusy(false);
      setOpen(null);
    }
  };
  return (
    <>
      <Menu
        small
        align="end"
        icon="more"
        label={t('edit')}
        items={[
          {
            key: 'merge',
            text: words('merge'),
            icon: 'people',
            onPick: () => setOpen('merge'),
          },
          ...(mayInCrm('delete')
            ? [
                {
                  key: 'delete',
                  text: words('deleteContact'),
                  icon: 'trash' as const,
                  danger: true,
                  onPick: () => setOpen('delete'),
                },
              ]
            : []),
        ]}
      />
      {open === 'merge' && (
        <MergeDialog contact={contact} reload={reload} onClose={() => setOpen(null)} />
      )}
      {open === 'delete' && (
        <Confirm
          danger
          busy={busy}
          title={words('deleteContact')}
          action={t('remove')}
          onConfirm={() => void drop()}
          onClose={() => setOpen(null)}
        >
          {words('deleteHint')}
        </Confirm>
      )}
    </>
  );
}
