import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { sayProblem } from '../../texts/problems';
import { Dialog, Menu, type MenuItem, toast } from '../../ui';
import styles from './contacts.module.css';
import { type Chosen, toSelection } from './filter';
import { type Job, JobProgress } from './job';
import { useSetup } from './setup';
import { words } from './texts';

/** Writes all that match the filters into a file (C9). */
export function ExportMenu({ chosen }: { chosen: Chosen }) {
  const { fields } = useSetup();
  const [job, setJob] = useState<Job | null>(null);
  const [ready, setReady] = useState(false);
  const begin = async (format: Schema<'SheetFormat'>) => {
    setReady(false);
    try {
      const filter = toSelection(chosen, fields);
      const body = { kind: 'contacts' as const, filter, format };
      setJob(await take(api.POST('/v1/exports', { body })));
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  const item = (format: Schema<'SheetFormat'>, text: string): MenuItem => ({
    key: format,
    text,
    icon: 'download',
    onPick: () => void begin(format),
  });
  return (
    <>
      <Menu
        small
        kind="plain"
        align="end"
        label={words('exporting')}
        face={words('exporting')}
        items={[item('xlsx', words('exportXlsx')), item('csv', words('exportCsv'))]}
      />
      {job && (
        <Dialog title={words('exporting')} onClose={() => setJob(null)}>
          <p>{words('exportHint')}</p>
          <JobProgress key={job.id} begun={job} onDone={() => setReady(true)} />
          {ready && (
            <p class={styles.part}>
              <a href={`/v1/exports/${encodeURIComponent(job.id)}/file`} download>
                {words('download')}
              </a>
            </p>
          )}
        </Dialog>
      )}
    </>
  );
}
