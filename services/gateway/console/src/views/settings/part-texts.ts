/** What the settings say outside of the lists' sections. */
export const PARTS = {
  onlyAdmins: [
    'Bạn xem được phần này; chỉ quản trị viên thay đổi được.',
    'You can read this; only administrators can change it.',
  ],
  onlyManagers: [
    'Bạn xem được phần này; chỉ người quản lý thay đổi được.',
    'You can read this; only managers can change it.',
  ],
  groupOwn: ['Của tôi', 'Mine'],
  groupChannels: ['Kênh và nhân viên', 'Channels and staff'],
  groupRouting: ['Phân công', 'Assignment'],
  groupCustomers: ['Khách hàng', 'Customers'],
  groupSystem: ['Hệ thống', 'System'],

  own: ['Tuỳ chọn của tôi', 'My preferences'],
  ownLead: [
    'Chỉ áp dụng cho bạn, trên mọi thiết bị bạn đăng nhập.',
    'For you alone, on every device that you log in on.',
  ],
  theme: ['Giao diện', 'Appearance'],
  themeSystem: ['Theo hệ thống', 'As the system'],
  themeLight: ['Sáng', 'Light'],
  themeDark: ['Tối', 'Dark'],
  sound: ['Âm báo tin mới', 'Sound for new messages'],
  soundHint: [
    'Phát một tiếng khi khách nhắn, chỉ ở một thẻ trình duyệt.',
    'Rings when a customer writes, in one tab only.',
  ],

  general: ['Thiết lập chung', 'General settings'],
  generalLead: [
    'Ai thấy gì và hội thoại được phân công ra sao. Tắt một thiết lập không xoá phân công đã có.',
    'Who sees what, and how conversations are assigned. Turning one off erases no assignment.',
  ],
  visibility: ['Nhân viên thấy hội thoại nào', 'Which conversations agents see'],
  visibilityHint: [
    'Áp dụng ngay từ yêu cầu tiếp theo, cho vai trò Nhân viên.',
    'Applies from the next request on, to the role Agent.',
  ],
  everyone: ['Của mọi người', 'Everybody’s'],
  ownAndUnassigned: ['Của mình và chưa phân công', 'Their own and unassigned ones'],
  ownOnly: ['Chỉ của mình', 'Only their own'],
  pagePermissions: ['Phân quyền theo trang', 'Permissions by page'],
  pagePermissionsHint: [
    'Nhân viên chỉ thấy và nhận hội thoại của những trang họ được giao.',
    'Agents see and get only conversations of the pages that they are staff of.',
  ],
  assignment: ['Cho phép phân công', 'Allow assignment'],
  assignmentHint: [
    'Hội thoại có một người phụ trách; tắt thì không ai được phân công.',
    'A conversation has one agent in charge; off, nobody is assigned.',
  ],
  autoAssign: ['Tự động phân công', 'Assign automatically'],
  autoAssignHint: [
    'Tin của khách mới được giao theo quy tắc.',
    'What a new customer writes goes to an agent by the rules.',
  ],
  autoReassign: ['Tự động phân công lại', 'Reassign automatically'],
  autoReassignHint: [
    'Khi người phụ trách không nhận được tin, tin tiếp theo của khách được giao cho người khác.',
    'When the agent in charge cannot take it, the customer’s next message goes to another agent.',
  ],
  whenNobody: ['Khi không có ai nhận', 'When nobody can take it'],
  whenNobodyHint: [
    'Hội thoại đợi trong hàng chờ, hoặc để chưa phân công.',
    'The conversation waits in the queue, or stays unassigned.',
  ],
  queue: ['Đợi trong hàng chờ', 'Wait in the queue'],
  leaveUnassigned: ['Để chưa phân công', 'Leave unassigned'],
  takeUnassigned: ['Nhân viên được tự nhận', 'Agents may take unassigned ones'],
  takeUnassignedHint: [
    'Nhân viên được nhận hội thoại chưa có ai phụ trách.',
    'Agents may claim conversations that nobody is in charge of.',
  ],
  doneAfter: ['Tự đánh dấu xong sau', 'Done by itself after'],
  doneAfterHint: [
    'Hội thoại không có gì mới trong thời gian này thành xong; 0 là không bao giờ.',
    'A conversation with nothing new for this long is done; 0 is never.',
  ],
  hours: ['giờ', 'hours'],
  mergeContacts: ['Khi hai khách trùng số hoặc email', 'When contacts share a phone or email'],
  mergeContactsHint: [
    'Đề nghị để nhân viên quyết định, hoặc gộp ngay. Gộp rồi vẫn tách lại được.',
    'Propose it to the agents, or merge at once. A merge can be undone.',
  ],
  propose: ['Đề nghị gộp', 'Propose a merge'],
  atOnce: ['Gộp ngay', 'Merge at once'],

  support: ['Nhóm hỗ trợ', 'Support team'],
  supportLead: [
    'Những nhân viên này đứng đầu, theo thứ tự này, trong các quy tắc không liệt kê thành viên.',
    'These agents come first, in this order, in rules that list no members.',
  ],

  removed: ['Đã xoá', 'Removed'],
  removeNamed: [(name: string) => `Xoá ${name}?`, (name: string) => `Remove ${name}?`],
  token: ['Mã truy cập', 'Token'],
  tokenOnce: [
    'Hãy sao chép ngay: mã này chỉ hiện một lần.',
    'Copy it now: it is shown this once only.',
  ],
  copy: ['Sao chép', 'Copy'],
  copied: ['Đã sao chép', 'Copied'],
  newToken: ['Tạo mã mới', 'Make a new token'],
  newTokenHint: [
    'Mã cũ hết hiệu lực ngay. Nơi đang dùng mã cũ sẽ bị từ chối cho đến khi có mã mới.',
    'The old one ends at once: whoever uses it is refused until they have the new one.',
  ],
  handover: ['Bàn giao hội thoại', 'Hand over conversations'],
  handoverTo: ['Giao cho', 'To'],
  handoverHint: [
    'Mọi hội thoại của người này chuyển sang người được chọn.',
    'All conversations of this agent go to the one chosen here.',
  ],
  handoverBegun: ['Đang bàn giao', 'The handover has begun'],
  nobody: ['Không ai: phân công lại', 'Nobody: assign them anew'],
  note: ['Ghi chú', 'Note'],
  loginFacebook: ['Kết nối bằng Facebook', 'Connect with Facebook'],
  loginZalo: ['Kết nối bằng Zalo', 'Connect with Zalo'],
  pickPages: ['Chọn trang để kết nối', 'Choose pages to connect'],
  connect: ['Kết nối', 'Connect'],
  connectAgain: ['Kết nối lại', 'Connect again'],
  loginRefused: [
    'Kênh chưa cho phép: bạn đã dừng giữa chừng hoặc từ chối. Hãy thử lại.',
    'The channel gave no permission: the login was stopped or declined. Try again.',
  ],
  pageConnected: [(name: string) => `Đã kết nối ${name}`, (name: string) => `${name} is connected`],
  noMorePages: ['Không còn trang nào', 'No more pages'],
  noMorePagesHint: [
    'Tài khoản này không còn trang nào khác để kết nối.',
    'This account has no other page to connect.',
  ],
  problemHint: [
    'Kết nối lại trang, hoặc nhập mã truy cập mới bên dưới.',
    'Connect the page again, or enter a new token below.',
  ],
  connected: ['Đã kết nối.', 'Connected.'],
  until: [(at: string) => `Hết hạn ${at}.`, (at: string) => `Ends at ${at}.`],
  notConnectedHint: [
    'Trang nhận được tin nhưng chưa gửi được: hãy kết nối lại, hoặc nhập mã truy cập.',
    'The page receives but cannot send yet: connect it again, or enter a token.',
  ],
  script: ['Mã nhúng', 'Script'],
  scriptHint: [
    'Dán dòng này vào mọi trang của website, trước </body>.',
    'Put this line into every page of the website, before </body>.',
  ],
  webhook: ['Địa chỉ webhook', 'Webhook address'],
  webhookHint: [
    'Dành cho website có khung chat riêng: gửi tin của khách đến đây, ký bằng mã của trang.',
    'For sites with a chat of their own: post visitors’ messages here, signed with the page’s token.',
  ],
} as const;
