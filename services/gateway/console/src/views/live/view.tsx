import { useEffect } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { loadDirectory, pageName, readAll } from '../../live/directory';
import { href, navigate, routeId } from '../../router';
import { formatDateTime, formatNumber, t } from '../../texts';
import { Badge, Failed, Skeleton, State, useLoaded } from '../../ui';
import { now } from '../../ui/clock';
import { LaneView } from './lane';
import styles from './live.module.css';
import { words } from './texts';

export type Post = Schema<'PostView'>;

/** The livestreams that the viewer may see, and the lane of the one that is open. */
export default function Live() {
  const id = routeId.value;
  const streams = useLoaded(() =>
    readAll((cursor, limit) =>
      take(api.GET('/v1/posts', { params: { query: { cursor, limit } } })),
    ),
  );
  useEffect(() => {
    void loadDirectory().catch(() => {});
  }, []);
  const posts = streams.value?.filter(({ kind }) => kind === 'livestream');
  const only = id === null && posts?.length === 1 ? posts[0]?.id : undefined;
  useEffect(() => {
    if (only !== undefined) navigate(href('live', only), 'replace');
  }, [only]);

  if (streams.state === 'failed') return <Failed onRetry={() => void streams.reload()} />;
  if (posts === undefined || only !== undefined) return <Skeleton rows={12} height={40} />;
  if (id === null) return <Chooser posts={posts} onReload={streams.reload} />;
  const post = posts.find((each) => each.id === id);
  return <LaneView key={id} id={id} post={post} others={posts.length > 1} />;
}

interface ChooserProps {
  posts: readonly Post[];
  onReload: () => Promise<void>;
}

function Chooser({ posts, onReload }: ChooserProps) {
  const moment = now.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: one may begin at any moment
  useEffect(() => void onReload(), [moment, onReload]);
  return (
    <section class={styles.chooser} aria-labelledby="livestreams">
      <h1 id="livestreams">{words('choose')}</h1>
      {posts.length === 0 ? (
        <State icon="live" title={words('none')}>
          {words('noneHint')}
        </State>
      ) : (
        <>
          <p class={styles.hint}>{words('chooseHint')}</p>
          <ul class={styles.streams}>
            {posts.map((post) => (
              <li key={post.id}>
                <a href={href('live', post.id)} class={styles.stream}>
                  <span class={styles.title}>{post.text || words('unnamed')}</span>
                  <span class={styles.facts}>
                    {pageName(post.page_id)} · {formatDateTime(post.created_at)} ·{' '}
                    {formatNumber(post.comments)} {t('comments').toLowerCase()}
                  </span>
                  <Badge count={post.unanswered} />
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
