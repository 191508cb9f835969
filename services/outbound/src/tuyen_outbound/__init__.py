"""Carries out at the channels what agents request, and reports what became of it."""
