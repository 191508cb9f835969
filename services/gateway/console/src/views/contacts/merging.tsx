import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { href, navigate } from '../../router';
import { formatDateTime } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Combobox, Confirm, Dialog, toast, useLoaded } from '../../ui';
import type { Reload } from './contact-page';
import styles from './contacts.module.css';
import { Listed } from './related';
import { readContacts } from './rows';
import { type Contact, isClaimable, type Row } from './setup';
import { words } from './texts';

const PAUSE_MS = 250;

interface MergingProps {
  contact: Contact;
  reload: Reload;
}

/** Merges with another contact, after it was looked up (C2). */
export function MergeDialog({ contact, reload, onClose }: MergingProps & { onClose: () => void }) {
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<readonly Row[]>([]);
  const [other, setOther] = useState<Row | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const q = query.trim();
    if (!q) return setFound([]);
    let isOld = false;
    const waiting = setTimeout(async () => {
      const page = await readContacts({ q }, undefined, 20).catch(() => null);
      if (page && !isOld) setFound(page.items);
    }, PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(waiting);
    };
  }, [query]);

  const merge = async (into: Row) => {
    setBusy(true);
    try {
      const params = {
        path: { contact_id: contact.id },
        header: { 'if-match': `"${contact.version}"` },
      };
      const body = { with: into.id };
      const merged = await take(api.POST('/v1/contacts/{contact_id}/merge', { params, body }));
      toast(words('merged'));
      onClose();
      if (merged.id === contact.id) await reload(merged.version);
      else navigate(href('contacts', merged.id), 'replace');
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
      setBusy(false);
      setOther(null);
    }
  };
  const offered = found.filter((row) => row.id !== contact.id && !isClaimable(row));
  if (other) {
    return (
      <Confirm
        title={words('mergeWith', other.name ?? words('noName'))}
        action={words('merge')}
        busy={busy}
        onConfirm={() => void merge(other)}
        onClose={onClose}
      >
        {words('mergeHint')}
      </Confirm>
    );
  }
  return (
    <Dialog title={words('merge')} onClose={onClose}>
      <Combobox
        label={words('search')}
        hint={words('mergeHint')}
        options={offered.map((row) => ({
          value: row.id,
          text: row.name ?? words('noName'),
          hint: isClaimable(row) ? '' : (row.phones[0] ?? row.emails[0] ?? ''),
        }))}
        onQuery={setQuery}
        onPick={(id) => setOther(found.find((row) => row.id === id) ?? null)}
      />
    </Dialog>
  );
}

/** The merges that led to the contact; each can be undone. */
export function Merges({ contact, reload }: MergingProps) {
  const seen = useRef<number | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const loaded = useLoaded(async (): Promise<readonly Schema<'MergeView'>[]> => {
    const query = { limit: 200, after: seen.current };
    const params = { path: { contact_id: contact.id }, query };
    return (await take(api.GET('/v1/contacts/{contact_id}/merges', { params }))).items;
  }, contact.version);
  const undo = async (merge_id: string) => {
    setBusy(true);
    try {
      const params = { path: { contact_id: contact.id, merge_id } };
      const address = '/v1/contacts/{contact_id}/merges/{merge_id}/undo';
      const { version } = await take(api.POST(address, { params }));
      seen.current = version;
      toast(words('undone'));
      await Promise.all([loaded.reload(), reload(version)]);
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };
  if (loaded.value?.length === 0) return null;
  return (
    <Listed title={words('merges')} loaded={loaded}>
      {({ id, fact, undone, created_at, created_by }) => (
        <li key={id} class={styles.item}>
          <span class={styles.itemText}>
            {fact ? words('mergedFrom', fact) : words('mergedByHand')}{' '}
            <span class={styles.soft}>
              {formatDateTime(created_at)}
              {created_by && ` · ${agentName(created_by)}`}
              {undone && ` · ${words('undone')}`}
            </span>
          </span>
          {!undone && (
            <Button small busy={busy} onClick={() => void undo(id)}>
              {words('undo')}
            </Button>
          )}
        </li>
      )}
    </Listed>
  );
}
