"""One setting makes AWS's waiting times shorter."""

from __future__ import annotations

from dataclasses import dataclass

# Twenty times as fast: a check every 5 seconds is made every quarter of a second.
DEFAULT = "0.05"

# A container takes its time to start, however fast AWS is made to run.
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class TimeScale:
    factor: float = 1.0

    @staticmethod
    def of(setting: str) -> TimeScale:
        """Read the setting LOCAL_AWS_TIME_SCALE; nothing means the default."""
        try:
            factor = float(setting or DEFAULT)
        except ValueError:
            factor = 0
        if not 0 < factor <= 1:
            raise SystemExit(
                f"LOCAL_AWS_TIME_SCALE is {setting}, expected a number above 0 and up to 1. "
                f"Without it the scale is {DEFAULT}; at 1 the waiting times are those of AWS."
            )
        return TimeScale(factor)

    def wait(self, seconds: float) -> float:
        """A time in which AWS only waits: an interval, a delay, a back-off."""
        return seconds * self.factor

    def patience(self, seconds: float) -> float:
        """A time that AWS gives the app: shorter too, but never less than an app needs to start."""
        return max(seconds * self.factor, min(seconds, PATIENCE_SECONDS))
