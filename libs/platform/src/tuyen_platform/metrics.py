"""All metrics of all services; names contain their units.

Services import their metrics from here.

Decides O6.
"""

from prometheus_client import Counter, Gauge, Histogram

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

WEBHOOKS = Counter(
    "tuyen_webhooks_total",
    "Webhook calls, by channel and status of the response",
    ["channel", "status"],
)
WEBHOOK_SECONDS = Histogram(
    "tuyen_webhook_duration_seconds",
    "From the last byte of a webhook's body to the response",
    ["channel"],
    buckets=_REQUEST_SECONDS,
)
VISITOR_REQUESTS = Counter(
    "tuyen_visitor_requests_total",
    "Requests of sites' visitors, by route and status of the response",
    ["route", "status"],
)
INBOUND_EVENTS = Counter(
    "tuyen_inbound_events_total",
    "Normalized events accepted, by channel and type",
    ["channel", "type"],
)
SKIPPED_UPDATES = Counter(
    "tuyen_skipped_updates_total",
    "Parts of webhooks that were stored raw and skipped, by channel and reason",
    ["channel", "why"],
)
DEAD_LETTERS_TOTAL = Counter(
    "tuyen_dead_letters_total",
    "Records that could not be handled, by service",
    ["service"],
)
SKIPPED_EVENTS = Counter(
    "tuyen_skipped_events_total",
    "Events of a type that the reader's version does not know, by service and topic",
    ["service", "topic"],
)
DECISIONS = Counter(
    "tuyen_decisions_total",
    "Assignment records written, by reason; `other` is one that this version does not know",
    ["reason"],
)
ROUTED_EVENTS = Counter(
    "tuyen_routed_events_total",
    "Records handled by the router, by stage and topic",
    ["stage", "topic"],
)
COPIED = Gauge(
    "tuyen_copied_records",
    "The next offset that this process's global table of a topic will apply",
    ["topic", "partition"],
)
STOPPED_DRAINS = Counter(
    "tuyen_stopped_drains_total",
    "How often an unexpected error stopped serving an organization's queue",
)
WAITING_CONVERSATIONS = Gauge(
    "tuyen_waiting_conversations",
    "Conversations in the queues of this worker's organizations",
)
PROJECTED_EVENTS = Counter(
    "tuyen_projected_events_total",
    "Events folded into a view",
    ["view", "topic"],
)
PROJECTION_SECONDS = Histogram(
    "tuyen_projection_batch_duration_seconds",
    "Folding and storing one batch of events",
    ["view"],
    buckets=_REQUEST_SECONDS,
)
ONLINE_SESSIONS = Gauge(
    "tuyen_online_sessions",
    "Sessions of agents with a running lease, in this worker's partitions",
)
PRESENCE_CHANGES = Counter(
    "tuyen_presence_changes_total",
    "Presence changes by cause",
    ["cause"],
)
JOB_CONVERSATIONS = Counter(
    "tuyen_job_conversations_total",
    "Conversations that jobs processed, by the job's type and the result",
    ["type", "fate"],
)
CLOSED_CONVERSATIONS = Counter(
    "tuyen_closed_conversations_total",
    "Conversations that were closed because nothing happened in them (done_after_hours)",
)
PAGE_SUBSCRIPTIONS = Counter(
    "tuyen_page_subscriptions_total",
    "Checks whether a channel still sends a page's events to us, by channel and result: kept, "
    "renewed (it was lost), refused, unavailable",
    ["channel", "result"],
)
MEDIA_FETCHES = Counter(
    "tuyen_media_fetches_total",
    "Attempts to fetch media of messages, by channel and result: kept, refused, put_off, given_up; "
    "and those that too many others keep from being fetched: left_out",
    ["channel", "result"],
)
LIVE_STREAMS = Gauge(
    "tuyen_live_streams",
    "Live streams that are open at this gateway",
)
LIVE_RESETS = Counter(
    "tuyen_live_resets_total",
    "How often a live stream asked its reader to fetch again, by reason",
    ["reason"],
)
HTTP_REQUEST_SECONDS = Histogram(
    "tuyen_http_request_duration_seconds",
    "Duration of the gateway's responses, by route and status",
    ["route", "status"],
    buckets=_REQUEST_SECONDS,
)

OUTBOUND_CALLS = Counter(
    "tuyen_outbound_calls_total",
    "Calls to channels, by channel, action and result",
    ["channel", "action", "result"],
)
OUTBOUND_CALL_SECONDS = Histogram(
    "tuyen_outbound_call_duration_seconds",
    "Duration of calls to channels",
    ["channel"],
    buckets=_REQUEST_SECONDS,
)
OUTBOUND_DELAY_SECONDS = Histogram(
    "tuyen_outbound_delay_seconds",
    "From an agent's request to the beginning of its call",
    ["channel"],
    buckets=_REQUEST_SECONDS,
)
OUTBOUND_SETTLED = Counter(
    "tuyen_outbound_settled_requests_total",
    "Requests to channels that were settled, by channel, action and outcome",
    ["channel", "action", "outcome"],
)
OUTBOUND_WAITING = Gauge(
    "tuyen_outbound_waiting_requests",
    "Requests to channels that are not settled, in this worker's partitions",
)
OUTBOUND_PAUSES = Counter(
    "tuyen_outbound_pauses_total",
    "Pauses that channels asked for, by channel and whom they concern",
    ["channel", "scope"],
)
OUTBOUND_PROFILES = Counter(
    "tuyen_outbound_profiles_total",
    "Questions to channels who a customer is, by channel and result: found, or the kind of refusal",
    ["channel", "result"],
)
OUTBOUND_TOKENS = Counter(
    "tuyen_outbound_token_refreshes_total",
    "Refreshes of pages' tokens, by channel and result",
    ["channel", "result"],
)
OUTBOUND_STOPPED = Gauge(
    "tuyen_outbound_stopped_pages",
    "Pages that cannot send until a person acts, of those that this worker looks after",
)
