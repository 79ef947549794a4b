"""An independent oracle for the deadline rules: judge.py (verdicts), timelines.py (inputs)."""
