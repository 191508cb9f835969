/** What the parts for the whole system say. */
export const SYSTEM_TEXTS = {
  from: ['Từ', 'From'],
  until_: ['Đến', 'To'],
  at: ['Lúc', 'At'],
  by: ['Ai', 'Who'],
  entity: ['Đối tượng', 'What'],
  action: ['Việc', 'Action'],
  changes: ['Thay đổi', 'Changes'],
  page: ['Trang', 'Page'],
  error: ['Lỗi', 'Error'],
  service: ['Dịch vụ', 'Service'],

  audit: ['Nhật ký', 'Audit'],
  auditLead: [
    'Mọi thay đổi thiết lập, lần đăng nhập và lần bị từ chối. Không ai sửa được.',
    'Every change of the setup, every login, and what was refused. Nobody can change it.',
  ],

  deadLetters: ['Tin chưa đọc được', 'Dead letters'],
  deadLettersLead: [
    'Những gì kênh gửi mà hệ thống chưa đọc được. Khi nguyên nhân đã sửa, hãy đọc lại. Giữ 90 ngày.',
    'What channels sent and nothing could read. Once the cause is mended, read it again. Kept for 90 days.',
  ],
  letterOpen: ['Chưa đọc lại', 'Open'],
  letterSent: ['Đã đọc lại', 'Read again'],
  readAgain: ['Đã cho đọc lại', 'It is read again'],
  removeLetter: ['Xoá tin này?', 'Remove this one?'],
  removeLetterHint: [
    'Nó không hiện nữa và không được đọc lại.',
    'It is not listed any more, and nothing reads it again.',
  ],
  replay: ['Đọc lại một khoảng thời gian', 'Read a stretch again'],
  replayLead: [
    'Đọc lại mọi thứ kênh đã gửi trong khoảng này và ghi những gì còn thiếu. Cái đã có không bị lặp.',
    'Reads again what channels sent in this time, and writes what is missing. Nothing is doubled.',
  ],
  replayNow: ['Đọc lại', 'Read again'],
  replayBegun: ['Đang đọc lại', 'Reading again'],
  jobState: [
    (state: string, done: string, changed: string) =>
      `${STATES_VI[state] ?? state}: đã đọc ${done}, thêm ${changed}.`,
    (state: string, done: string, changed: string) => `${state}: ${done} read, ${changed} added.`,
  ],

  reports: ['Báo cáo', 'Reports'],
  report: ['Báo cáo', 'Report'],
  reportsLead: [
    'Biểu đồ của bảy ngày gần nhất nếu bạn không chọn ngày; tải CSV để có mọi con số.',
    'Charts of the last seven days unless you choose others; the CSV has all numbers.',
  ],
  interval: ['Theo', 'By'],
  day: ['Ngày', 'Day'],
  hour: ['Giờ', 'Hour'],
  reportPages: ['Hội thoại theo trang', 'Conversations by page'],
  reportQueue: ['Hàng chờ', 'Queues'],
  reportAgents: ['Nhân viên', 'Agents'],
  reportFairness: ['Độ đều của quy tắc', 'Fairness of the rules'],
  reportSources: ['Khách hàng theo nguồn', 'Contacts by source'],
  reportPipeline: ['Khách hàng theo bước', 'Contacts by step'],
  reportDeals: ['Cơ hội theo nhân viên', 'Deals by agent'],
  reportDealSteps: ['Cơ hội theo bước', 'Deals by step'],

  numbers: ['Số dùng chung', 'Shared numbers'],
  numbersLead: [
    'Số điện thoại hoặc email của nhiều người, như tổng đài: không gộp khách hàng vì chúng.',
    'Phone numbers or emails of many people, as a switchboard’s: contacts are not merged by them.',
  ],
  number: ['Số điện thoại hoặc email', 'Phone number or email'],
  removeNumber: [
    'Khách hàng có số này lại được gộp vì nó.',
    'Contacts that have it can be merged because of it again.',
  ],
} as const;

const STATES_VI: Readonly<Record<string, string>> = {
  waiting: 'Đang đợi',
  running: 'Đang chạy',
  done: 'Xong',
  failed: 'Thất bại',
  stopped: 'Đã dừng',
};
