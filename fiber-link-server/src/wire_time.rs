//! Moments on the wire: RFC 3339 in UTC with milliseconds.

use fiber_link_core::Timestamp;

/// Writes a moment.
pub(crate) fn format(at: Timestamp) -> String {
    at.to_string()
}

/// Reads a moment; parts of a millisecond are cut off.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_with_milliseconds_and_read_back() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_760_000_000_000, "2025-10-09T08:53:20.000Z"),
            (1_760_000_000_120, "2025-10-09T08:53:20.120Z"),
        ] {
            assert_eq!(format(Timestamp::from_millis(millis)), text);
            assert_eq!(parse(text), Some(Timestamp::from_millis(millis)));
        }
        assert_eq!(format(Timestamp::from_millis(u64::MAX)), "9999-12-30T22:00:00.999Z");
    }

    #[test]
    fn other_offsets_are_read_and_other_text_is_not() {
        assert_eq!(parse("2025-10-09T10:53:20+02:00"), Some(Timestamp::from_millis(1_760_000_000_000)));
        for text in
            ["", "yesterday", "2025-10-09", "2025-13-09T08:53:20Z", "1960-01-01T00:00:00Z", "1760000000"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
