import { dictionary } from '../../texts';

/** The states, stages and priorities of what belongs to a contact. */
export const stateWords = dictionary(
  {
    open: 'Đang mở',
    done: 'Xong',
    won: 'Thành công',
    lost: 'Thất bại',
    pending: 'Đang chờ',
    solved: 'Đã xử lý',
    closed: 'Đã đóng',
    low: 'Thấp',
    normal: 'Thường',
    high: 'Cao',
    urgent: 'Khẩn',
    planned: 'Đã hẹn',
    kept: 'Đã đến',
    missed: 'Lỡ hẹn',
    cancelled: 'Đã huỷ',
  },
  {
    open: 'Open',
    done: 'Done',
    won: 'Won',
    lost: 'Lost',
    pending: 'Pending',
    solved: 'Solved',
    closed: 'Closed',
    low: 'Low',
    normal: 'Normal',
    high: 'High',
    urgent: 'Urgent',
    planned: 'Planned',
    kept: 'Kept',
    missed: 'Missed',
    cancelled: 'Cancelled',
  },
);
