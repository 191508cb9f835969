import { useRef, useState } from 'preact/hooks';
import { newId } from '../../api/new-id';
import { loadDirectory } from '../../live/directory';
import { route } from '../../router';
import { hasRight } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import {
  Button,
  Chip,
  Confirm,
  DataForm,
  Drawer,
  Failed,
  Skeleton,
  State,
  Table,
  TextField,
  toast,
  useLoaded,
  type Values,
} from '../../ui';
import { Head } from './listing';
import { type Item, readItems, write } from './routes';
import { Secret } from './secret';
import { addressOf, bodyOf, type Lists, nameOf, readLists, type Section } from './section';
import styles from './settings.module.css';
import { words } from './texts';

const FILTER_FROM = 12;

/** A section's list, and the form of what is open. */
export function SectionView({ section }: { section: Section }) {
  const seen = useRef<string | null>(null);
  const loaded = useLoaded(async () => {
    const after = section.ofDirectory ? seen.current : null;
    const [items, lists] = await Promise.all([
      section.load?.(after) ?? readItems(section.path, after),
      readLists(section.needs ?? []),
    ]);
    return { items, lists };
  }, section.key);
  const [dropping, setDropping] = useState<Item | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const mayWrite = hasRight(section.write);
  const [open, setOpen] = useState<Item | 'new' | null>(
    mayWrite && route.value.query.has('new') ? 'new' : null,
  );
  const close = () => setOpen(null);

  const changed = async (version: string | null = null) => {
    if (version) seen.current = version;
    await loaded.reload();
    if (section.path === '/v1/agents' || section.path === '/v1/pages') void loadDirectory();
  };
  const drop = async (item: Item) => {
    const ifMatch = section.ofDirectory ? undefined : item.version;
    setDropping(null);
    try {
      const { version } = await write(
        'DELETE',
        addressOf(section, item.id, item),
        undefined,
        ifMatch,
      );
      close();
      await changed(version);
      toast(words('removed'));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };

  return (
    <>
      <Head title={section.title} lead={section.lead}>
        {mayWrite && (
          <Button kind="primary" icon="plus" onClick={() => setOpen('new')}>
            {t('add')}
          </Button>
        )}
      </Head>
      {section.Head && mayWrite && (
        <section.Head items={loaded.value?.items ?? []} onChanged={changed} />
      )}
      {loaded.state === 'loading' && <Skeleton />}
      {loaded.state === 'failed' && (
        <Failed text={sayProblem(loaded.problem)} onRetry={() => void loaded.reload()} />
      )}
      {loaded.state === 'ready' && (
        <Rows section={section} {...loaded.value} onOpen={(item) => setOpen(item)} />
      )}
      {open && loaded.state === 'ready' && (
        <Drawer
          wide
          title={open === 'new' ? `${t('add')}: ${words(section.title)}` : nameOf(section, open)}
          onClose={close}
        >
          {open !== 'new' && section.Notice && (
            <div class={styles.notice}>
              <section.Notice item={open} />
            </div>
          )}
          <ItemForm
            key={open === 'new' ? 'new' : open.id}
            section={section}
            item={open === 'new' ? null : open}
            lists={loaded.value.lists}
            disabled={!mayWrite || (section.method !== undefined && open !== 'new')}
            onCancel={close}
            onSaved={async (answer, version) => {
              close();
              if (typeof answer.token === 'string') setSecret(answer.token);
              await changed(version);
            }}
          />
          {open !== 'new' && (
            <div class={styles.stack}>
              {section.Extra && <section.Extra item={open} onChanged={changed} />}
              {mayWrite && (section.canRemove?.(open) ?? true) && (
                <div>
                  <Button kind="danger" icon="trash" onClick={() => setDropping(open)}>
                    {t('remove')}
                  </Button>
                </div>
              )}
            </div>
          )}
        </Drawer>
      )}
      {dropping && (
        <Confirm
          danger
          title={words('removeNamed', nameOf(section, dropping))}
          action={t('remove')}
          onConfirm={() => void drop(dropping)}
          onClose={() => setDropping(null)}
        >
          {words(section.removal)}
        </Confirm>
      )}
      {secret && <Secret value={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

interface RowsProps {
  section: Section;
  items: readonly Item[];
  lists: Lists;
  onOpen: (item: Item) => void;
}

function Rows({ section, items, lists, onOpen }: RowsProps) {
  const [query, setQuery] = useState('');
  if (items.length === 0) {
    return (
      <State icon="settings" title={t('nothing')}>
        {words(section.lead)}
      </State>
    );
  }
  const wanted = query.trim().toLowerCase();
  const textOf = (item: Item) =>
    [nameOf(section, item), ...section.columns.map(({ text }) => text(item, lists))].join(' ');
  const shown = items.filter((item) => textOf(item).toLowerCase().includes(wanted));
  return (
    <>
      {items.length >= FILTER_FROM && (
        <TextField label={t('search')} type="search" value={query} onValue={setQuery} />
      )}
      <Table
        label={words(section.title)}
        rows={shown}
        keyOf={(item) => `${String(item.department_id ?? '')}/${item.id}`}
        onOpen={onOpen}
        columns={[
          { key: 'name', title: words('name'), cell: (item) => nameOf(section, item) },
          ...section.columns.map(({ title, text, tone }) => ({
            key: title,
            title: words(title),
            cell: (item: Item) => {
              const said = text(item, lists);
              const loud = said && tone?.(item);
              return loud ? <Chip tone={loud}>{said}</Chip> : said;
            },
          })),
        ]}
      />
    </>
  );
}

interface ItemFormProps {
  section: Section;
  item: Item | null;
  lists: Lists;
  disabled: boolean;
  onCancel: () => void;
  onSaved: (answer: Values, version: string | null) => Promise<void>;
}

function ItemForm({ section, item, lists, disabled, onCancel, onSaved }: ItemFormProps) {
  const id = useRef(item?.id ?? newId());
  const fields = section.fields(lists, item);
  const values = item ? (section.toValues?.(item) ?? item) : section.blank;
  return (
    <DataForm
      fields={fields}
      values={values}
      disabled={disabled}
      onCancel={onCancel}
      onSubmit={async (given) => {
        const ifMatch = section.ofDirectory ? undefined : item?.version;
        const body = bodyOf(section, fields, given);
        const address = addressOf(section, section.method ? '' : id.current, given);
        const { answer, version } = await write(section.method ?? 'PUT', address, body, ifMatch);
        await onSaved(answer, version);
      }}
    />
  );
}
