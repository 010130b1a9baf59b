"""What came true: lead times, the shadow reactive answer, the ledger and its scores; pure."""
