import { useState } from 'preact/hooks';
import type { Job } from '../../core/model';
import { useStore } from '../../live/context';
import { pages as directory, pageName } from '../../live/directory';
import { formatDateTime, formatNumber, t } from '../../texts';
import { sayDetail } from '../../texts/details';
import { sayProblem } from '../../texts/problems';
import { Button, Confirm, DataForm, Drawer, Notice, Tabs, toast } from '../../ui';
import { Head, Listing } from './listing';
import { type Item, write } from './routes';
import styles from './settings.module.css';
import { words } from './texts';
import { usePages } from './use-pages';

/** What could not be read, to be read again once the cause is mended (P3, P4). */
export function DeadLetters() {
  const [state, setState] = useState('open');
  const [open, setOpen] = useState<Item | null>(null);
  const [dropping, setDropping] = useState(false);
  const [busy, setBusy] = useState(false);
  const listed = usePages(`/v1/dead-letters?state=${state}`);
  const act = async (method: 'POST' | 'DELETE', path: string, done: string) => {
    setBusy(true);
    setDropping(false);
    try {
      await write(method, path);
      toast(done);
      setOpen(null);
      await listed.loaded.reload();
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    } finally {
      setBusy(false);
    }
  };
  const address = `/v1/dead-letters/${encodeURIComponent(open?.id ?? '')}`;
  return (
    <>
      <Head title="deadLetters" lead="deadLettersLead" />
      <Tabs
        label={words('deadLetters')}
        chosen={state}
        onChoose={setState}
        tabs={[
          { key: 'open', text: words('letterOpen') },
          { key: 'sent', text: words('letterSent') },
        ]}
      >
        <Listing
          label={words('deadLetters')}
          pages={listed}
          onOpen={setOpen}
          columns={[
            {
              key: 'at',
              title: words('at'),
              short: true,
              cell: ({ at }) => formatDateTime(String(at)),
            },
            { key: 'error', title: words('error'), cell: ({ error }) => String(error) },
            {
              key: 'page',
              title: words('page'),
              cell: ({ page_id }) => (page_id ? pageName(String(page_id)) : ''),
            },
            {
              key: 'service',
              title: words('service'),
              cell: ({ service }) => String(service),
            },
          ]}
        />
      </Tabs>
      <Replay />
      {open && (
        <Drawer
          wide
          title={formatDateTime(String(open.at))}
          onClose={() => setOpen(null)}
          actions={
            <>
              <Button kind="danger" icon="trash" onClick={() => setDropping(true)}>
                {t('remove')}
              </Button>
              <Button
                kind="primary"
                icon="refresh"
                busy={busy}
                onClick={() => void act('POST', `${address}/retry`, words('readAgain'))}
              >
                {t('retry')}
              </Button>
            </>
          }
        >
          <Notice tone="bad">{String(open.error)}</Notice>
          <pre class={styles.code}>{String(open.payload)}</pre>
        </Drawer>
      )}
      {dropping && (
        <Confirm
          danger
          title={words('removeLetter')}
          action={t('remove')}
          onConfirm={() => void act('DELETE', address, words('removed'))}
          onClose={() => setDropping(false)}
        >
          {words('removeLetterHint')}
        </Confirm>
      )}
    </>
  );
}

/** Reads what was received in a stretch of time again. */
function Replay() {
  const store = useStore();
  const [id, setId] = useState<string | null>(null);
  const job = id ? store.jobs.value.get(id) : undefined;
  return (
    <section class={styles.stack}>
      <h3>{words('replay')}</h3>
      <p class={styles.lead}>{words('replayLead')}</p>
      <DataForm
        submit={words('replayNow')}
        done={words('replayBegun')}
        fields={[
          {
            kind: 'text',
            type: 'datetime-local',
            name: 'since',
            label: words('from'),
            required: true,
          },
          { kind: 'text', type: 'datetime-local', name: 'until', label: words('until_') },
          {
            kind: 'choice',
            name: 'page',
            label: words('page'),
            choices: [
              { value: '', text: t('all') },
              ...directory.value.map((page) => ({ value: page.id, text: page.name })),
            ],
          },
        ]}
        values={{ since: '', until: '', page: '' }}
        onSubmit={async ({ since, until, page }) => {
          const { answer } = await write('POST', '/v1/raw/replay', {
            since: new Date(String(since)).toISOString(),
            until: until ? new Date(String(until)).toISOString() : null,
            page: page || null,
          });
          store.follow(answer as unknown as Job);
          setId(String(answer.id));
        }}
      />
      {job && (
        <Notice tone={job.state === 'failed' ? 'bad' : job.state === 'done' ? 'good' : 'info'}>
          {words('jobState', job.state, formatNumber(job.done), formatNumber(job.changed))}
          {job.detail && ` ${sayDetail(job.detail)}`}
        </Notice>
      )}
    </section>
  );
}
