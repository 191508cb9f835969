"""Livechat: messages of visitors from a shop's own site, signed with the token of its page."""
