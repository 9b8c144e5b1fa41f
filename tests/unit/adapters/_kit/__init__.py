"""The drawer that the peers share."""
