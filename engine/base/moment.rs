//! Moments as people and programs read them, in UTC as RFC 3339 writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second of the year 9999: RFC 3339 has no later ones.
const LAST: u64 = 253_402_300_799;

/// A moment, in ns since the epoch, to the second: `2026-11-27T05:40:07Z`.
pub fn show_moment(ns: i64) -> String {
    format!("{}Z", seconds(ns.div_euclid(1_000_000_000)))
}

/// A moment to the millisecond: `2026-11-27T05:40:07.269Z`. What no such text can tell is told as the
/// nearest that it can, from the epoch on.
pub fn show_moment_ms(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = since.min(Duration::new(LAST, 999_999_999));
    format!("{}.{:03}Z", seconds(since.as_secs() as i64), since.subsec_millis())
}

fn seconds(seconds: i64) -> String {
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The date of a day, counted from 1970-01-01 on. Years begin in March here, so that a leap day comes
/// last. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_by_everybody() {
        let show = |seconds: i64| show_moment(seconds * 1_000_000_000);
        assert_eq!(show(0), "1970-01-01T00:00:00Z");
        assert_eq!(show(-1), "1969-12-31T23:59:59Z");
        assert_eq!(show(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(show(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(show(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(show_moment(1_795_757_999_999_999_999), "2026-11-27T05:39:59Z");
        assert_eq!(show_moment(i64::MAX), "2262-04-11T23:47:16Z");
    }

    #[test]
    fn a_moment_that_no_text_can_tell_is_the_nearest_that_one_can() {
        let after = |ms| UNIX_EPOCH + Duration::from_millis(ms);
        assert_eq!(show_moment_ms(after(1_795_758_827_269)), "2026-11-27T05:53:47.269Z");
        assert_eq!(show_moment_ms(after(1)), "1970-01-01T00:00:00.001Z");
        assert_eq!(show_moment_ms(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
        assert_eq!(show_moment_ms(after(253_402_300_799_998)), "9999-12-31T23:59:59.998Z");
        assert_eq!(show_moment_ms(after(253_402_300_800_000)), "9999-12-31T23:59:59.999Z");
    }
}
