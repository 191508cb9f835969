"""Why a request failed or a page stopped, in words for agents."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tuyen_channels.calls import ChannelRefusal
from tuyen_events.outbound import OutboundError


class _Text(NamedTuple):
    vi: str
    en: str
    retry: bool = False
    """Whether the same request may succeed later."""


TEXTS: Mapping[str, _Text] = MappingProxyType(
    {
        "outside_window": _Text(
            "Đã hết thời gian cho phép trả lời khách này.",
            "The time in which this customer may be answered is over.",
        ),
        "unavailable": _Text(
            "Khách hiện không nhận tin nhắn, hoặc đã chặn trang.",
            "The customer cannot be reached at the moment, or has blocked the page.",
        ),
        "not_receiving": _Text(
            "Khách không nhận tin nhắn từ trang này.",
            "The customer receives no messages from this page.",
        ),
        "thread_taken": _Text(
            "Một ứng dụng khác đang giữ cuộc trò chuyện này, và trang không cho lấy lại.",
            "Another app has this conversation, and the page does not let us take it over.",
            True,
        ),
        "no_such_recipient": _Text(
            "Không tìm thấy khách này tại kênh.", "The channel does not know this customer."
        ),
        "no_such_comment": _Text(
            "Không thể nhắn riêng cho bình luận này: đã quá lâu, đã bị xóa, hoặc của chính trang.",
            "This comment cannot be answered privately: it is too old, removed, or the page's own.",
        ),
        "already_replied": _Text(
            "Bình luận này đã được nhắn riêng một lần.",
            "This comment was already answered privately.",
        ),
        "not_replyable": _Text(
            "Bình luận này không cho phép trả lời.", "This comment cannot be replied to."
        ),
        "gone": _Text(
            "Bình luận không còn tồn tại hoặc không xem được.",
            "The comment does not exist any more, or cannot be seen.",
        ),
        "duplicate": _Text(
            "Kênh từ chối vì nội dung giống hệt bình luận ngay trước.",
            "The channel refused it because the text equals that of the comment before.",
        ),
        "content_refused": _Text("Kênh từ chối nội dung này.", "The channel refused the content."),
        "file_refused": _Text(
            "Kênh không nhận tệp này: sai loại hoặc quá lớn.",
            "The channel does not take this file: of a wrong type, or too large.",
        ),
        "file_missing": _Text("Không tìm thấy tệp đính kèm.", "The attached file does not exist."),
        "not_supported": _Text("Kênh không hỗ trợ thao tác này.", "The channel cannot do this."),
        "quota_exhausted": _Text(
            "Đã hết hạn mức gửi tin tại kênh.", "The channel's quota of messages is used up.", True
        ),
        "at_night": _Text(
            "Kênh không cho gửi loại tin này vào ban đêm.",
            "The channel does not take such messages at night.",
            True,
        ),
        "refused": _Text("Kênh từ chối yêu cầu này.", "The channel refused the request."),
        "channel_unavailable": _Text(
            "Kênh không phản hồi. Hãy thử lại sau.",
            "The channel does not respond. Try again later.",
            True,
        ),
        "throttled": _Text(
            "Kênh đang giới hạn số lượt gửi. Hãy thử lại sau.",
            "The channel limits how much is sent. Try again later.",
            True,
        ),
        "answer_lost": _Text(
            "Không rõ kênh đã nhận hay chưa. Hãy kiểm tra trước khi gửi lại.",
            "Nobody can tell whether the channel took it. Check before you send it again.",
            True,
        ),
        "rest_cancelled": _Text(
            "Đã hủy phần còn lại. Phần đầu đã được gửi trước đó nên không thu hồi được.",
            "The rest was cancelled. What comes before it had been sent already.",
            True,
        ),
        "too_many_waiting": _Text(
            "Quá nhiều tin đang chờ gửi. Hãy thử lại sau.",
            "Too many messages are waiting to be sent. Try again later.",
            True,
        ),
        "page_disconnected": _Text(
            "Trang không còn được kết nối.", "The page is not connected any more."
        ),
        "no_reply_url": _Text(
            "Trang chưa có địa chỉ nhận trả lời (reply_url).",
            "The page has no address that takes replies (reply_url).",
        ),
        "address_refused": _Text(
            "Địa chỉ nhận trả lời (reply_url) không được phép.",
            "The address that takes replies (reply_url) is not allowed.",
        ),
        "internal": _Text(
            "Lỗi của hệ thống. Hãy thử lại sau.", "An error of the system. Try again later.", True
        ),
        "token_dead": _Text(
            "Mã truy cập của trang không còn hiệu lực. Hãy kết nối lại trang.",
            "The page's access token is not valid any more. Connect the page again.",
        ),
        "token_renewing": _Text(
            "Mã truy cập của trang đang được làm mới.", "The page's access token is being renewed."
        ),
        "token_ending": _Text(
            "Không làm mới được mã truy cập của trang: trang chỉ gửi được đến khi mã hết hạn. "
            "Hãy kết nối lại trang.",
            "The page's access token cannot be renewed: the page sends until it ends. Connect the "
            "page again.",
        ),
        "no_permission": _Text(
            "Ứng dụng thiếu quyền trên trang. Hãy kết nối lại trang và cấp đủ quyền.",
            "The app lacks a permission on the page. Connect the page again and grant it.",
        ),
        "blocked_by_policy": _Text(
            "Kênh tạm chặn trang vì chính sách.",
            "The channel blocks the page for its policies, for a while.",
        ),
        "terms_not_accepted": _Text(
            "Quản trị viên của trang phải chấp nhận điều khoản tại kênh.",
            "An administrator of the page has to accept terms at the channel.",
        ),
        "misconfigured": _Text(
            "Ứng dụng hoặc tài khoản OA chưa được cấu hình đúng tại kênh.",
            "The app or the account is not set up as the channel requires.",
        ),
    }
)
"""Every code of an `OutboundError` and of a page's problem. A code is never renamed."""


def explain_refusal(refusal: ChannelRefusal) -> OutboundError:
    """The refusal as an agent reads it, with the channel's own code at the end."""
    text = TEXTS.get(refusal.code, TEXTS["refused"])
    shown = f" ({refusal.detail})" if refusal.detail else ""
    return OutboundError(
        code=refusal.code, vi=text.vi + shown, en=text.en + shown, retry=text.retry
    )
