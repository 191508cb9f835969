import { useEffect, useRef } from 'preact/hooks';
import { api, take } from '../../api/client';
import { loadDirectory, pages, readAll } from '../../live/directory';
import { href, navigate, route, routeId } from '../../router';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Failed, join, NotFound, Skeleton, State, useLoaded } from '../../ui';
import type { Draft } from './coverage';
import { Editor } from './editor';
import { NextRegion } from './next-region';
import { RuleList } from './rule-list';
import styles from './rules.module.css';
import { words } from './texts';

/** What stands in the address for a rule that is being made. */
const NEW = 'new';

async function load(after: number | undefined) {
  const [rules, settings] = await Promise.all([
    readAll((cursor, limit) =>
      take(api.GET('/v1/rules', { params: { query: { cursor, limit, after } } })),
    ),
    take(api.GET('/v1/settings')),
    loadDirectory(),
  ]);
  return { rules, settings };
}

/** The rules of assignment: which pages each covers, who takes part, and who is next (R1, R2). */
export default function Rules() {
  const seen = useRef<number | undefined>(undefined);
  const loaded = useLoaded(() => load(seen.current));
  const id = routeId.value;
  const givenPage = route.value.query.get('page');
  const { reload } = loaded;
  useEffect(() => {
    const again = () => !document.hidden && void reload();
    document.addEventListener('visibilitychange', again);
    return () => document.removeEventListener('visibilitychange', again);
  }, [reload]);

  if (loaded.state === 'loading') return <Skeleton />;
  if (loaded.state === 'failed') {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void reload()} />;
  }
  const { rules, settings } = loaded.value;
  const rule = rules.find((one) => one.id === id);
  const begun: Draft = {
    name: '',
    enabled: true,
    mode: 'sequential',
    applies_to: 'online',
    pages: givenPage ? [givenPage] : null,
    members: [],
  };
  const changed = async (to: string | null, version: number | undefined) => {
    seen.current = version;
    await reload();
    navigate(href('rules', to), 'replace');
  };
  return (
    <div class={join(styles.rules, id !== null && styles.editing)}>
      <RuleList rules={rules} settings={settings} current={id} />
      <section class={styles.middle} aria-label={rule?.name ?? t('rules')}>
        {id === null && (
          <State icon="rules" title={words('pick')}>
            {words('pickHint')}
          </State>
        )}
        {id === NEW && (
          <Editor key={`${NEW} ${givenPage}`} id={null} begun={begun} onChanged={changed} />
        )}
        {rule && <Editor key={rule.id} id={rule.id} begun={rule} onChanged={changed} />}
        {id !== null && id !== NEW && !rule && <NotFound />}
      </section>
      <NextRegion
        rules={rules}
        settings={settings}
        pages={pages.value}
        seen={seen.current}
        preferred={rule?.pages?.[0] ?? givenPage}
      />
    </div>
  );
}
