import { useState } from 'preact/hooks';
import { api, request, type Schema, take } from '../../api/client';
import { me } from '../../session';
import { formatNumber, t } from '../../texts';
import { sayDetail } from '../../texts/details';
import { sayProblem } from '../../texts/problems';
import { Button, Meter, Notice, SelectField, Table } from '../../ui';
import styles from './contacts.module.css';
import { FilePicker } from './file-picker';
import { named } from './filter-bar';
import { importWords } from './import-texts';
import { isOver, sayReason, sayState, useProgress } from './job';
import { managedBy, openTo, type Setup, useSetup } from './setup';
import { words } from './texts';

type Uploaded = Schema<'UploadedImport'>;
type Preview = Schema<'ImportPreview'>;
type Import = Schema<'ImportView'>;
type Mapping = Schema<'MappingIn'>;

/** Where the import is: what each step found is what the next one needs. */
type At =
  | { step: 'importFile' }
  | { step: 'importMapping'; uploaded: Uploaded; given: Mapping }
  | { step: 'importReport'; uploaded: Uploaded; given: Mapping; preview: Preview }
  | { step: 'importProgress'; begun: Import };

const STEPS = ['importFile', 'importMapping', 'importReport', 'importProgress'] as const;

/** Contacts from a file, in four steps (C9). */
export function ImportView() {
  const [at, setAt] = useState<At>({ step: 'importFile' });
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const go = async (next: () => Promise<At>) => {
    setBusy(true);
    setProblem(null);
    try {
      setAt(await next());
    } catch (failure) {
      setProblem(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class={styles.narrow}>
      <ol class={styles.steps} aria-label={importWords('importSteps')}>
        {STEPS.map((step, index) => (
          <li key={step} aria-current={step === at.step ? 'step' : undefined}>
            {index + 1}. {importWords(step)}
          </li>
        ))}
      </ol>
      {problem !== null && <Notice tone="bad">{sayProblem(problem)}</Notice>}
      {at.step === 'importFile' && (
        <FileStep
          busy={busy}
          onFile={(file, warehouse) =>
            void go(async () => {
              const uploaded = await upload(file, warehouse);
              const given: Mapping = { mapping: uploaded.guess, duplicates: 'fill' };
              return { step: 'importMapping', uploaded, given };
            })
          }
        />
      )}
      {at.step === 'importMapping' && (
        <MappingStep
          uploaded={at.uploaded}
          given={at.given}
          busy={busy}
          onGiven={(given) =>
            void go(async () => {
              const params = { path: { import_id: at.uploaded.id } };
              const address = '/v1/imports/{import_id}/mapping';
              const preview = await take(api.PUT(address, { params, body: given }));
              return { step: 'importReport', uploaded: at.uploaded, given, preview };
            })
          }
        />
      )}
      {at.step === 'importReport' && (
        <ReportStep
          preview={at.preview}
          busy={busy}
          onBack={() => setAt({ step: 'importMapping', uploaded: at.uploaded, given: at.given })}
          onStart={() =>
            void go(async () => {
              const params = { path: { import_id: at.uploaded.id } };
              const begun = await take(api.POST('/v1/imports/{import_id}/start', { params }));
              return { step: 'importProgress', begun };
            })
          }
        />
      )}
      {at.step === 'importProgress' && (
        <ProgressStep begun={at.begun} onAgain={() => setAt({ step: 'importFile' })} />
      )}
    </section>
  );
}

async function upload(file: File, warehouse: string): Promise<Uploaded> {
  const body = new FormData();
  body.append('file', file);
  if (warehouse) body.append('warehouse_id', warehouse);
  const answer = await request('/v1/imports', { method: 'POST', body });
  return (await answer.json()) as Uploaded;
}

interface FileStepProps {
  busy: boolean;
  onFile: (file: File, warehouse: string) => void;
}

function FileStep({ busy, onFile }: FileStepProps) {
  const warehouses = openTo(me.value, useSetup());
  const [file, setFile] = useState<File | null>(null);
  const [warehouse, setWarehouse] = useState(
    (warehouses.find((one) => one.default) ?? warehouses[0])?.id ?? '',
  );
  return (
    <form
      class={styles.step}
      onSubmit={(event) => {
        event.preventDefault();
        if (file) onFile(file, warehouse);
      }}
    >
      <FilePicker file={file} onFile={setFile} />
      {warehouses.length > 0 && (
        <SelectField
          label={importWords('intoWarehouse')}
          choices={named(warehouses)}
          value={warehouse}
          onValue={setWarehouse}
        />
      )}
      <div class={styles.actions}>
        <Button type="submit" kind="primary" busy={busy} disabled={!file}>
          {importWords('next')}
        </Button>
        <a href="/v1/imports/template.xlsx" download>
          {importWords('template')}
        </a>
      </div>
    </form>
  );
}

const FIELDS = [
  'name',
  'phones',
  'emails',
  'gender',
  'birthday',
  'address',
  'location',
  'tags',
] as const;
const DUPLICATES = ['skip', 'fill', 'overwrite'] as const;

/** The fields to which a column can be mapped. The gateway refuses the assignee in a warehouse that
 * the viewer does not manage. */
function listFields(setup: Setup): { value: string; text: string }[] {
  return [
    ...FIELDS.map((value) => ({ value, text: words(value) })),
    ...setup.fields.map(({ id, name }) => ({ value: `custom.${id}`, text: name })),
    ...setup.pipelines.map(({ id, name }) => ({ value: `steps.${id}`, text: name })),
    { value: 'campaign_id', text: words('campaign') },
    { value: 'care_status', text: words('careStatus') },
    ...(managedBy(me.value, setup).length > 0
      ? [{ value: 'assignee', text: words('assignee') }]
      : []),
  ];
}

interface MappingStepProps {
  uploaded: Uploaded;
  given: Mapping;
  busy: boolean;
  onGiven: (given: Mapping) => void;
}

function MappingStep({ uploaded, given, busy, onGiven }: MappingStepProps) {
  const setup = useSetup();
  const [mapping, setMapping] = useState(given.mapping);
  const [duplicates, setDuplicates] = useState(given.duplicates);
  const choices = [{ value: '', text: importWords('leaveOut') }, ...listFields(setup)];
  const put = (column: string, field: string) => {
    const { [column]: _, ...rest } = mapping;
    setMapping(field ? { ...rest, [column]: field } : rest);
  };
  return (
    <div class={styles.step}>
      <Table
        label={importWords('importMapping')}
        rows={uploaded.columns}
        keyOf={(column) => column}
        columns={[
          { key: 'column', title: importWords('column'), cell: (column) => column },
          {
            key: 'field',
            title: importWords('field'),
            cell: (column) => (
              <SelectField
                bare
                label={column}
                choices={choices}
                value={mapping[column] ?? ''}
                onValue={(field) => put(column, field)}
              />
            ),
          },
          {
            key: 'sample',
            title: importWords('sample'),
            cell: (column) =>
              uploaded.sample
                .map((row) => row[column])
                .filter(Boolean)
                .slice(0, 3)
                .join(', '),
          },
        ]}
      />
      <SelectField
        label={importWords('duplicates')}
        choices={DUPLICATES.map((value) => ({ value, text: importWords(value) }))}
        value={duplicates}
        onValue={(value) => setDuplicates(value as Mapping['duplicates'])}
      />
      <div class={styles.actions}>
        <Button
          kind="primary"
          busy={busy}
          disabled={Object.keys(mapping).length === 0}
          onClick={() => onGiven({ mapping, duplicates })}
        >
          {importWords('next')}
        </Button>
      </div>
    </div>
  );
}

interface ReportStepProps {
  preview: Preview;
  busy: boolean;
  onBack: () => void;
  onStart: () => void;
}

function ReportStep({ preview, busy, onBack, onStart }: ReportStepProps) {
  const { rows, valid, duplicates, errors } = preview;
  return (
    <div class={styles.step}>
      <p role="status">
        {importWords(
          'reportSaid',
          formatNumber(rows),
          formatNumber(valid),
          formatNumber(duplicates),
        )}
      </p>
      {errors.length === 0 ? (
        <p>{importWords('noErrors')}</p>
      ) : (
        <Table
          label={importWords('importReport')}
          rows={errors}
          keyOf={({ row, column }) => `${row} ${column}`}
          columns={[
            { key: 'row', title: importWords('row'), cell: ({ row }) => row },
            { key: 'column', title: importWords('column'), cell: ({ column }) => column },
            { key: 'error', title: importWords('rowError'), cell: ({ error }) => sayDetail(error) },
          ]}
        />
      )}
      <div class={styles.actions}>
        <Button kind="primary" busy={busy} disabled={valid === 0} onClick={onStart}>
          {importWords('start')}
        </Button>
        <Button onClick={onBack}>{t('back')}</Button>
      </div>
    </div>
  );
}

function ProgressStep({ begun, onAgain }: { begun: Import; onAgain: () => void }) {
  const [busy, setBusy] = useState(false);
  const { now, problem, show } = useProgress(begun, (id) =>
    take(api.GET('/v1/imports/{import_id}', { params: { path: { import_id: id } } })),
  );
  const [refused, setRefused] = useState<unknown>(null);
  const stop = async () => {
    setBusy(true);
    try {
      const params = { path: { import_id: now.id } };
      show(await take(api.POST('/v1/imports/{import_id}/stop', { params })));
    } catch (failure) {
      setRefused(failure);
    } finally {
      setBusy(false);
    }
  };
  const { state, done, total, changed, unchanged, skipped, detail } = now;
  const wrong = problem ?? refused;
  return (
    <div class={styles.step}>
      <p role="status">{sayState(state)}</p>
      {total !== null && <Meter label={words('progress')} value={done} max={total} warnFrom={2} />}
      <p>
        {words('changed', formatNumber(changed))} · {words('unchanged', formatNumber(unchanged))} ·{' '}
        {words('skipped', formatNumber(skipped.length))}
      </p>
      {skipped.length > 0 && (
        <Table
          label={words('skipped', formatNumber(skipped.length))}
          rows={skipped}
          keyOf={({ id }) => id}
          columns={[
            { key: 'id', title: importWords('row'), cell: ({ id }) => id },
            {
              key: 'reason',
              title: importWords('rowError'),
              cell: ({ reason }) => sayReason(reason),
            },
          ]}
        />
      )}
      {detail && <Notice tone="warn">{sayDetail(detail)}</Notice>}
      {wrong !== null && <Notice tone="bad">{sayProblem(wrong)}</Notice>}
      <div class={styles.actions}>
        {isOver(now) ? (
          <Button kind="primary" onClick={onAgain}>
            {importWords('again')}
          </Button>
        ) : (
          <Button busy={busy} onClick={() => void stop()}>
            {words('stop')}
          </Button>
        )}
      </div>
    </div>
  );
}
