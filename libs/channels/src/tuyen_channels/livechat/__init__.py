"""Livechat: what a shop's own site sends of its visitors, under the token of its page."""
