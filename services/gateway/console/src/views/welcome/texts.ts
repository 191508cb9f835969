import { dictionary } from '../../texts';

export const words = dictionary(
  {
    title: 'Bắt đầu',
    lead: 'Năm bước từ con số không đến khách hàng đầu tiên được trả lời. Xong bước nào, trang này tự đánh dấu bước đó.',
    progress: (done: number, all: number) => `Đã xong ${done}/${all} bước`,
    done: 'Đã xong',
    page: 'Kết nối một trang',
    pageHint: 'Nơi khách nhắn đến: trang Facebook, Zalo OA, hoặc livechat trên website của bạn.',
    pageDone: (count: number) => `Đã kết nối ${count} trang.`,
    pageDo: 'Kết nối trang',
    staff: 'Thêm nhân viên',
    staffHint: 'Người trả lời khách. Mỗi người có tên đăng nhập và mật khẩu riêng.',
    staffDone: (count: number) => `Đã có ${count} nhân viên.`,
    staffDo: 'Thêm nhân viên',
    rule: 'Đặt một quy tắc',
    ruleHint:
      'Quy tắc chung giao tin mới lần lượt cho những nhân viên đang trực tuyến. Sau này bạn sửa được trong Quy tắc.',
    ruleDone: 'Tin mới được tự động giao cho nhân viên.',
    ruleDo: 'Giao tin lần lượt',
    ruleName: 'Chung',
    ruleMore: 'Tự đặt quy tắc',
    write: 'Viết như một khách hàng',
    writeHint:
      'Nhắn cho trang của bạn từ một tài khoản khác. Tin hiện trong Hộp thư trong vòng một giây.',
    writeDone: 'Tin đầu tiên đã đến.',
    writeDo: 'Viết như một khách hàng',
    writeDoubles: (page: string) =>
      `Kênh ở đây là bản mô phỏng. Trong cửa sổ mới, bạn là khách của ${page}: viết gì cũng được.`,
    writeReal: (page: string) =>
      `${page} nối với kênh thật: hãy nhắn cho trang từ điện thoại của bạn.`,
    writeFirst: 'Hãy kết nối một trang trước.',
    answer: 'Trả lời khách',
    answerHint: 'Mở hội thoại trong Hộp thư và trả lời.',
    answerDone: 'Khách đầu tiên đã được trả lời.',
    answerDo: 'Mở Hộp thư',
    ready: 'Mọi thứ đã sẵn sàng',
    readyHint: 'Khách nhắn thì nhân viên của bạn trả lời được ngay.',
    forAdmins:
      'Quản trị viên của tổ chức làm những bước này. Bạn có thể làm việc ngay trong Hộp thư.',
  },
  {
    title: 'Get started',
    lead: 'Five steps from nothing to the first answered customer. This page ticks each one off by itself.',
    progress: (done: number, all: number) => `${done} of ${all} steps done`,
    done: 'Done',
    page: 'Connect a page',
    pageHint: 'Where customers write: a Facebook page, a Zalo OA, or a livechat on your site.',
    pageDone: (count: number) => `Pages connected: ${count}.`,
    pageDo: 'Connect a page',
    staff: 'Add staff',
    staffHint: 'Who replies to customers. Each has a username and a password of their own.',
    staffDone: (count: number) => `Agents: ${count}.`,
    staffDo: 'Add an agent',
    rule: 'Set one rule',
    ruleHint:
      'The default rule gives what is new to the agents who are online, in turn. You can change it in Rules later.',
    ruleDone: 'What is new goes to agents automatically.',
    ruleDo: 'Assign in turn',
    ruleName: 'Default',
    ruleMore: 'Make a rule yourself',
    write: 'Write as a customer',
    writeHint:
      'Write to your page from another account. The message is in the inbox within a second.',
    writeDone: 'The first message has arrived.',
    writeDo: 'Write as a customer',
    writeDoubles: (page: string) =>
      `The channel is a double here. In a new window you are a customer of ${page}: write anything.`,
    writeReal: (page: string) =>
      `${page} is connected to the real channel: write to it from your phone.`,
    writeFirst: 'Connect a page first.',
    answer: 'Answer the customer',
    answerHint: 'Open the conversation in the inbox, and reply.',
    answerDone: 'The first customer has their answer.',
    answerDo: 'Open the inbox',
    ready: 'Everything is ready',
    readyHint: 'When customers write, your agents can reply at once.',
    forAdmins:
      'The administrator of the organization takes these steps. You can work in the inbox.',
  },
);
