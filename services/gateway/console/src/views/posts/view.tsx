import { useEffect, useRef, useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { useStore } from '../../live/context';
import { loadDirectory, pageName, pages, readAll } from '../../live/directory';
import { href, navigate, route, routeId } from '../../router';
import { formatNumber, formatShort, t } from '../../texts';
import {
  Failed,
  Icon,
  IconButton,
  type IconName,
  join,
  NotFound,
  SelectField,
  Skeleton,
  State,
  useLoaded,
  VirtualList,
} from '../../ui';
import { now } from '../../ui/clock';
import { ConversationPane } from '../inbox/conversation-pane';
import { PostComments } from './post-comments';
import styles from './posts.module.css';
import { words } from './texts';

export type Post = Schema<'PostView'>;

const ROW_HEIGHT = 76;
const ICONS: Readonly<Record<Post['kind'], IconName>> = {
  post: 'post',
  video: 'image',
  livestream: 'live',
};

/** The pages' posts; the comments of the one that is open, and the conversation that is answered
 * (I9). */
export default function Posts() {
  const id = routeId.value;
  const conversation = route.value.query.get('conversation');
  const [page, setPage] = useState('');
  const { state, value, reload } = useLoaded(
    () =>
      readAll((cursor, limit) =>
        take(
          api.GET('/v1/posts', { params: { query: { cursor, limit, page: page || undefined } } }),
        ),
      ),
    page,
  );
  useChanges(reload);
  useEffect(() => {
    void loadDirectory().catch(() => {});
  }, []);
  if (state === 'failed') return <Failed onRetry={() => void reload()} />;
  const post = value?.find((each) => each.id === id);
  return (
    <div class={join(styles.posts, id !== null && styles.open, conversation && styles.deeper)}>
      <section class={styles.list} aria-label={t('posts')}>
        <header class={styles.head}>
          <h1>{t('posts')}</h1>
          <SelectField
            label={words('page')}
            value={page}
            choices={[
              { value: '', text: words('allPages') },
              ...pages.value.map((each) => ({ value: each.id, text: each.name })),
            ]}
            onValue={setPage}
          />
        </header>
        {value === undefined ? (
          <Skeleton height={ROW_HEIGHT} />
        ) : (
          <List posts={value} current={id} />
        )}
      </section>
      {id === null ? (
        <section class={styles.comments}>
          <State icon="post" title={words('pick')}>
            {words('pickHint')}
          </State>
        </section>
      ) : (
        <section class={styles.comments} aria-label={words('commentsOf')}>
          {value !== undefined && post === undefined && page === '' ? (
            <NotFound />
          ) : (
            <>
              {post && <PostHead post={post} />}
              <PostComments key={id} id={id} current={conversation} />
            </>
          )}
        </section>
      )}
      {id !== null && conversation !== null && (
        <ConversationPane
          key={conversation}
          id={conversation}
          backTo={href('posts', id)}
          onContact={null}
        />
      )}
    </div>
  );
}

/** Reads again what was read, now and then, if comments came meanwhile. */
function useChanges(reload: () => Promise<void>): void {
  const { counts } = useStore();
  const moment = now.value;
  const read = useRef(counts.peek());
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is looked at now and then
  useEffect(() => {
    const before = read.current;
    read.current = counts.peek();
    if (before !== null && read.current !== before) void reload();
  }, [moment]);
}

function List({ posts, current }: { posts: readonly Post[]; current: string | null }) {
  if (posts.length === 0) {
    return (
      <State icon="post" title={words('none')}>
        {words('noneHint')}
      </State>
    );
  }
  const byId = new Map(posts.map((post) => [post.id, post]));
  return (
    <VirtualList
      label={t('posts')}
      keys={posts.map(({ id }) => id)}
      rowHeight={ROW_HEIGHT}
      current={current}
      row={(id) => {
        const post = byId.get(id);
        return post && <PostRow post={post} current={id === current} />;
      }}
    />
  );
}

function PostRow({ post, current }: { post: Post; current: boolean }) {
  return (
    <a
      href={href('posts', post.id)}
      class={join(styles.row, current && styles.current)}
      aria-current={current ? 'true' : undefined}
    >
      <Picture post={post} />
      <span class={styles.about}>
        <span class={styles.text}>{post.text || words('unnamed')}</span>
        <span class={styles.facts}>
          {pageName(post.page_id)} · {words('kinds', post.kind)} · {formatShort(post.created_at)}
        </span>
        <span class={styles.facts}>
          {words('comments', formatNumber(post.comments))}
          {post.unanswered > 0 && (
            <strong class={styles.warn}>
              {' '}
              · {words('unanswered', formatNumber(post.unanswered))}
            </strong>
          )}
        </span>
      </span>
    </a>
  );
}

/** The picture once the gateway has it; until then, and for a post without one, what it is. */
function Picture({ post }: { post: Post }) {
  const [broken, setBroken] = useState(false);
  if (post.picture?.startsWith('/') && !broken) {
    const fail = () => setBroken(true);
    return <img class={styles.picture} src={post.picture} alt="" loading="lazy" onError={fail} />;
  }
  return (
    <span class={styles.picture}>
      <Icon name={ICONS[post.kind]} size={22} />
    </span>
  );
}

function PostHead({ post }: { post: Post }) {
  return (
    <header class={styles.postHead}>
      <IconButton
        icon="back"
        class={styles.back}
        label={t('back')}
        onClick={() => navigate(href('posts'))}
      />
      <Picture post={post} />
      <div class={styles.about}>
        <h2 class={styles.whole}>{post.text || words('unnamed')}</h2>
        <p class={styles.facts}>
          {pageName(post.page_id)} · {words('kinds', post.kind)} · {formatShort(post.created_at)}
        </p>
        <p class={styles.links}>
          {post.kind === 'livestream' && (
            <a href={href('live', post.id)}>
              <Icon name="live" size={16} /> {words('openLive')}
            </a>
          )}
          {post.permalink && (
            <a href={post.permalink} target="_blank" rel="noreferrer">
              <Icon name="external" size={16} /> {words('openAtChannel')}
            </a>
          )}
        </p>
      </div>
    </header>
  );
}
