import { Skeleton } from '../../ui';

export default function Inbox() {
  return <Skeleton />;
}
