import { useRef, useState } from 'preact/hooks';
import { ApiProblem, api, type Schema, take } from '../../api/client';
import { versionOf } from '../../api/version';
import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import { agentName } from '../../live/directory';
import { href } from '../../router';
import { mayInCrm } from '../../session';
import { formatDay, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import {
  Avatar,
  Button,
  Chip,
  DataForm,
  Dialog,
  Editable,
  Failed,
  type FormField,
  Notice,
  Picker,
  Skeleton,
  State,
  toast,
  useLoaded,
  type Values,
} from '../../ui';
import { ContactMore } from './contact-more';
import styles from './contact-panel.module.css';
import { Notes, Tasks } from './contact-work';
import { useTags } from './filters-bar';
import { useWish } from './keys';
import { words } from './texts';

type Contact = Schema<'ContactView'>;
type Claimable = Schema<'ClaimableContactView'>;
type Customer = Conversation['customer'];

interface ContactPanelProps {
  id: string;
  /** Begins with the choice of a tag. */
  tagging?: boolean;
}

/** The contact beside the conversation of `id`: what is known, recognized, noted and to be done. */
export function ContactPanel({ id, tagging = false }: ContactPanelProps) {
  const row = useStore().conversation(id).value;
  if (!row) return null;
  if (!row.contact_id) {
    return (
      <State icon="user" title={row.customer.name ?? row.customer.external_id}>
        {words('noContact')}
      </State>
    );
  }
  return (
    <ContactOf
      key={row.contact_id}
      id={row.contact_id}
      customer={row.customer}
      seen={row.updated_at}
      tagging={tagging}
    />
  );
}

interface ContactOfProps {
  id: string;
  customer: Customer;
  /** Of the last message: another one may have brought a suggestion. */
  seen: string;
  tagging: boolean;
}

function ContactOf({ id, customer, seen, tagging }: ContactOfProps) {
  const after = useRef<number | undefined>(undefined);
  const loaded = useLoaded(() => {
    const params = { path: { contact_id: id }, query: { after: after.current } };
    return take(api.GET('/v1/contacts/{contact_id}', { params }));
  }, `${id} ${seen}`);
  /** Reads it again, with what `answer` says was changed. */
  const reload = async (answer: unknown) => {
    after.current = versionOf(answer) ?? after.current;
    await loaded.reload();
  };
  if (loaded.state === 'loading') return <Skeleton />;
  if (loaded.state === 'failed') {
    const { problem } = loaded;
    const isBarred = problem instanceof ApiProblem && [403, 404].includes(problem.status);
    if (isBarred) return <State icon="lock" title={words('contactHidden')} />;
    return <Failed text={sayProblem(problem)} onRetry={() => void loaded.reload()} />;
  }
  const contact = loaded.value as Contact | Claimable;
  if ('claimable' in contact) {
    if (!mayInCrm('access')) return <State icon="lock" title={words('contactHidden')} />;
    return <Claim contact={contact} onDone={loaded.reload} />;
  }
  const act = async (doing: Promise<unknown>) => {
    try {
      await reload(await doing);
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  if (!mayInCrm('access')) {
    return (
      <div class={styles.panel}>
        <Facts contact={contact} customer={customer} onChanged={null} />
      </div>
    );
  }
  return (
    <div class={styles.panel}>
      {contact.read_only && <Notice>{words('readOnly')}</Notice>}
      <Facts contact={contact} customer={customer} onChanged={contact.read_only ? null : reload} />
      <Editable may={!contact.read_only}>
        <Suggestions contact={contact} act={act} />
        <TagsOf contact={contact} act={act} choosing={tagging} />
        <Tasks contactId={id} />
        <Notes contactId={id} />
      </Editable>
      <ContactMore contactId={id} />
      <a class={styles.whole} href={href('contacts', id)}>
        {words('openProfile')}
      </a>
    </div>
  );
}

function Claim({ contact, onDone }: { contact: Claimable; onDone: () => Promise<void> }) {
  const claim = async () => {
    try {
      const path = { warehouse_id: contact.warehouse_id };
      await api.POST('/v1/warehouses/{warehouse_id}/claims', {
        params: { path },
        body: { contact_id: contact.id },
      });
      toast(words('claimed'));
    } catch (problem) {
      const holder = problem instanceof ApiProblem && problem.body.agent_id;
      const said = typeof holder === 'string' ? words('claimedBy', agentName(holder)) : null;
      toast(said ?? sayProblem(problem), 'bad');
    }
    await onDone();
  };
  return (
    <div class={styles.panel}>
      <h3>{contact.name}</h3>
      <Notice>{words('claimHint')}</Notice>
      <Button kind="primary" onClick={() => void claim()}>
        {words('claim')}
      </Button>
    </div>
  );
}

interface FactsProps {
  contact: Contact;
  customer: Customer;
  /** Null where they may only be read. */
  onChanged: ((answer: unknown) => Promise<void>) | null;
}

function Facts({ contact, customer, onChanged }: FactsProps) {
  const [editing, setEditing] = useState(false);
  const { name, phones, emails, address, birthday, gender, location } = contact;
  const shown = name ?? customer.name ?? customer.external_id;
  const facts: readonly [string, string | null | undefined][] = [
    [words('phones'), phones.join(', ')],
    [words('emails'), emails.join(', ')],
    [words('address'), address ?? location],
    [words('gender'), gender && words(gender as 'other')],
    [words('birthday'), birthday && formatDay(birthday)],
  ];
  return (
    <section class={styles.part}>
      <div class={styles.who}>
        <Avatar name={shown} picture={customer.picture} size={40} />
        <h3>{shown}</h3>
        {onChanged && (
          <Button small kind="quiet" icon="edit" onClick={() => setEditing(true)}>
            {t('edit')}
          </Button>
        )}
      </div>
      <dl class={styles.facts}>
        {facts.map(([label, value]) =>
          value ? (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
      {editing && onChanged && (
        <Dialog title={words('editContact')} onClose={() => setEditing(false)}>
          <DataForm
            fields={contactFields()}
            values={{ name, phones, emails, address, birthday, gender }}
            onCancel={() => setEditing(false)}
            onSubmit={async (values) => {
              const path = { contact_id: contact.id };
              const body = cleaned(values) as Schema<'ContactPatch'>;
              const params = { path };
              const answer = await api.PATCH('/v1/contacts/{contact_id}', { params, body });
              setEditing(false);
              await onChanged(answer);
            }}
          />
        </Dialog>
      )}
    </section>
  );
}

function contactFields(): readonly FormField[] {
  const hint = words('onePerLine');
  return [
    { kind: 'text', name: 'name', label: words('name') },
    { kind: 'lines', name: 'phones', label: words('phones'), hint },
    { kind: 'lines', name: 'emails', label: words('emails'), hint },
    { kind: 'text', name: 'address', label: words('address') },
    { kind: 'date', name: 'birthday', label: words('birthday') },
    {
      kind: 'choice',
      name: 'gender',
      label: words('gender'),
      choices: [
        { value: '', text: '' },
        ...(['female', 'male', 'other'] as const).map((value) => ({ value, text: words(value) })),
      ],
    },
  ];
}

/** Empty texts empty a field, empty lines are nothing. */
function cleaned(values: Values): Values {
  const entries = Object.entries(values).map(([name, value]) => {
    if (Array.isArray(value)) return [name, value.map((one) => String(one).trim()).filter(Boolean)];
    return [name, value === '' ? null : value];
  });
  return Object.fromEntries(entries);
}

type Act = (doing: Promise<unknown>) => Promise<void>;

export function Suggestions({ contact, act }: { contact: Contact; act: Act }) {
  if (contact.suggestions.length === 0) return null;
  const answer = (id: string, accept: boolean) =>
    act(
      api.POST('/v1/contacts/{contact_id}/suggestions/{suggestion_id}', {
        params: { path: { contact_id: contact.id, suggestion_id: id } },
        body: { accept },
      }),
    );
  return (
    <section class={styles.part}>
      <h3>{words('suggestions')}</h3>
      <ul class={styles.items}>
        {contact.suggestions.map(({ id, value }) => (
          <li key={id} class={styles.suggestion}>
            <strong>{value}</strong>
            <Button small kind="primary" onClick={() => void answer(id, true)}>
              {words('accept')}
            </Button>
            <Button small kind="quiet" onClick={() => void answer(id, false)}>
              {words('decline')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface TagsOfProps {
  contact: Contact;
  act: Act;
  /** Begins with the choice of another one. */
  choosing?: boolean;
}

export function TagsOf({ contact, act, choosing = false }: TagsOfProps) {
  const [open, setOpen] = useState(choosing);
  const [query, setQuery] = useState('');
  const known = useTags(query);
  useWish('tag', () => setOpen(true));
  const pathOf = (tag: string) => ({ contact_id: contact.id, tag });
  const address = '/v1/contacts/{contact_id}/tags/{tag}' as const;
  const left = known.filter((tag) => !contact.tags.includes(tag));
  return (
    <section class={styles.part}>
      <h3>{words('tags')}</h3>
      <div class={styles.tags}>
        {contact.tags.map((tag) => (
          <Chip
            key={tag}
            onRemove={{
              label: words('removeTag', tag),
              run: () => void act(api.DELETE(address, { params: { path: pathOf(tag) } })),
            }}
          >
            {tag}
          </Chip>
        ))}
        <Picker
          small
          icon="plus"
          label={words('addTag')}
          options={left.map((tag) => ({ value: tag, text: tag }))}
          free={(tag) => words('newTag', tag)}
          onQuery={setQuery}
          open={open}
          onOpen={setOpen}
          onPick={(tag) => void act(api.PUT(address, { params: { path: pathOf(tag) } }))}
        >
          {words('addTag')}
        </Picker>
      </div>
    </section>
  );
}
