// What the chat says, in the language of the page.

const TEXTS = {
  vi: {
    title: "Trò chuyện", open: "Mở cửa sổ trò chuyện", close: "Đóng", send: "Gửi",
    greeting: "Xin chào! Bạn cần hỏi gì, cứ nhắn cho chúng tôi.",
    write: "Nhập tin nhắn…", picture: "Gửi ảnh", quiet: "Yên lặng", messages: "Tin nhắn",
    online: "Đang trực tuyến", away: "Hiện vắng mặt",
    offline: "Hiện không có ai trực tuyến. Bạn cứ để lại tin nhắn, chúng tôi sẽ trả lời sau.",
    answers: (name) => `${name} đang hỗ trợ bạn`,
    typing: (name) => (name ? `${name} đang soạn tin…` : "Đang soạn tin…"),
    topic: "Bạn muốn gặp", department: "Phòng ban", region: "Khu vực", any: "Bất kỳ", anyone: "ai cũng được",
    sending: "Đang gửi", sent: "Đã gửi", failed: "Chưa gửi được", again: "Gửi lại",
    discard: "Bỏ", you: "Bạn", newer: "Tin mới", today: "Hôm nay", yesterday: "Hôm qua",
    unread: (count) => `${count} tin nhắn mới`, file: "Tệp", tab: "mở trong thẻ mới",
    large: "Ảnh không được quá 10 MB.", kind: "Chỉ gửi được ảnh JPEG, PNG, GIF hoặc WebP.",
    long: "Một tin nhắn có tối đa 5.000 ký tự.", loading: "Đang tải tin nhắn…",
    lost: "Đang kết nối lại…", unavailable: "Trò chuyện hiện không dùng được.",
  },
  en: {
    title: "Chat", open: "Open the chat", close: "Close", send: "Send",
    greeting: "Hello! Write to us, whatever you would like to know.",
    write: "Write a message…", picture: "Send a picture", quiet: "Quiet", messages: "Messages",
    online: "Online", away: "Away",
    offline: "Nobody is online now. Leave a message, and we will answer later.",
    answers: (name) => `${name} answers you`,
    typing: (name) => (name ? `${name} is writing…` : "Writing…"),
    topic: "You would like to talk to", department: "Department", region: "Region", any: "Any", anyone: "anyone",
    sending: "Sending", sent: "Sent", failed: "Not sent", again: "Send again",
    discard: "Discard", you: "You", newer: "New messages", today: "Today", yesterday: "Yesterday",
    unread: (count) => `${count} new ${count === 1 ? "message" : "messages"}`, file: "File", tab: "opens in a new tab",
    large: "A picture has at most 10 MB.", kind: "Send a JPEG, PNG, GIF or WebP picture.",
    long: "A message has at most 5,000 characters.", loading: "Loading the messages…",
    lost: "Connecting again…", unavailable: "The chat cannot be used now.",
  },
};
const stated = site.lang || document.documentElement.lang || navigator.language || "vi";
// Not what is stated: a page may well call its language "vi_VN", which no browser knows.
const language = /^vi\b|^vi_/i.test(stated) ? "vi" : "en";
const words = TEXTS[language];

function tellTime(at) {
  return new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

function tellDay(at) {
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return new Date(at).toLocaleDateString(language, {
    weekday: "long", day: "numeric", month: "numeric",
    year: days > 180 ? "numeric" : undefined,
  });
}
