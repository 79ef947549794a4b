"""Data that ships with Zhiban: example desks, lexicons, quick replies. No code."""
