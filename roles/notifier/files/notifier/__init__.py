"""Tells Slack of releases, alarms and lines of the app's log. Runs as Lambda functions, one a handler."""
