import { useEffect, useState } from 'preact/hooks';
import { request } from '../../api/client';
import { sayProblem } from '../../texts/problems';
import { Button, Failed, SelectField, Skeleton, TextField, toast } from '../../ui';
import { beginningOf, download, queryOf } from './files';
import { Head } from './listing';
import styles from './settings.module.css';
import { type Word, words } from './texts';

const REPORTS: readonly [string, Word][] = [
  ['pages', 'reportPages'],
  ['queue', 'reportQueue'],
  ['agents', 'reportAgents'],
  ['fairness', 'reportFairness'],
  ['sources', 'reportSources'],
  ['pipeline', 'reportPipeline'],
  ['deals', 'reportDeals'],
  ['deal-steps', 'reportDealSteps'],
];

/** The gateway's reports, each as its chart and as a table to download (O3). */
export function Reports() {
  const [name, setName] = useState('pages');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [by, setBy] = useState('day');
  const query = { from: beginningOf(from), to: beginningOf(until, 1), by };
  const address = (format: string) => `/v1/reports/${name}?${queryOf({ ...query, format })}`;
  const save = () =>
    download(address('csv'), `${name}.csv`).catch((problem) => toast(sayProblem(problem), 'bad'));
  const title = words(REPORTS.find(([key]) => key === name)?.[1] ?? 'reports');
  return (
    <>
      <Head title="reports" lead="reportsLead" />
      <div class={styles.row}>
        <SelectField
          label={words('report')}
          value={name}
          choices={REPORTS.map(([value, word]) => ({ value, text: words(word) }))}
          onValue={setName}
        />
        <TextField label={words('from')} type="date" value={from} onValue={setFrom} />
        <TextField label={words('until_')} type="date" value={until} onValue={setUntil} />
        <SelectField
          label={words('interval')}
          value={by}
          choices={[
            { value: 'day', text: words('day') },
            { value: 'hour', text: words('hour') },
          ]}
          onValue={setBy}
        />
        <Button icon="download" onClick={() => void save()}>
          CSV
        </Button>
      </div>
      <Chart address={address('svg')} title={title} />
    </>
  );
}

/** A chart of the gateway as a picture, which runs nothing. */
function Chart({ address, title }: { address: string; title: string }) {
  const [picture, setPicture] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads again
  useEffect(() => {
    const asking = new AbortController();
    let made: string | null = null;
    setPicture(null);
    setProblem(null);
    request(address, { signal: asking.signal })
      .then((answer) => answer.blob())
      .then((blob) => {
        if (asking.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setPicture(made);
      })
      .catch((failure) => {
        if (!asking.signal.aborted) setProblem(failure);
      });
    return () => {
      asking.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [address, attempt]);
  if (problem) return <Failed text={sayProblem(problem)} onRetry={() => setAttempt(attempt + 1)} />;
  if (!picture) return <Skeleton rows={1} height={240} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class={styles.chart} aria-label={title} tabIndex={0}>
      <img src={picture} alt={title} />
    </section>
  );
}
